/* SPDX-License-Identifier: MIT */
/* doctor: does this host's clock agree with the IdP's? Tokens are refused by the difference. */
#include <inttypes.h>
#include <unistd.h>

#include "ctl/doctor_idp.h"
#include "ctl/probe_report.h"

/* A Date has whole seconds, and the answer took its time; less says nothing. */
#define UNSURE_S 5

/* Who keeps the time here; the first that is there. */
static const struct {
	const char *program;
	const char *mend;
} services[] = {
	{"/usr/sbin/chronyd", "systemctl restart chronyd && chronyc makestep"},
	{"/usr/sbin/ntpd", "systemctl restart ntpd"},
	{"/usr/lib/systemd/systemd-timesyncd", "timedatectl set-ntp true"},
	{"/lib/systemd/systemd-timesyncd", "timedatectl set-ntp true"},
};

static void put_mend(struct doctor_list *list, uint64_t idp_s)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(services); i++)
		if (access(services[i].program, X_OK) == 0) {
			doctor_mend(list, "%s", services[i].mend);
			return;
		}
	/* To the second that the IdP told a moment ago: what is left is less than what matters. */
	doctor_mend(list, "date --set=@%" PRIu64, idp_s);
}

static const char *direction(int64_t ahead_s)
{
	return ahead_s > 0 ? "ahead of" : "behind";
}

static void put_difference(struct doctor_list *list, const struct message *item, int64_t ahead_s)
{
	int64_t skew_s = (int64_t)message_u64(item, FIELD_SKEW_S, 0);
	int64_t apart_s = ahead_s < 0 ? -ahead_s : ahead_s;

	if (apart_s <= UNSURE_S) {
		doctor_ok(list, "this host's clock agrees with the provider's");
		return;
	}
	if (apart_s <= skew_s)
		doctor_note(list,
			"this host's clock is %" PRId64 " s %s the provider's; skew allows %" PRId64
			" s",
			apart_s, direction(ahead_s), skew_s);
	else
		doctor_wrong(list,
			"this host's clock is %" PRId64
			" s %s the provider's, and skew allows %" PRId64 " s: sign-ins are refused",
			apart_s, direction(ahead_s), skew_s);
	put_mend(list, message_u64(item, FIELD_IDP_TIME_S, 0));
}

static void look(struct doctor_list *list)
{
	const struct message *item = doctor_idp_probe(list);
	int64_t ahead_s = 0;

	if (!item)
		return;
	if (probe_clock_ahead_s(item, &ahead_s))
		put_difference(list, item, ahead_s);
	else if (probe_was_asked(item) && !message_err(item))
		doctor_not_checked(list, "the provider does not tell its time");
	else
		doctor_not_checked(list, "the provider has not told its time: see %s",
			probe_stage_name(probe_failed_at(item)));
}

const struct doctor_check doctor_check_clock = {.name = "clock", .run = look};
