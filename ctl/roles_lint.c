/* SPDX-License-Identifier: MIT */
#include "ctl/roles_lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/privileged_group.h"
#include "ctl/provider_defaults.h"
#include "ctl/rule_shape.h"
#include "ctl/rule_text.h"

/* Longer ones are told by their beginning. */
#define RULE "\"%.160s\""

struct lint {
	const struct rules_probe *probe;
	const struct config *config;
	lint_visitor *visit;
	void *context;
	struct lint_finding finding; /* that is being made */
};

const char *lint_kind_id(enum lint_kind kind)
{
	static const char *const ids[] = {
		[LINT_MATCHES_EVERYTHING] = "matches_everything",
		[LINT_OPEN_DOOR] = "open_door",
		[LINT_DOUBLED] = "doubled",
		[LINT_COVERED] = "covered",
		[LINT_STRIPPED] = "stripped",
		[LINT_PATTERN_LOOKS_LITERAL] = "pattern_looks_literal",
		[LINT_VALUE_LOOKS_LIKE_PATTERN] = "value_looks_like_pattern",
		[LINT_MARKS] = "marks",
		[LINT_TOO_HARD] = "too_hard",
		[LINT_ROLE_WITHOUT_RULE] = "role_without_rule",
		[LINT_PRIVILEGED_GROUP] = "privileged_group",
	};

	return ids[kind];
}

static void COSMO_PRINTF(4, 5)
	find(struct lint *lint, enum lint_kind kind, unsigned int line, const char *format, ...)
{
	va_list args;

	lint->finding = (struct lint_finding){.kind = kind, .line = line};
	va_start(args, format);
	(void)vsnprintf(lint->finding.what, sizeof(lint->finding.what), format, args);
	va_end(args);
}

/* The end of what find() began. */
static void COSMO_PRINTF(2, 3) advise(struct lint *lint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(lint->finding.advice, sizeof(lint->finding.advice), format, args);
	va_end(args);
	lint->visit(lint->context, &lint->finding);
}

static const char *text_of(const struct lint *lint, size_t rule)
{
	return lint->config->rules[rule].text;
}

static unsigned int line_of(const struct lint *lint, size_t rule)
{
	return lint->config->rules[rule].line;
}

static const struct config_role *role_of(const struct lint *lint, size_t rule)
{
	for (size_t i = 0; i < lint->config->role_count; i++)
		if (rule_text_gives(text_of(lint, rule), lint->config->roles[i].name))
			return &lint->config->roles[i];
	return &lint->config->roles[0]; /* config_parse() knows no other */
}

static bool matches_every_value(const struct lint *lint, size_t rule)
{
	return streq(rules_probe_lets_through(lint->probe, rule), RULES_PROBE_EVERY_VALUE);
}

static bool is_public(const struct lint *lint)
{
	return lint->config->issuer && provider_defaults_is_public(lint->config->issuer);
}

/* Everybody a viewer is what no_match says by itself, where not anybody is in "everybody". */
static void look_for_width(struct lint *lint, size_t rule)
{
	const char *kind = rules_probe_lets_through(lint->probe, rule);
	const struct config_role *role = role_of(lint, rule);

	if (!kind)
		return;
	find(lint, LINT_MATCHES_EVERYTHING, line_of(lint, rule),
		"Rule " RULE " matches every %s, and gives %s to whoever has one%s%s.",
		text_of(lint, rule), kind, role->name,
		role->local_groups.count ? ", with groups of this host" : "",
		is_public(lint) ? "; anybody in the world can have an account at this provider"
				: "");
	lint->finding.is_note = role == &lint->config->roles[0] && !is_public(lint);
	advise(lint,
		"Name the values that are meant: %s = NAME, or a pattern that begins with one.",
		role->name);
}

/* The first other rule by which everybody has the same role for the same value; or the number of
 * rules. Rules do not depend on their order: of two alike the later is the one too many. */
static size_t find_cover(const struct lint *lint, size_t rule)
{
	const char *text = text_of(lint, rule);
	bool is_pattern = rule_text_is_pattern(text);
	size_t i = 0;

	for (; i < lint->config->rule_count; i++) {
		if (i == rule || !rule_text_same_role(text_of(lint, i), text))
			continue;
		if (!is_pattern && rule_text_is_pattern(text_of(lint, i)) &&
			rules_probe_matches(lint->probe, i, rule_text_wanted(text)))
			break;
		if (is_pattern && matches_every_value(lint, i) &&
			(i < rule || !matches_every_value(lint, rule)))
			break;
	}
	return i;
}

static bool is_doubled(struct lint *lint, size_t rule)
{
	size_t i = 0;

	while (i < rule && !streq(text_of(lint, i), text_of(lint, rule)))
		i++;
	if (i == rule)
		return false;
	find(lint, LINT_DOUBLED, line_of(lint, rule), "Rule " RULE " stands in line %u already.",
		text_of(lint, rule), line_of(lint, i));
	advise(lint, "Take one of the two out.");
	return true;
}

static void look_for_cover(struct lint *lint, size_t rule)
{
	size_t cover = is_doubled(lint, rule) ? lint->config->rule_count : find_cover(lint, rule);

	if (cover == lint->config->rule_count)
		return;
	find(lint, LINT_COVERED, line_of(lint, rule),
		"Rule " RULE " changes nothing: " RULE
		" in line %u gives the same role for what it "
		"matches.",
		text_of(lint, rule), text_of(lint, cover), line_of(lint, cover));
	advise(lint, "Take it out, or make the pattern in line %u match less.",
		line_of(lint, cover));
}

static void look_for_prefix(struct lint *lint, size_t rule)
{
	const char *prefix = lint->config->value_strip_prefix;
	const char *text = text_of(lint, rule);
	const char *wanted = rule_text_wanted(text);
	size_t len = prefix ? strlen(prefix) : 0;

	if (!prefix || strncmp(wanted, prefix, len) != 0)
		return;
	find(lint, LINT_STRIPPED, line_of(lint, rule),
		"Rule " RULE
		" looks for a value that begins with value_strip_prefix (%.80s), which is "
		"taken off before: the value \"%.160s\" is \"%.160s\" to the rules.",
		text, prefix, wanted, wanted + len);
	advise(lint, "Write %s = %s%.160s", role_of(lint, rule)->name,
		rule_text_is_pattern(text) ? "~" : "", wanted + len);
}

static void tell_glob(struct lint *lint, size_t rule, char repeated)
{
	find(lint, LINT_PATTERN_LOOKS_LITERAL, line_of(lint, rule),
		"In rule " RULE
		" the '*' repeats the '%c' before it, any number of times or none; it "
		"stands for nothing else, as it does in names of files.",
		text_of(lint, rule), repeated);
	advise(lint,
		"For \"and whatever comes then\" write .* there; if '%c' is to be repeated, "
		"write (%c)*.",
		repeated, repeated);
}

static void tell_name(struct lint *lint, size_t rule)
{
	const char *name = rule_text_wanted(text_of(lint, rule));
	bool matches_itself = rules_probe_matches(lint->probe, rule, name);

	find(lint, LINT_PATTERN_LOOKS_LITERAL, line_of(lint, rule),
		"Rule " RULE " looks like a name, and is a regular expression, in which %s.",
		text_of(lint, rule),
		matches_itself
			? "'.' is any character: it matches other names as well"
			: "( ) [ ] + ? . $ mean something else: it does not match this name");
	advise(lint, "For just this value take the '~' away: %s = %.160s",
		role_of(lint, rule)->name, name);
}

static void look_for_name(struct lint *lint, size_t rule)
{
	char repeated = '\0';
	enum rule_shape shape =
		rule_shape_of_pattern(rule_text_wanted(text_of(lint, rule)), &repeated);

	if (shape == RULE_SHAPE_GLOB)
		tell_glob(lint, rule, repeated);
	else if (shape == RULE_SHAPE_NAME)
		tell_name(lint, rule);
}

static void look_for_pattern(struct lint *lint, size_t rule)
{
	const char *value = rule_text_wanted(text_of(lint, rule));

	if (!rule_shape_value_is_odd(value))
		return;
	find(lint, LINT_VALUE_LOOKS_LIKE_PATTERN, line_of(lint, rule),
		"Rule " RULE
		" has no '~', and so it is no pattern: it matches the value \"%.160s\", "
		"to the letter, and nothing else.",
		text_of(lint, rule), value);
	advise(lint,
		"For a regular expression write %s = ~PATTERN, in which .* is \"and whatever "
		"comes then\".",
		role_of(lint, rule)->name);
}

/* What elsewhere encloses a value, or ends it. */
static const char *marks_of(const char *rule)
{
	const char *wanted = rule_text_wanted(rule);
	size_t len = strlen(wanted);
	char last = '\0';

	if (len > 1)
		last = wanted[len - 1];
	if (last == *wanted && (last == '"' || last == '\''))
		return "The quotation marks";
	if (last == '/' && *wanted == '/' && rule_text_is_pattern(rule))
		return "The slashes around it";
	if (strstr(wanted, " #") || strstr(wanted, " ;"))
		return "What looks like a comment";
	return NULL;
}

static void look_for_marks(struct lint *lint, size_t rule)
{
	const char *marks = marks_of(text_of(lint, rule));

	if (!marks)
		return;
	find(lint, LINT_MARKS, line_of(lint, rule),
		"%s in rule " RULE " is part of what it matches.", marks, text_of(lint, rule));
	advise(lint, "Leave it away: values and patterns stand there as they are, and comments in "
		     "lines of their own.");
}

static void look_for_hard(struct lint *lint, size_t rule)
{
	if (!rules_probe_is_hard(lint->probe, rule))
		return;
	find(lint, LINT_TOO_HARD, line_of(lint, rule),
		"The pattern of rule " RULE
		" takes more steps than a sign-in may, at some value that "
		"was tried: whoever has such a value is refused.",
		text_of(lint, rule));
	advise(lint, "Let it repeat nothing that is repeated itself, such as (a+)+ or (.*)*.");
}

static void look_at_rule(struct lint *lint, size_t rule)
{
	look_for_width(lint, rule);
	look_for_cover(lint, rule);
	look_for_prefix(lint, rule);
	look_for_marks(lint, rule);
	look_for_hard(lint, rule);
	if (rule_text_is_pattern(text_of(lint, rule)))
		look_for_name(lint, rule);
	else
		look_for_pattern(lint, rule);
}

/* Where nobody else gives it, viewer is what remains. */
static bool is_given(const struct config *config, const struct config_role *role)
{
	bool falls_to_all = !config->no_match_deny || config->no_claim_viewer;

	return config_role_has_rule(config, role->name) ||
	       (role == &config->roles[0] && falls_to_all);
}

/* One that is built in is there whether it is wanted or not. */
static void look_for_rule(struct lint *lint, const struct config_role *role)
{
	if (lint->config->rule_count == 0 || is_given(lint->config, role))
		return;
	find(lint, LINT_ROLE_WITHOUT_RULE, role->line, "No rule gives the role %s: nobody has it.",
		role->name);
	lint->finding.is_note = role->line == 0;
	if (role->line)
		advise(lint, "Add a rule, %s = VALUE, or take [role %s] out.", role->name,
			role->name);
	else
		advise(lint, "If somebody is to have it, add a rule: %s = VALUE", role->name);
}

static void look_at_group(struct lint *lint, const struct config_role *role, const char *group)
{
	const char *gives = privileged_group_gives(group);

	if (!gives)
		return;
	find(lint, LINT_PRIVILEGED_GROUP, role->line,
		"Whoever has the role %s is in the group %s, and %s.", role->name, group, gives);
	lint->finding.is_note = true; /* allow_privileged stands there */
	advise(lint, "If that is not meant, take %s and allow_privileged out of [role %s].", group,
		role->name);
}

static void look_at_role(struct lint *lint, const struct config_role *role)
{
	look_for_rule(lint, role);
	look_at_group(lint, role, role->group);
	for (size_t i = 0; i < role->local_groups.count; i++)
		look_at_group(lint, role, role->local_groups.items[i]);
}

static void look_at_door(struct lint *lint, const char *key, bool is_open, const char *who)
{
	if (!is_open || !is_public(lint))
		return;
	find(lint, LINT_OPEN_DOOR, 0,
		"%s in [roles] is viewer: anybody in the world can have an account at this provider, "
		"and is a viewer of this host %s.",
		key, who);
	advise(lint, "Set %s = deny, and let a rule name who is to be a viewer: viewer = VALUE",
		key);
}

void roles_lint(const struct rules_probe *probe, lint_visitor *visit, void *context)
{
	struct lint lint = {.probe = probe,
		.config = rules_probe_config(probe),
		.visit = visit,
		.context = context};

	for (size_t i = 0; i < lint.config->rule_count; i++)
		look_at_rule(&lint, i);
	look_at_door(&lint, "no_match", !lint.config->no_match_deny, "though no rule names them");
	look_at_door(&lint, "no_claim", lint.config->no_claim_viewer, "without any claim");
	for (size_t i = 0; i < lint.config->role_count; i++)
		look_at_role(&lint, &lint.config->roles[i]);
}

enum cosmo_err roles_lint_config(const struct config *config, lint_visitor *visit, void *context,
	struct config_problem *ret_problem)
{
	COSMO_AUTO(rules_probe_free) struct rules_probe *probe = NULL;
	enum cosmo_err err = rules_probe_new(config, &probe);

	if (!err)
		err = rules_probe_ask(probe, ret_problem);
	if (!err)
		roles_lint(probe, visit, context);
	return err;
}

static void count(void *context, const struct lint_finding *finding)
{
	size_t *found = context;

	*found += !finding->is_note;
}

enum cosmo_err roles_lint_count(const struct config *config, size_t *ret_count)
{
	struct config_problem problem = {0};
	size_t found = 0;
	enum cosmo_err err = roles_lint_config(config, count, &found, &problem);

	if (!err)
		*ret_count = found;
	return err;
}

bool roles_lint_hint(const char *text, char *ret, size_t ret_size)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	size_t found = 0;

	if (config_parse(text, strlen(text), &config, &problem) ||
		roles_lint_count(config, &found) || found == 0)
		return false;
	(void)snprintf(ret, ret_size,
		"%zu %s in the configuration may not be meant so: `cosmo-ssoctl roles lint` tells of it",
		found, found == 1 ? "thing" : "things");
	return true;
}
