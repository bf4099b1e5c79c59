/* SPDX-License-Identifier: MIT */
/* [rules]: role = value, role = ~pattern. */
#include <stdio.h>
#include <string.h>

#include "common/config_reader.h"

#define SEPARATOR      " = "
#define MAX_RULE_BYTES ((size_t)1023)

enum cosmo_err config_rules_add(struct config_reader *reader, const struct ini_line *line)
{
	struct config *config = reader->config;
	const char *tilde = line->value[0] == '~' ? "~" : "";
	const char *wanted = line->value + strlen(tilde);
	struct config_rule *rule = &config->rules[config->rule_count];

	wanted += strspn(wanted, " \t");
	if (!*wanted)
		return config_wrong(reader, line->number,
			"rule without a value; a rule is \"role = claim value\" or \"role = "
			"~pattern\"");
	if (config->rule_count == CONFIG_MAX_RULES)
		return config_wrong(reader, line->number, "more than %d rules", CONFIG_MAX_RULES);
	if (strlen(line->key) + strlen(line->value) + strlen(SEPARATOR) > MAX_RULE_BYTES)
		return config_wrong(
			reader, line->number, "rule of more than %zu bytes", MAX_RULE_BYTES);
	if (asprintf(&rule->text, "%s" SEPARATOR "%s%s", line->key, tilde, wanted) < 0) {
		rule->text = NULL;
		return COSMO_E_NOMEM;
	}
	rule->line = line->number;
	config->rule_count++;
	return COSMO_OK;
}

static bool names_role(const struct config_rule *rule, const char *role)
{
	size_t len = strlen(role);

	return strncmp(rule->text, role, len) == 0 &&
	       strncmp(rule->text + len, SEPARATOR, strlen(SEPARATOR)) == 0;
}

bool config_role_has_rule(const struct config *config, const char *role)
{
	for (size_t i = 0; i < config->rule_count; i++)
		if (names_role(&config->rules[i], role))
			return true;
	return false;
}

static bool role_is_known(const struct config *config, const struct config_rule *rule)
{
	for (size_t i = 0; i < config->role_count; i++)
		if (names_role(rule, config->roles[i].name))
			return true;
	return false;
}

enum cosmo_err config_rules_finish(struct config_reader *reader)
{
	const struct config *config = reader->config;
	char roles[320] = "";

	config_roles_list(config, roles, sizeof(roles));
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct config_rule *rule = &config->rules[i];

		if (role_is_known(config, rule))
			continue;
		(void)config_wrong(reader, rule->line,
			"rule for the role \"%.64s\", which is not declared; there are %s; add "
			"[role NAME] for another",
			rule->text, roles);
		return COSMO_E_RULE_ROLE;
	}
	if (config->rule_count > 0 || !config_is_connected(config))
		return COSMO_OK;
	(void)config_wrong(reader, reader->section_lines[SECTION_RULES],
		"no rule in [rules]; at least one is needed, for example: admin = NAME-OF-A-GROUP");
	return COSMO_E_RULES_EMPTY;
}
