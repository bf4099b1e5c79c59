/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/admission.h"

#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/boot_gate.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/familiar.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/recent.h"
#include "pam_cosmo_sso/helper/ssh_auth_info.h"

/* An older sign-in has nothing to do any more but to end its two children. */
#define OLDER_MS 5000

void admission_done(struct admission *admission)
{
	if (!admission)
		return;
	rate_limit_free(COSMO_STEAL(&admission->limit));
	flow_free(COSMO_STEAL(&admission->flow));
}

enum cosmo_err admission_check_newcomer(struct exchange *exchange, bool *ret_listed)
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

enum cosmo_err admission_check_service(const struct config_service *service)
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

static enum cosmo_err check_first_methods(struct exchange *exchange)
{
	const char *proved = message_str(exchange->request, FIELD_SSH_AUTH_INFO);
	const struct config_list *required = &exchange->service.require_first;

	for (size_t i = 0; i < required->count; i++)
		if (!ssh_auth_info_has(proved, required->items[i])) {
			exchange_note_detail(exchange, required->items[i]);
			return COSMO_E_FIRST_METHOD;
		}
	return COSMO_OK;
}

enum cosmo_err admission_check_integration(
	struct exchange *exchange, unsigned char ret_began[INTEGRATION_BYTES])
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

static enum rate_limit_class class_of(
	const struct exchange *exchange, const struct record *record, bool listed)
{
	if (!record)
		return listed ? RATE_LIMIT_LISTED : RATE_LIMIT_UNKNOWN;
	return familiar_has(exchange->store, record, exchange->source.place) ? RATE_LIMIT_FAMILIAR
									     : RATE_LIMIT_ELSEWHERE;
}

static enum cosmo_err count(
	struct exchange *exchange, enum rate_limit_class class, struct admission *admission)
{
	const struct rate_limit_request request = {
		.config = exchange->config,
		.salt = &exchange->salt,
		.class = class,
		.user = exchange->user,
		.place = exchange->source.place,
		.now_boot_ms = fdio_boot_ms(),
	};
	struct rate_limit_refusal refusal = {0};
	enum cosmo_err err = rate_limit_count(
		store_run_fd(exchange->store), &request, &refusal, &admission->limit);

	if (err)
		exchange_note_budget(exchange, refusal.retry_s, refusal.detail);
	return err;
}

/* One person at one place: nobody elsewhere can end this sign-in by beginning another. */
static uint64_t flow_key(const struct exchange *exchange)
{
	const char *tty = exchange->source.is_local ? exchange->line.tty : NULL;
	char text[SALT_MAX_TEXT_BYTES] = "";

	(void)snprintf(text, sizeof(text), "%s %s %s %s", exchange->user, exchange->source.exact,
		exchange->line.service, tty ? tty : "");
	return salt_hash(&exchange->salt, SALT_FLOW, text);
}

static enum cosmo_err replace_older(struct exchange *exchange, struct admission *admission)
{
	enum cosmo_err err =
		flow_begin(store_run_fd(exchange->store), flow_key(exchange), &admission->flow);

	if (!err)
		flow_wait_older(admission->flow, OLDER_MS);
	else
		exchange_note_detail(exchange,
			"the folder flows in run/private cannot be used: remove it; is /run full?");
	return err;
}

static enum cosmo_err take(struct exchange *exchange, struct admission *admission)
{
	struct rate_limit_refusal refusal = {0};
	enum cosmo_err err = rate_limit_take(admission->limit, &refusal);

	/* Whoever holds the places now has given them back by then. */
	if (err)
		exchange_note_budget(exchange, exchange->service.deadline_s, refusal.detail);
	return err;
}

static enum cosmo_err enter(
	struct exchange *exchange, enum rate_limit_class class, struct admission *admission)
{
	enum cosmo_err err = COSMO_OK;

	/* Without its salt the bookkeeping cannot be kept, so nothing is let through. */
	if (!exchange->has_salt) {
		exchange_note_detail(exchange,
			"the file salt in run/private cannot be used: remove it; is /run full?");
		return COSMO_E_BUDGET;
	}
	err = count(exchange, class, admission);
	if (err)
		return err;
	err = replace_older(exchange, admission);
	if (err)
		rate_limit_give_back(admission->limit);
	return err ? err : take(exchange, admission);
}

static bool is_signed_in(
	struct exchange *exchange, const struct record *record, const struct admission *admission)
{
	return record && check_account(exchange, record) == COSMO_OK &&
	       recent_is_signed_in(exchange, record, admission->began);
}

/* What is left where somebody has to be asked. */
static enum cosmo_err check_asking(struct exchange *exchange, const struct record *record,
	bool listed, struct admission *admission)
{
	enum cosmo_err err = COSMO_OK;

	if (!message_u64(exchange->request, FIELD_INTERACTIVE, 0))
		return COSMO_E_NO_PROMPT;
	err = check_account(exchange, record);
	return err ? err : enter(exchange, class_of(exchange, record, listed), admission);
}

/* Is the name ours, and does the service want us? *ret_record: NULL for a name without one. */
static enum cosmo_err check_ours(
	struct exchange *exchange, struct record **ret_record, bool *ret_listed)
{
	enum cosmo_err err = exchange_configure(exchange);

	if (!err)
		err = exchange_find_record(exchange, ret_record);
	if (!err && !*ret_record)
		err = admission_check_newcomer(exchange, ret_listed);
	return err ? err : admission_check_service(&exchange->service);
}

enum cosmo_err admission_foresee(struct exchange *exchange)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	unsigned char began[INTEGRATION_BYTES] = {0};
	bool listed = false;
	enum cosmo_err err = check_ours(exchange, &record, &listed);

	if (!err)
		err = admission_check_integration(exchange, began);
	return err ? err : check_account(exchange, record);
}

enum cosmo_err admission_check(struct exchange *exchange, struct admission *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct admission admission = {0};
	COSMO_AUTO(admission_done) struct admission *owned = &admission;
	bool listed = false;
	enum cosmo_err err = check_ours(exchange, &record, &listed);

	if (!err)
		err = check_first_methods(exchange);
	if (!err)
		err = admission_check_integration(exchange, admission.began);
	if (err)
		return err;
	admission.is_signed_in = is_signed_in(exchange, record, owned);
	if (!admission.is_signed_in)
		err = check_asking(exchange, record, listed, owned);
	if (err)
		return err;
	admission.sign_outs = record ? record->sign_outs : 0;
	*ret = admission;
	admission = (struct admission){0};
	return COSMO_OK;
}
