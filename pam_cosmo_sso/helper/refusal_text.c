/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refusal_text.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "common/base/user_text.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/local_time.h"
#include "pam_cosmo_sso/helper/show.h"

static void tell_retry(int64_t retry_s, char *ret)
{
	char left[32] = "";
	int64_t minutes = (retry_s + 59) / 60;

	(void)snprintf(
		left, sizeof(left), "%" PRId64 " minute%s", minutes, minutes == 1 ? "" : "s");
	(void)user_text_fill(USER_TEXT_TRY_AGAIN, &(struct user_text_values){.left = left}, ret,
		REFUSAL_TEXT_BYTES);
}

/* "": not known. While a record still says connected, its time is that of the connect. */
static void write_since(struct store *store, char ret[LOCAL_TIME_BYTES])
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	if (integration_load(store, &integration) == COSMO_OK && !integration->connected)
		(void)local_time_write(integration->since_s, ret);
}

static void tell_disconnected(struct store *store, char *ret)
{
	char host[HOST_NAME_MAX + 1] = "";
	char since[LOCAL_TIME_BYTES] = "";
	const struct user_text_values values = {.host = host, .since = since};

	show_host(host);
	if (!host[0])
		return;
	write_since(store, since);
	(void)user_text_fill(since[0] ? USER_TEXT_DISCONNECTED_SINCE : USER_TEXT_DISCONNECTED_ON,
		&values, ret, REFUSAL_TEXT_BYTES);
}

void refusal_text(
	const struct exchange *exchange, enum cosmo_err outcome, char ret[REFUSAL_TEXT_BYTES])
{
	ret[0] = '\0';
	if (outcome == COSMO_E_BUDGET && exchange->retry_s > 0)
		tell_retry(exchange->retry_s, ret);
	else if (outcome == COSMO_E_DISCONNECTED)
		tell_disconnected(exchange->store, ret);
}
