/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session_phase.h"

#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/session.h"

/* Name the session: whose it is and which process it belongs to. */
static enum cosmo_err identify(struct exchange *exchange, struct session *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {0};
	struct session session = {
		.leader = exchange->peer_pid,
		.user = exchange->user,
		.service = exchange->line.service,
		.tty = exchange->line.tty,
		.rhost = exchange->line.rhost,
		.opened_s = fdio_now_s(),
	};
	enum cosmo_err err = exchange_find_record(exchange, &record);

	if (err)
		return err;
	if (!record)
		return COSMO_E_NOT_ENROLLED;
	if (session.leader <= 0)
		return COSMO_E_INVALID;
	err = session_start_time(session.leader, &session.start);
	if (err)
		return err;
	session.uid = record->uid;
	gate_read(store_gate(exchange->store), &gate);
	memcpy(session.integration, gate.integration, INTEGRATION_BYTES);
	*ret = session;
	return COSMO_OK;
}

enum cosmo_err session_phase_open(struct exchange *exchange)
{
	struct session session = {0};
	enum cosmo_err err = identify(exchange, &session);

	if (!err)
		err = session_add(store_run_fd(exchange->store), &session);
	exchange_log(exchange, err ? AUDIT_SESSION_REFUSED : AUDIT_SESSION_OPEN, err);
	return err;
}

enum cosmo_err session_phase_close(struct exchange *exchange)
{
	struct session session = {0};
	enum cosmo_err err = identify(exchange, &session);

	if (!err)
		err = session_remove(
			store_run_fd(exchange->store), session.leader, session.start, session.uid);
	exchange_log(exchange, AUDIT_SESSION_CLOSE, err);
	return err;
}
