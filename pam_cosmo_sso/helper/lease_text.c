/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/lease_text.h"

#include <stdio.h>

#include "common/base/fdio.h"
#include "common/base/user_text.h"
#include "common/refresh_outage.h"
#include "pam_cosmo_sso/helper/local_time.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/refresh_due.h"

static bool is_for_people(const struct exchange *exchange)
{
	return message_type(exchange->request) == MESSAGE_OPEN_SESSION && exchange->config &&
	       exchange->service.auth == CONFIG_AUTH_DEVICE;
}

static int64_t lease_end_s(const struct exchange *exchange, const struct record *record)
{
	int64_t end_s = 0;

	return __builtin_add_overflow(record->confirmed_s, exchange->config->role_lease_s, &end_s)
		       ? 0
		       : end_s;
}

/* A lease that is over before its end is one that a clock has spoiled: since when is not known. */
static void tell_over(const struct exchange *exchange, const struct record *record, int64_t now_s,
	char ret[REFUSAL_TEXT_BYTES])
{
	char since[LOCAL_TIME_BYTES] = "";
	int64_t end_s = lease_end_s(exchange, record);

	if (end_s <= now_s && local_time_write(end_s, since))
		(void)user_text_fill(USER_TEXT_LEASE_OVER_SINCE,
			&(struct user_text_values){.since = since}, ret, REFUSAL_TEXT_BYTES);
}

static void tell_demoted(const struct exchange *exchange, const struct record *record,
	enum cosmo_err reason, int64_t now_s, char ret[REFUSAL_TEXT_BYTES])
{
	if (reason == COSMO_E_LEASE_OVER)
		tell_over(exchange, record, now_s, ret);
	else
		refusal_text(exchange, reason, ret);
	if (!ret[0])
		(void)snprintf(ret, REFUSAL_TEXT_BYTES, "%s", cosmo_err_text(reason));
}

static void tell_on_lease(const struct exchange *exchange, const struct record *record,
	const struct refresh_outage *outage, int64_t now_s, char ret[REFUSAL_TEXT_BYTES])
{
	char since[LOCAL_TIME_BYTES] = "";
	char until[LOCAL_TIME_BYTES] = "";

	if (local_time_write(refresh_outage_since_s(outage, now_s), since) &&
		local_time_write(lease_end_s(exchange, record), until))
		(void)user_text_fill(USER_TEXT_ON_LEASE,
			&(struct user_text_values){.since = since, .until = until}, ret,
			REFUSAL_TEXT_BYTES);
}

void lease_text(const struct exchange *exchange, char ret[REFUSAL_TEXT_BYTES])
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	struct refresh_outage outage = {.err = 0};
	struct effective_roles effective = {0};
	int64_t now_s = fdio_now_s();

	ret[0] = '\0';
	if (!is_for_people(exchange) || record_load(exchange->store, exchange->user, &record))
		return;
	gate_read(store_gate(exchange->store), &gate);
	effective = policy_effective(exchange->config, record, &gate, now_s);
	if (effective.demoted)
		tell_demoted(exchange, record, effective.reason, now_s, ret);
	else if (refresh_is_due(exchange->config, &exchange->service, record, &gate, now_s) &&
		 refresh_outage_read(store_run_public_fd(exchange->store), gate.integration,
			 &outage) == COSMO_OK)
		tell_on_lease(exchange, record, &outage, now_s, ret);
}
