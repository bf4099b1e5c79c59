/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/admission.h"

#include <string.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/boot_gate.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/integration.h"

/* A name that has no record: may it get one? */
static enum cosmo_err check_newcomer(struct exchange *exchange, bool *ret_listed)
{
	bool listed = false;
	enum cosmo_err err = COSMO_OK;
	/* sshd was shown a provisional entry, so the person was told more than "unknown" already.
	 */
	bool promised = message_has(exchange->request, FIELD_FROZEN_UID);

	if (!login_name_is_valid(exchange->user, exchange->config->keep_domains))
		return COSMO_E_NOT_OURS;
	err = records_is_listed(exchange->store, exchange->user, &listed);
	if (err)
		return err;
	if (listed)
		exchange->line.user_known = true;
	*ret_listed = listed;
	switch (exchange->config->enroll) {
	case CONFIG_ENROLL_AUTO:
		return COSMO_OK;
	case CONFIG_ENROLL_LISTED:
		if (listed)
			return COSMO_OK;
		break;
	case CONFIG_ENROLL_OFF:
		break;
	}
	return promised ? COSMO_E_ENROLL_OFF : COSMO_E_NOT_OURS;
}

static enum cosmo_err check_service(const struct config_service *service)
{
	switch (service->auth) {
	case CONFIG_AUTH_DEVICE:
	case CONFIG_AUTH_RECENT: /* without a marker of this session a sign-in is asked for */
		return COSMO_OK;
	case CONFIG_AUTH_SKIP:
		return COSMO_E_NOT_OURS;
	case CONFIG_AUTH_DENY:
		return COSMO_E_SERVICE_OFF;
	}
	return COSMO_E_SERVICE_OFF;
}

static enum cosmo_err check_integration(struct exchange *exchange, unsigned char *ret_began)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct gate_view gate = {0};
	enum cosmo_err err = boot_gate_read(exchange->store, &gate);

	if (err)
		return err;
	if (gate.state != GATE_OPEN || !config_is_connected(exchange->config))
		return COSMO_E_DISCONNECTED;
	err = integration_load(exchange->store, &integration);
	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_E_DISCONNECTED : err;
	if (!integration->connected)
		return COSMO_E_DISCONNECTED;
	if (memcmp(integration->id, gate.integration, INTEGRATION_BYTES) != 0)
		return COSMO_E_INTEGRATION_CHANGED;
	if (!streq(integration->issuer, exchange->config->issuer)) {
		exchange_note_detail(exchange,
			"issuer in the configuration is not the connected one; run cosmo-ssoctl connect");
		return COSMO_E_CONFIG;
	}
	memcpy(ret_began, gate.integration, INTEGRATION_BYTES);
	return COSMO_OK;
}

static enum cosmo_err check_account(struct exchange *exchange, const struct record *record)
{
	if (!record)
		return enrol_check_name(exchange->config, &enrol_default_files, exchange->user);
	if (record->flags & USERS_DB_REMOVED)
		return COSMO_E_REMOVED;
	if (record->flags & USERS_DB_LOCKED)
		return COSMO_E_LOCKED;
	return enrol_check_known_name(&enrol_default_files, exchange->user);
}

static enum cosmo_err enter(
	struct exchange *exchange, enum rate_limit_kind kind, struct rate_limit **ret)
{
	const struct rate_limit_request request = {
		.config = exchange->config,
		.salt = &exchange->salt,
		.kind = kind,
		.user = exchange->user,
		.source = exchange->line.rhost,
		.now_boot_ms = fdio_boot_ms(),
	};

	/* Without its salt the bookkeeping cannot be kept, so nothing is let through. */
	if (!exchange->has_salt)
		return COSMO_E_BUDGET;
	return rate_limit_enter(store_run_fd(exchange->store), &request, ret);
}

enum cosmo_err admission_check(struct exchange *exchange, struct admission *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct admission admission = {0};
	bool listed = false;
	enum cosmo_err err = exchange_configure(exchange);

	if (!err)
		err = exchange_find_record(exchange, &record);
	if (!err && !record)
		err = check_newcomer(exchange, &listed);
	if (!err)
		err = check_service(&exchange->service);
	if (!err)
		err = check_integration(exchange, admission.began);
	if (!err && !message_u64(exchange->request, FIELD_INTERACTIVE, 0))
		err = COSMO_E_NO_PROMPT;
	if (!err)
		err = check_account(exchange, record);
	if (!err)
		err = enter(exchange, record || listed ? RATE_LIMIT_USER : RATE_LIMIT_UNKNOWN,
			&admission.place);
	if (err)
		return err;
	*ret = admission;
	return COSMO_OK;
}
