/* SPDX-License-Identifier: MIT */
/* What the helper told of sessions that it ended, or in a rehearsal would end. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"

struct session_report {
	bool dry_run;
	uint64_t sessions;
	uint64_t processes;
	uint64_t left;     /* processes that could not be ended */
	bool own;          /* the caller's session is one, and ends last */
	uint64_t setgid;   /* files that users left behind, which still have the bit */
	char unseen[1025]; /* where there may be more such files; "": nowhere */
};

/* From the steps of admin_send_sessions(); any other item changes nothing. */
void session_report_take(struct session_report *report, const struct message *item);

/* For a person. */
void session_report_print(const struct session_report *report);

/* dry_run, sessions, processes, left, setgid_files, setgid_unseen, own_session. */
void session_report_json(const struct session_report *report, struct json_object *object);
