/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session_phase.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/account.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/recent.h"
#include "pam_cosmo_sso/helper/session.h"

static void put(const char *text, char *ret, size_t ret_size)
{
	(void)snprintf(ret, ret_size, "%s", text ? text : "");
}

/* Name the session: whose it is and which process it belongs to. */
static enum cosmo_err identify(struct exchange *exchange, struct session *ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {0};
	struct session session = {
		.leader = exchange->caller->pid,
		.opened_s = fdio_now_s(),
		.opened_boot_ms = fdio_boot_ms(),
	};
	struct process leader = {0};
	uint32_t uid = 0;
	enum cosmo_err err = exchange_find_record(exchange, &record);

	if (err)
		return err;
	if (!record)
		return COSMO_E_NOT_ENROLLED;
	err = caller_process_read(exchange->caller, &leader);
	if (err)
		return err;
	session.start = leader.start;
	session.uid = record->uid;
	put(exchange->user, session.user, sizeof(session.user));
	put(exchange->line.service, session.service, sizeof(session.service));
	put(exchange->line.tty, session.tty, sizeof(session.tty));
	put(exchange->line.rhost, session.rhost, sizeof(session.rhost));
	if (logind_session_of(session.leader, session.logind, &uid) || uid != session.uid)
		session.logind[0] = '\0';
	gate_read(store_gate(exchange->store), &gate);
	memcpy(session.integration, gate.integration, INTEGRATION_BYTES);
	*ret = session;
	return COSMO_OK;
}

/*
 * Who was let in before the door was closed, and was held up on the way (a caller can be stopped),
 * must not come in behind those who end all sessions. Which role a service wants is another matter:
 * sudo asks that about one user, and opens the session of another. A configuration that cannot be
 * used says nothing of the user; the account phase refuses everybody by then.
 */
static enum cosmo_err check_still_open(struct exchange *exchange)
{
	enum cosmo_err err = account_decide(exchange);

	return err == COSMO_E_SERVICE || err == COSMO_E_SERVICE_OFF || err == COSMO_E_CONFIG
		       ? COSMO_OK
		       : err;
}

/* When the session's process began, by the wall clock. */
static int64_t started_ms(const struct session *session)
{
	struct timespec now = {0};
	int64_t ticks_a_second = sysconf(_SC_CLK_TCK);

	if (ticks_a_second <= 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return 0;
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - fdio_boot_ms() +
	       (int64_t)session->start * 1000 / ticks_a_second;
}

/* A viewer by key may come in after the sign-out; who was on his way in before has more than that.
 */
static enum cosmo_err check_not_signed_out(struct exchange *exchange, const struct session *session)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = exchange_find_record(exchange, &record);

	if (err)
		return err;
	if (!record)
		return COSMO_E_NOT_ENROLLED;
	/* Whatever has become of the configuration. */
	if (record->flags & USERS_DB_REMOVED)
		return COSMO_E_REMOVED;
	if (record->flags & USERS_DB_LOCKED)
		return COSMO_E_LOCKED;
	if (record->reason == COSMO_E_SIGNED_OUT && started_ms(session) / 1000 <= record->changed_s)
		return COSMO_E_SIGNED_OUT;
	return COSMO_OK;
}

/*
 * The same for everybody at once: login(1) takes the groups before it opens the session, and
 * whoever sits at the terminal can hold it up in between (Ctrl-S). A moment to come says that the
 * clock was put back since: nothing follows from that.
 */
static enum cosmo_err check_not_disconnected(
	struct exchange *exchange, const struct session *session)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {0};
	enum cosmo_err err = exchange_find_record(exchange, &record);

	if (err)
		return err;
	if (!record)
		return COSMO_E_NOT_ENROLLED;
	gate_read(store_gate(exchange->store), &gate);
	if (gate.state == GATE_OPEN &&
		memcmp(gate.integration, record->integration, INTEGRATION_BYTES) == 0)
		return COSMO_OK;
	err = integration_load(exchange->store, &integration);
	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
	if (integration->since_s > fdio_now_s() ||
		started_ms(session) >= integration->since_s * 1000)
		return COSMO_OK;
	return gate.state == GATE_OPEN ? COSMO_E_INTEGRATION_CHANGED : COSMO_E_DISCONNECTED;
}

/* Recorded first: whoever closes the door after this look finds the session, and ends it. */
static enum cosmo_err look_again(struct exchange *exchange, const struct session *session)
{
	enum cosmo_err err = check_still_open(exchange);

	if (!err)
		err = check_not_signed_out(exchange, session);
	if (!err)
		err = check_not_disconnected(exchange, session);
	if (err && session_remove(store_run_fd(exchange->store), session->leader, session->start,
			   session->uid))
		exchange_note_detail(exchange, "its record could not be removed");
	return err;
}

enum cosmo_err session_phase_open(struct exchange *exchange)
{
	struct session session = {0};
	enum cosmo_err err = identify(exchange, &session);

	if (!err)
		err = session_add(store_run_fd(exchange->store), &session);
	if (!err)
		err = look_again(exchange, &session);
	if (!err)
		recent_open(exchange, session.uid, session.leader, session.start);
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
