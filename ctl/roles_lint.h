/* SPDX-License-Identifier: MIT */
/*
 * What a configuration allows and its author may not have meant: rules that let through anybody,
 * that change nothing or match nothing, and what roles give beyond their name. All of it is
 * allowed: errors are found by config_parse() and the judge.
 */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "ctl/rules_probe.h"

enum lint_kind {
	LINT_MATCHES_EVERYTHING,
	LINT_OPEN_DOOR,
	LINT_DOUBLED,
	LINT_COVERED,
	LINT_STRIPPED,
	LINT_PATTERN_LOOKS_LITERAL,
	LINT_VALUE_LOOKS_LIKE_PATTERN,
	LINT_MARKS,
	LINT_TOO_HARD,
	LINT_ROLE_WITHOUT_RULE,
	LINT_PRIVILEGED_GROUP,
};

/* "matches_everything": the word for it in JSON. */
const char *lint_kind_id(enum lint_kind kind);

struct lint_finding {
	enum lint_kind kind;
	bool is_note;      /* meant, for the file says so: worth a look, and no fault */
	unsigned int line; /* 0: no single one */
	char what[1024]; /* whole sentences; rules and names of groups stand in them as they are */
	char advice[1024];
};

/* Told of each finding; borrowed. */
typedef void lint_visitor(void *context, const struct lint_finding *finding);

/*
 * Look at the configuration of @probe, which has been asked (rules_probe_ask()), and tell @visit of
 * each finding: those of rules in their order, then those of roles. Pure.
 */
void roles_lint(const struct rules_probe *probe, lint_visitor *visit, void *context);

/*
 * The same for a configuration as it is: makes the probe and asks the judge, which takes some
 * hundredths of a second. Errors: those of rules_probe_new() and rules_probe_ask(), with
 * *ret_problem as there; nothing of them has been told.
 */
COSMO_MUST_USE enum cosmo_err roles_lint_config(const struct config *config, lint_visitor *visit,
	void *context, struct config_problem *ret_problem);

/* How many there are that are no notes. Errors: as above. */
COSMO_MUST_USE enum cosmo_err roles_lint_count(const struct config *config, size_t *ret_count);

/*
 * For whoever does something else with the configuration @text: "2 things in the configuration
 * may not be meant so: ...". False if there is nothing of the kind, or nobody can tell; that is not
 * told.
 */
bool roles_lint_hint(const char *text, char *ret, size_t ret_size);
