/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "pam_cosmo_sso/helper/audit.h"

static void format_roles(const struct config *config, uint64_t roles, char *ret, size_t ret_size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < config->role_count; i++) {
		int written = 0;

		if (!(roles >> i & 1) || used >= ret_size)
			continue;
		written = snprintf(ret + used, ret_size - used, "%s%s", used ? "," : "",
			config->roles[i].name);
		used += written > 0 ? (size_t)written : 0;
	}
}

void refresh_log_member(
	const struct config *config, const struct refresh_member *member, const char *by)
{
	char roles[1088] = "";
	char before[1088] = "";
	char detail[1200] = "";
	struct audit_line line = {.event = AUDIT_REFRESH_CHANGED,
		.reason = member->reason,
		.user = member->user,
		.user_known = true,
		.has_uid = true,
		.uid = member->uid,
		.roles = roles,
		.by = by,
		.detail = detail};

	if (member->end == REFRESH_REFUSED)
		line.event = AUDIT_REFRESH_REFUSED;
	format_roles(config, member->roles_after, roles, sizeof(roles));
	format_roles(config, member->roles_before, before, sizeof(before));
	(void)snprintf(detail, sizeof(detail), "was %s", before[0] ? before : "viewer");
	audit_send(&line);
}

void refresh_log_run(const struct refresh_report *report, enum cosmo_err outcome, const char *by)
{
	const struct refresh_tally *tally = &report->tally;
	char detail[1200] = "";
	const struct audit_line line = {
		.event = outcome == COSMO_E_MASS_REFUSAL ? AUDIT_REFRESH_ALARM : AUDIT_REFRESH_RUN,
		.reason = outcome,
		.by = by,
		.detail = detail};

	(void)snprintf(detail, sizeof(detail),
		"of %" PRIu64 ": %" PRIu64 " confirmed, %" PRIu64 " of them changed, %" PRIu64
		" refused, %" PRIu64 " without an answer%s%s",
		tally->total, tally->confirmed, tally->changed, tally->refused, tally->unanswered,
		report->detail[0] ? ": " : "", report->detail);
	audit_send(&line);
}
