/* SPDX-License-Identifier: MIT */
#include "ctl/session_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/auto.h"
#include "ctl/output.h"

void session_report_take(struct session_report *report, const struct message *item)
{
	const char *id = message_str(item, FIELD_STEP_ID);
	const char *detail = message_str(item, FIELD_DETAIL);

	if (streq(id, "sessions"))
		report->sessions = message_u64(item, FIELD_COUNT, 0);
	else if (streq(id, "own"))
		report->own = true;
	if (streq(id, "processes")) {
		report->processes = message_u64(item, FIELD_COUNT, 0);
		report->left = message_u64(item, FIELD_LEFT, 0);
	}
	if (streq(id, "setgid")) {
		report->setgid = message_u64(item, FIELD_LEFT, 0);
		(void)snprintf(report->unseen, sizeof(report->unseen), "%s", detail ? detail : "");
	}
}

static void print_setgid(const struct session_report *report)
{
	if (report->setgid)
		printf("%" PRIu64
		       " file(s) with the set-gid bit and a role's group were found; whoever runs one\n"
		       "has that group.\n",
			report->setgid);
	if (!report->unseen[0])
		return;
	(void)fputs("Not wholly looked through for such files: ", stdout);
	output_text(report->unseen);
	putchar('\n');
}

void session_report_print(const struct session_report *report)
{
	printf("%" PRIu64 " session(s) %s, %" PRIu64 " process(es).\n", report->sessions,
		report->dry_run ? "would be ended" : "ended", report->processes);
	print_setgid(report);
	if (report->own)
		puts(report->dry_run ? "Your own session would end last."
				     : "Your own session ends now.");
}

void session_report_json(const struct session_report *report, struct json_object *object)
{
	json_object_object_add(object, "dry_run", json_object_new_boolean(report->dry_run));
	json_object_object_add(object, "sessions", json_object_new_uint64(report->sessions));
	json_object_object_add(object, "processes", json_object_new_uint64(report->processes));
	json_object_object_add(object, "left", json_object_new_uint64(report->left));
	json_object_object_add(object, "setgid_files", json_object_new_uint64(report->setgid));
	output_json_text(object, "setgid_unseen", report->unseen[0] ? report->unseen : NULL);
	json_object_object_add(object, "own_session", json_object_new_boolean(report->own));
}
