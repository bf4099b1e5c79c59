/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/account.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/boot_gate.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/refresh.h"
#include "pam_cosmo_sso/helper/refresh_due.h"
#include "pam_cosmo_sso/helper/session_age.h"

#define REFRESH_NAME "cosmo-sso-refresh"

/* *ret_is_due: may asking the IdP make another answer of this one? A service that is closed stays
 * so, and so does the no that an administrator or the IdP has said already. */
static enum cosmo_err decide(struct exchange *exchange, bool *ret_is_due)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {0};
	enum cosmo_err err = exchange_find_record(exchange, &record);

	if (err)
		return err;
	if (record) {
		err = enrol_check_known_name(&enrol_default_files, exchange->user);
		if (err)
			return err;
		exchange_note_roles(exchange, policy_record_roles(exchange->config, record));
	}
	err = boot_gate_read(exchange->store, &gate);
	if (err)
		return err;
	*ret_is_due =
		record && exchange->service.access != CONFIG_ACCESS_DENY &&
		refresh_is_due(exchange->config, &exchange->service, record, &gate, fdio_now_s());
	return policy_account(exchange->config, &exchange->service, record, &gate, fdio_now_s());
}

enum cosmo_err account_decide(struct exchange *exchange)
{
	bool is_due = false;
	enum cosmo_err err = exchange_configure(exchange);

	return err ? err : decide(exchange, &is_due);
}

/* false: nothing is known of him. */
static bool read_roles(struct exchange *exchange, uint64_t *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	if (record_load(exchange->store, exchange->user, &record))
		return false;
	*ret = policy_record_roles(exchange->config, record);
	return true;
}

/* Ask the IdP, and decide by what is known then. A refusal is one even where it could not be
 * stored.
 */
static enum cosmo_err decide_anew(struct exchange *exchange)
{
	bool is_due = false;
	enum cosmo_err reason = COSMO_OK;
	enum refresh_end end = REFRESH_OUTAGE;

	exchange->was_refreshed = read_roles(exchange, &exchange->roles_before);
	end = refresh_run(exchange, &reason, &exchange->late);
	exchange->line.refresh = refresh_word(end);
	exchange->line.refresh_reason = end == REFRESH_REFUSED ? COSMO_OK : reason;
	return end == REFRESH_REFUSED ? reason : decide(exchange, &is_due);
}

/* The first helper after a boot without the boot unit takes the lock, just to look. */
static bool gate_is_fresh(struct exchange *exchange)
{
	struct gate_view gate = {0};

	gate_read(store_gate(exchange->store), &gate);
	return gate.state == GATE_FRESH;
}

enum cosmo_err account_answer(struct exchange *exchange)
{
	bool looks_only = message_u64(exchange->request, FIELD_LOOKS_ONLY, 0);
	bool is_due = false;
	enum cosmo_err err = COSMO_OK;

	exchange->is_left_open = looks_only && gate_is_fresh(exchange);
	if (exchange->is_left_open)
		return COSMO_E_BUSY;
	err = exchange_configure(exchange);
	if (!err)
		err = decide(exchange, &is_due);
	exchange->is_left_open = looks_only && is_due;
	if (exchange->is_left_open)
		return COSMO_E_BUSY;
	if (is_due)
		err = decide_anew(exchange);
	exchange_log(exchange, err ? AUDIT_ACCOUNT_REFUSED : AUDIT_ACCOUNT_OK, err);
	return err;
}

/* What is open began with the roles before. Who asks just now is not recorded yet, and goes on. */
static void end_sessions(struct exchange *exchange)
{
	uint64_t roles = 0;
	uint64_t ended = 0;

	if (exchange->was_refreshed && exchange->config->end_on_downgrade &&
		read_roles(exchange, &roles) && (exchange->roles_before & ~roles) != 0)
		(void)!session_age_end_open(
			exchange->store, exchange->line.uid, REFRESH_NAME, &ended);
}

void account_finish(struct exchange *exchange)
{
	COSMO_AUTO(refresh_free) struct refresh *late = COSMO_STEAL(&exchange->late);

	if (late)
		refresh_finish(late);
	end_sessions(exchange);
}
