/* SPDX-License-Identifier: MIT */
#include "ctl/setgid_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/auto.h"
#include "ctl/output.h"

void setgid_report_take(struct setgid_report *report, const struct message *item)
{
	const char *detail = message_str(item, FIELD_DETAIL);

	if (!streq(message_str(item, FIELD_STEP_ID), "setgid"))
		return;
	report->files = message_u64(item, FIELD_LEFT, 0);
	(void)snprintf(report->unseen, sizeof(report->unseen), "%s", detail ? detail : "");
}

void setgid_report_print(const struct setgid_report *report)
{
	if (report->files)
		printf("%" PRIu64
		       " file(s) with the set-gid bit and a role's group were found; whoever runs one\n"
		       "has that group.\n",
			report->files);
	if (!report->unseen[0])
		return;
	(void)fputs("Not wholly looked through for such files: ", stdout);
	output_text(report->unseen);
	putchar('\n');
}
