/* SPDX-License-Identifier: MIT */
/* What the helper says of its steps (STEP_ITEM): sentences, and for --json one object. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"
#include "common/message.h"
#include "ctl/command.h"

/* How the lines of a step begin; each takes a number as %s, or is NULL: nothing is said. */
struct step_text {
	const char *id;
	const char *done;  /* with COUNT, if that is not 0 or @always */
	const char *left;  /* with LEFT, if that is not 0 */
	const char *fault; /* with what DETAIL says, if it does, and the id of ERR in brackets */
	bool always;
};

struct step_report {
	const struct step_text *texts;
	size_t text_count;
	bool json;
	bool dry_run;
	/* What is said last, to a person, when all went well. */
	void (*said)(const struct step_report *report);
	struct json_object *steps; /* with @json */
	size_t count;
};

/*
 * Send @request (DRY_RUN is put in here), print each step and line of progress as it comes, or the
 * object at the end: dry_run, steps (step, result, count, left, detail), error, message, detail. A
 * failure before the first step is left to output_finish(). Returns the RESULT's code.
 */
COSMO_MUST_USE enum cosmo_err step_report_ask(struct step_report *report, struct message *request);

/* A command that takes --dry-run, --json and no operand, and asks @type of the helper. Returns its
 * exit code. */
int step_report_run(const struct command *self, int argc, char **argv, enum message_type type,
	struct step_report *report);
