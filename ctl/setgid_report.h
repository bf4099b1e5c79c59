/* SPDX-License-Identifier: MIT */
/* What the helper told of set-gid files that users left behind. */
#pragma once

#include <stdint.h>

#include "common/message.h"

struct setgid_report {
	uint64_t files;    /* that still have the bit */
	char unseen[1025]; /* where there may be more; "": nowhere */
};

/* From the step "setgid"; any other item changes nothing. */
void setgid_report_take(struct setgid_report *report, const struct message *item);

/* For a person; nothing if there is nothing. */
void setgid_report_print(const struct setgid_report *report);
