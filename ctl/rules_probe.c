/* SPDX-License-Identifier: MIT */
#include "ctl/rules_probe.h"

#include <string.h>

#include "ctl/rule_text.h"

#define EVERY_VALUE RULES_PROBE_EVERY_VALUE
#define FIXED_COUNT COSMO_ARRAY_LEN(fixed)
/* A message holds no longer one, and the claims have to be one message. */
#define MAX_VALUE_BYTES ((size_t)512)
#define MAX_BYTES       ((size_t)100 * 1024)

/* Nobody has these, and two of a kind have nothing in common but their kind. */
static const struct {
	const char *value;
	const char *kind;
} fixed[] = {
	{"zqxjkv", "word in lower case"},
	{"vkwqpzxgjj", "word in lower case"},
	{"zqxj-kvwp", "pair of words with a hyphen between"},
	{"wvqxk-pzj", "pair of words with a hyphen between"},
	{"7d3f0b9e-51c4-4e0a-9b7d-2c6a1f8e4d03", "object id (GUID)"},
	{"e1a9c7d2-0b36-4f58-8c1e-93d5b7f0a642", "object id (GUID)"},
	{"/zqxj/kvwp", "path that begins with '/'"},
	{"/wvqxk/pzj/gq", "path that begins with '/'"},
	{"zqxjkv.com", "domain"},
	{"wvqx-pzj.example.net", "domain"},
	{"Zq7 &%~#=;:,!", EVERY_VALUE},
	{"\xd0\x96\xc3\x9c \xe5\xad\x97", EVERY_VALUE},
};

struct rules_probe {
	const struct config *config;
	const char **values;
	size_t count;
	size_t bytes;
	bool *matches; /* rule by rule, each with room for @most */
	size_t most;
	bool is_hard[CONFIG_MAX_RULES];
};

void rules_probe_free(struct rules_probe *probe)
{
	if (!probe)
		return;
	free(probe->values);
	free(probe->matches);
	free(probe);
}

/* The index of @value, or the number of values. */
static size_t find(const struct rules_probe *probe, const char *value)
{
	size_t i = 0;

	while (i < probe->count && !streq(probe->values[i], value))
		i++;
	return i;
}

static void add(struct rules_probe *probe, const char *value)
{
	size_t len = strlen(value);

	if (len > MAX_VALUE_BYTES || len > MAX_BYTES - probe->bytes ||
		find(probe, value) < probe->count)
		return;
	probe->values[probe->count++] = value;
	probe->bytes += len;
}

enum cosmo_err rules_probe_new(const struct config *config, struct rules_probe **ret)
{
	COSMO_AUTO(rules_probe_free) struct rules_probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return COSMO_E_NOMEM;
	probe->config = config;
	probe->most = FIXED_COUNT + config->rule_count;
	probe->values = calloc(probe->most, sizeof(*probe->values));
	/* One more, for no rules are no reason for no memory. */
	probe->matches = calloc(probe->most, (config->rule_count + 1) * sizeof(*probe->matches));
	if (!probe->values || !probe->matches)
		return COSMO_E_NOMEM;
	for (size_t i = 0; i < FIXED_COUNT; i++)
		add(probe, fixed[i].value);
	for (size_t i = 0; i < config->rule_count; i++)
		add(probe, rule_text_wanted(config->rules[i].text));
	*ret = COSMO_STEAL(&probe);
	return COSMO_OK;
}

const struct config *rules_probe_config(const struct rules_probe *probe)
{
	return probe->config;
}

size_t rules_probe_count(const struct rules_probe *probe)
{
	return probe->count;
}

const char *rules_probe_value(const struct rules_probe *probe, size_t index)
{
	return probe->values[index];
}

void rules_probe_note_match(struct rules_probe *probe, const char *rule, const char *value)
{
	size_t index = find(probe, value);

	if (index == probe->count)
		return;
	for (size_t i = 0; i < probe->config->rule_count; i++)
		if (streq(probe->config->rules[i].text, rule))
			probe->matches[i * probe->most + index] = true;
}

void rules_probe_note_hard(struct rules_probe *probe, size_t rule)
{
	probe->is_hard[rule] = true;
}

bool rules_probe_matches(const struct rules_probe *probe, size_t rule, const char *value)
{
	size_t index = find(probe, value);

	return index < probe->count && probe->matches[rule * probe->most + index];
}

bool rules_probe_is_hard(const struct rules_probe *probe, size_t rule)
{
	return probe->is_hard[rule];
}

/* All of the fixed values of this kind; of EVERY_VALUE: all of them. */
static bool matches_all(const struct rules_probe *probe, size_t rule, const char *kind)
{
	for (size_t i = 0; i < FIXED_COUNT; i++)
		if ((streq(kind, EVERY_VALUE) || streq(fixed[i].kind, kind)) &&
			!rules_probe_matches(probe, rule, fixed[i].value))
			return false;
	return true;
}

const char *rules_probe_lets_through(const struct rules_probe *probe, size_t rule)
{
	if (matches_all(probe, rule, EVERY_VALUE))
		return EVERY_VALUE;
	for (size_t i = 0; i < FIXED_COUNT; i++)
		if (matches_all(probe, rule, fixed[i].kind))
			return fixed[i].kind;
	return NULL;
}
