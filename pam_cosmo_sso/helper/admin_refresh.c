/* SPDX-License-Identifier: MIT */
/* refresh: have the IdP confirm roles now, of one user or of many. */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/refresh_all.h"
#include "pam_cosmo_sso/helper/session_age.h"

#define REFRESH_NAME "cosmo-sso-refresh"

/* How often a run of the timer looks for sessions that have lasted too long. */
#define OLD_SESSIONS_MS INT64_C(60000)

struct refreshing {
	struct admin *admin;
	const struct refresh_order *order;
	uint64_t told_done; /* by the last line of progress */
	int64_t told_boot_ms;
	int64_t old_boot_ms; /* when old sessions were looked for last */
	uint64_t too_old;    /* so many have been ended */
	enum cosmo_err old_err;
};

/* A unit that is stopped, or a host that goes down: the question that is out is waited for. */
static bool was_told_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT) ||
		       sigismember(&pending, SIGHUP));
}

static void put_off_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static bool is_peer_gone(const struct admin *admin)
{
	struct pollfd peer = {.fd = admin->dialogue->fd, .events = POLLRDHUP};

	return poll(&peer, 1, 0) > 0;
}

#define TELL_MS 1000

/* A line for each of a few, and one in a second of many. */
static bool is_worth_a_line(const struct refreshing *refreshing, const struct refresh_tally *tally)
{
	uint64_t done = refresh_tally_done(tally);

	return done != refreshing->told_done &&
	       (done == tally->total || fdio_boot_ms() - refreshing->told_boot_ms >= TELL_MS);
}

static bool goes_on(void *context, const struct refresh_tally *tally)
{
	struct refreshing *refreshing = context;

	if (was_told_to_end() || is_peer_gone(refreshing->admin))
		return false;
	if (!is_worth_a_line(refreshing, tally))
		return true;
	refreshing->told_done = refresh_tally_done(tally);
	refreshing->told_boot_ms = fdio_boot_ms();
	return admin_progress(refreshing->admin, "%" PRIu64 " of %" PRIu64, refreshing->told_done,
		       tally->total) == COSMO_OK;
}

static enum cosmo_err send_item(
	struct admin *admin, const struct refresh_report *report, uint64_t too_old)
{
	const struct refresh_tally *tally = &report->tally;
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_REFRESH_ITEM, &item);

	if (err)
		return err;
	message_put_u64(item, FIELD_COUNT, tally->total);
	message_put_u64(item, FIELD_CONFIRMED, tally->confirmed);
	message_put_u64(item, FIELD_CHANGED, tally->changed);
	message_put_u64(item, FIELD_REFUSED, tally->refused);
	message_put_u64(item, FIELD_UNANSWERED, tally->unanswered);
	message_put_u64(item, FIELD_PASSED_OVER, tally->passed_over);
	message_put_u64(item, FIELD_SESSIONS, report->sessions + too_old);
	if (report->was_resumed)
		message_put_u64(item, FIELD_RESUMED, 1);
	if (report->was_stopped)
		message_put_u64(item, FIELD_UNFINISHED, 1);
	return admin_send(admin, item);
}

/* Whoever wants to know more of one user is shown him. */
static enum cosmo_err send_user(struct admin *admin, const char *user)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(admin->store, user, &record);

	return err ? err : admin_send_user(admin, user, record);
}

static void explain(
	struct admin *admin, const struct refresh_report *report, enum cosmo_err outcome)
{
	if (report->is_standing)
		snprintf(admin->detail, sizeof(admin->detail),
			"by an earlier run: look at the IdP; `cosmo-ssoctl refresh --all` begins anew");
	else if (outcome == COSMO_E_MASS_REFUSAL)
		snprintf(admin->detail, sizeof(admin->detail),
			"%" PRIu64 " of %" PRIu64 ": look at the IdP; `cosmo-ssoctl refresh --all` "
			"begins anew with those who are left",
			report->tally.refused, report->tally.total);
	else if (outcome == COSMO_E_NOT_FOUND)
		snprintf(admin->detail, sizeof(admin->detail),
			"nobody is enrolled under this name; see `cosmo-ssoctl user list`");
	else if (outcome == COSMO_E_DISCONNECTED)
		snprintf(admin->detail, sizeof(admin->detail),
			"there is nobody to ask about; see `cosmo-ssoctl status`");
	else if (outcome && report->detail[0])
		snprintf(admin->detail, sizeof(admin->detail), "%s", report->detail);
}

static enum cosmo_err refresh_user(
	struct admin *admin, const struct refresh_order *order, const char *user)
{
	struct refresh_report report = {.sessions = 0};
	enum cosmo_err err = COSMO_OK;
	enum cosmo_err sent = COSMO_OK;

	if (!login_name_is_valid(user, true)) {
		snprintf(admin->detail, sizeof(admin->detail),
			"this is not the form of a login name");
		return COSMO_E_INVALID;
	}
	err = refresh_one(order, user, &report);
	explain(admin, &report, err);
	if (err == COSMO_E_NOT_FOUND)
		return err;
	sent = send_item(admin, &report, 0);
	if (!sent)
		sent = send_user(admin, user);
	return err ? err : sent;
}

/* Whatever becomes of the refreshes: it asks nobody. */
static void end_old_sessions(struct refreshing *refreshing)
{
	const struct refresh_order *order = refreshing->order;
	const struct session_age_limit limit = {
		.max_s = order->config->session_max_s, .by = order->by, .caller = order->caller};
	uint64_t ended = 0;
	enum cosmo_err err = session_age_enforce(order->store, &limit, &ended);

	refreshing->too_old += ended;
	if (!refreshing->old_err)
		refreshing->old_err = err;
	refreshing->old_boot_ms = fdio_boot_ms();
}

/* A run may be long. */
static void between(void *context)
{
	struct refreshing *refreshing = context;

	if (fdio_boot_ms() - refreshing->old_boot_ms >= OLD_SESSIONS_MS)
		end_old_sessions(refreshing);
}

static enum cosmo_err refresh_many(struct refreshing *refreshing, bool is_timer)
{
	const struct refresh_order *order = refreshing->order;
	struct admin *admin = refreshing->admin;
	struct refresh_report report = {.sessions = 0};
	enum cosmo_err err = COSMO_OK;
	enum cosmo_err sent = COSMO_OK;

	if (is_timer)
		end_old_sessions(refreshing);
	err = refresh_all(order, &report);
	/* The timer has nothing to ask then. */
	if (is_timer && err == COSMO_E_DISCONNECTED)
		err = COSMO_OK;
	explain(admin, &report, err);
	sent = send_item(admin, &report, refreshing->too_old);
	if (!err)
		err = refreshing->old_err;
	return err ? err : sent;
}

enum cosmo_err admin_refresh(struct admin *admin)
{
	const char *user = message_str(admin->request, FIELD_USER);
	bool is_timer = !message_u64(admin->request, FIELD_BY_HAND, 0);
	struct refreshing refreshing = {.admin = admin};
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct refresh_order order = {.store = admin->store,
		.is_of_all = !is_timer,
		.by = is_timer ? REFRESH_NAME : admin->by,
		.caller = admin->peer,
		.goes_on = goes_on,
		.between = is_timer ? between : NULL,
		.context = &refreshing};
	enum cosmo_err err = admin_load_config(admin, &config);

	if (err)
		return err;
	order.config = config;
	refreshing.order = &order;
	put_off_signals();
	return user ? refresh_user(admin, &order, user) : refresh_many(&refreshing, is_timer);
}
