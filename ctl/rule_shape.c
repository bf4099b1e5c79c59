/* SPDX-License-Identifier: MIT */
#include "ctl/rule_shape.h"

#include <ctype.h>
#include <string.h>

#include "common/base/auto.h"

/* What the next '*', '+' or '?' would repeat. */
enum before {
	BEFORE_NOTHING,
	BEFORE_LITERAL,
	BEFORE_REPEAT, /* of a literal: the second '+' of "C++" */
	BEFORE_MEANT,  /* '.', a group, a class, an escape: who repeats these knows what it is */
};

struct scan {
	const char *start;
	const char *at;
	enum before before;
	char repeated; /* by a '*' that is none of a pattern's */
	bool is_meant;
	bool has_sign;
};

static bool is_edge(char c)
{
	return c == '\0' || c == ' ';
}

/* "[a-z]", "[^x]", "[[:alpha:]]", "[\\d]"; not "[EU]". */
static bool has_range(const char *class, const char *end)
{
	if (class[1] == '^' || class[1] == '[' || memchr(class, '\\', (size_t)(end - class)))
		return true;
	for (const char *at = class + 2; at + 1 < end; at++)
		if (*at == '-')
			return true;
	return false;
}

static void scan_class(struct scan *scan)
{
	const char *class = scan->at;
	const char *end = class[1] ? strchr(class + 2, ']') : NULL;

	scan->has_sign = true;
	scan->before = BEFORE_MEANT;
	if (!end)
		return;
	scan->at = end;
	/* A word of its own in brackets is how people write names. */
	if (has_range(class, end) || !is_edge(end[1]) ||
		!(class == scan->start || class[-1] == ' '))
		scan->is_meant = true;
}

/* A '*' on a letter, '-' or '_', or as the last of all, is what a shell would take. */
static bool is_glob(const struct scan *scan)
{
	char repeated = scan->at[-1];

	if (isalnum((unsigned char)repeated) || repeated == '-' || repeated == '_')
		return true;
	return scan->at[1] == '\0' && repeated != ' ';
}

static void scan_repeat(struct scan *scan)
{
	scan->has_sign = true;
	if (scan->before == BEFORE_MEANT)
		scan->is_meant = true;
	if (scan->before != BEFORE_LITERAL)
		return;
	if (*scan->at == '*' && is_glob(scan))
		scan->repeated = scan->at[-1];
	scan->before = BEFORE_REPEAT;
}

static void scan_escape(struct scan *scan)
{
	scan->is_meant = true;
	scan->before = BEFORE_MEANT;
	if (scan->at[1])
		scan->at++;
}

static void scan_bracket(struct scan *scan)
{
	scan->has_sign = true;
	scan->before = *scan->at == '(' ? BEFORE_NOTHING : BEFORE_MEANT;
	if (*scan->at == '(' && (scan->at[1] == '?' || scan->at[1] == '*'))
		scan->is_meant = true;
}

static void scan_sign(struct scan *scan)
{
	char c = *scan->at;

	scan->has_sign = true;
	scan->before = c == '.' ? BEFORE_MEANT : BEFORE_NOTHING;
	if (c == '|' || (c == '^' && scan->at == scan->start) || (c == '$' && !scan->at[1]))
		scan->is_meant = true;
}

static void scan_next(struct scan *scan)
{
	char c = *scan->at;

	if (c == '\\')
		scan_escape(scan);
	else if (c == '[')
		scan_class(scan);
	else if (c == '(' || c == ')')
		scan_bracket(scan);
	else if (c == '*' || c == '+' || c == '?')
		scan_repeat(scan);
	else if (c == '.' || c == '|' || c == '^' || c == '$')
		scan_sign(scan);
	else if (c == '{' && isdigit((unsigned char)scan->at[1]))
		scan->is_meant = true;
	else
		scan->before = BEFORE_LITERAL;
}

enum rule_shape rule_shape_of_pattern(const char *pattern, char *ret_repeated)
{
	struct scan scan = {.start = pattern, .at = pattern};

	for (; *scan.at; scan.at++)
		scan_next(&scan);
	*ret_repeated = scan.repeated;
	if (scan.repeated)
		return RULE_SHAPE_GLOB;
	if (scan.is_meant)
		return RULE_SHAPE_PATTERN;
	return scan.has_sign ? RULE_SHAPE_NAME : RULE_SHAPE_PLAIN;
}

/* "[a-z]" or "[^x]"; a group may well be named [EU] or [x-y] apart from that. */
static bool has_class(const char *value)
{
	for (const char *at = strchr(value, '['); at; at = strchr(at + 1, '['))
		if (at[1] == '^' || (at[1] && at[2] == '-' && at[3] && at[4] == ']'))
			return true;
	return false;
}

/* '\' alone is in names of Windows domains. */
static bool has_escape(const char *value)
{
	for (const char *at = strchr(value, '\\'); at; at = strchr(at + 1, '\\'))
		if (at[1] && (strchr(".-()[]+*?|^$", at[1]) ||
				     (strchr("dwsS", at[1]) && at[2] && strchr("+*", at[2]))))
			return true;
	return false;
}

static bool has_choice(const char *value)
{
	const char *bar = strchr(value, '|');

	return bar && bar > value && bar[-1] != ' ' && !is_edge(bar[1]);
}

bool rule_shape_value_is_odd(const char *value)
{
	static const char *const signs[] = {".+", "*", "(?"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(signs); i++)
		if (strstr(value, signs[i]))
			return true;
	return value[0] == '^' || has_class(value) || has_escape(value) || has_choice(value);
}
