/* SPDX-License-Identifier: MIT */
/*
 * Values that the rules of a configuration are tried with: some that nobody would have, those that
 * exact rules name, and the patterns themselves as if they were values. Which rule matches which is
 * the judge's to say, who is asked as for `roles test`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"

struct rules_probe;

/* The caller owns *ret, rules_probe_free(); @config is borrowed for as long. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err rules_probe_new(
	const struct config *config, struct rules_probe **ret);

void rules_probe_free(struct rules_probe *probe);
COSMO_AUTO_DEFINE(struct rules_probe *, rules_probe_free);

/* Borrowed: the configuration, and the values, each once. */
const struct config *rules_probe_config(const struct rules_probe *probe);
size_t rules_probe_count(const struct rules_probe *probe);
const char *rules_probe_value(const struct rules_probe *probe, size_t index);

/* Note what is so: that a rule matches a value, or that the rule with this index is not done with
 * one of the values within the limits of a sign-in. Other texts are passed over. */
void rules_probe_note_match(struct rules_probe *probe, const char *rule, const char *value);
void rules_probe_note_hard(struct rules_probe *probe, size_t rule);

/* Was it noted? A value that is none of the probe's was not. */
bool rules_probe_matches(const struct rules_probe *probe, size_t rule, const char *value);
bool rules_probe_is_hard(const struct rules_probe *probe, size_t rule);

/*
 * What the rule lets through without naming any of it: RULES_PROBE_EVERY_VALUE, else a kind of
 * values of which it matches all that were tried, such as "word in lower case"; NULL: nothing.
 */
#define RULES_PROBE_EVERY_VALUE "value"
const char *rules_probe_lets_through(const struct rules_probe *probe, size_t rule);

/*
 * Ask the judge, and note what it says. A configuration without rules asks nobody. *ret_problem is
 * filled if a pattern is wrong (COSMO_E_RULE_PATTERN). Errors: those of ask_judge() and ask_next(),
 * what the judge says; nothing of them has been told.
 */
COSMO_MUST_USE enum cosmo_err rules_probe_ask(
	struct rules_probe *probe, struct config_problem *ret_problem);
