/* SPDX-License-Identifier: MIT */
/* doctor: does the IdP confirm the users' roles, and how long do they hold if not? */
#include <inttypes.h>

#include "common/base/fdio.h"
#include "common/base/gate.h"
#include "ctl/ask.h"
#include "ctl/doctor.h"
#include "ctl/duration_text.h"
#include "ctl/output.h"

/* The timer takes less than half of that from one run to the next. */
#define RUN_OVERDUE_S (INT64_C(30) * 60)

static int64_t number(const struct message *item, enum message_field field)
{
	uint64_t value = message_u64(item, field, 0);

	return value > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)value;
}

static void look_at_outage(struct doctor_list *list, const struct message *item)
{
	enum cosmo_err err = cosmo_err_from_wire(message_u64(item, FIELD_REFRESH_ERR, COSMO_OK));
	int64_t oldest_s = number(item, FIELD_CONFIRMED_S);
	char since[32] = "";
	char until[32] = "";

	/* Without a role that counts there is none to lapse. */
	if (!err || !oldest_s)
		return;
	output_time(number(item, FIELD_REFRESH_ERR_SINCE_S), since, sizeof(since));
	output_time(oldest_s + number(item, FIELD_ROLE_LEASE_S), until, sizeof(until));
	doctor_wrong(list, "the provider confirms no roles since %s (%s); the first lapse at %s",
		since, cosmo_err_id(err), until);
	doctor_mend(list, "cosmo-ssoctl refresh --all");
}

/* What is known of runs a boot forgets. */
static int64_t last_run_ago_s(const struct message *item)
{
	int64_t run_s = number(item, FIELD_RUN_S);

	return run_s ? fdio_now_s() - run_s : fdio_boot_ms() / 1000;
}

static void look_at_run(struct doctor_list *list, const struct message *item)
{
	int64_t run_s = number(item, FIELD_RUN_S);
	enum cosmo_err err = cosmo_err_from_wire(message_u64(item, FIELD_RUN_ERR, COSMO_OK));
	char when[32] = "";

	output_time(run_s, when, sizeof(when));
	if (message_u64(item, FIELD_UNCONFIRMED, 0) && last_run_ago_s(item) > RUN_OVERDUE_S) {
		doctor_wrong(list,
			"%" PRIu64
			" user(s) are overdue to be confirmed; the last run since the boot: %s",
			message_u64(item, FIELD_UNCONFIRMED, 0), when);
		doctor_mend(list,
			"systemctl restart cosmo-sso-refresh.timer && cosmo-ssoctl refresh --all");
	} else if (run_s && err == COSMO_E_MASS_REFUSAL) {
		doctor_wrong(list,
			"the run of refreshes of %s was stopped: the provider refused too many",
			when);
		doctor_mend(list, "cosmo-ssoctl refresh --all");
	}
}

static void count(struct doctor_list *list, uint64_t users, const char *what)
{
	if (users)
		doctor_note(list, "%" PRIu64 " user(s) %s", users, what);
}

static void look_at_check(struct doctor_list *list, const struct message *item)
{
	enum cosmo_err err = cosmo_err_from_wire(message_u64(item, FIELD_OUTAGE_ERR, COSMO_OK));
	char since[32] = "";

	if (message_u64(item, FIELD_REFUSALS, 0)) {
		doctor_wrong(list,
			"the provider has said %" PRIu64
			" times in a row that it does not know this host; some more disconnect it",
			message_u64(item, FIELD_REFUSALS, 0));
		doctor_mend(list, "cosmo-ssoctl doctor --check client && cosmo-ssoctl check");
	}
	if (!err)
		return;
	output_time(number(item, FIELD_OUTAGE_SINCE_S), since, sizeof(since));
	doctor_wrong(list, "the provider could not be asked about this host since %s (%s)", since,
		cosmo_err_id(err));
	doctor_mend(list, "cosmo-ssoctl check");
}

/* What is as it should be, but to be known. */
static void tell_lease(struct doctor_list *list, const struct message *item)
{
	char lease[DURATION_TEXT_BYTES] = "";

	duration_text(number(item, FIELD_ROLE_LEASE_S), lease);
	count(list, message_u64(item, FIELD_LAPSED, 0),
		"have no lease any more: viewers until their next sign-in");
	count(list, message_u64(item, FIELD_REFUSED, 0),
		"were refused by the provider since they signed in: no roles until their next sign-in");
	if (!message_u64(item, FIELD_OFFLINE_ACCESS, 0))
		doctor_note(list,
			"the provider gives no offline_access: without refresh tokens roles hold %s from each sign-in",
			lease);
	else
		doctor_ok(list, "roles hold %s without the provider", lease);
}

static void visit(void *context, const struct message *item)
{
	struct doctor_list *list = context;

	if (message_type(item) != MESSAGE_STATUS_ITEM)
		return;
	if (message_u64(item, FIELD_GATE, GATE_MISSING) != GATE_OPEN) {
		doctor_not_checked(list, "this host is not connected: see store");
		return;
	}
	if (!message_has(item, FIELD_ROLE_LEASE_S)) {
		doctor_not_checked(list, "the configuration cannot be used");
		return;
	}
	look_at_outage(list, item);
	look_at_run(list, item);
	look_at_check(list, item);
	tell_lease(list, item);
}

static void look(struct doctor_list *list)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct ask_failure failure = {.text = ""};
	enum cosmo_err err = message_new(MESSAGE_CTL_STATUS, &request);

	if (!err)
		err = ask_quietly(request, visit, list, &failure);
	if (err)
		doctor_not_checked(list, "the helper does not tell: %s", cosmo_err_text(err));
}

const struct doctor_check doctor_check_lease = {
	.name = "lease",
	.run = look,
};
