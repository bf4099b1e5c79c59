/* SPDX-License-Identifier: MIT */
#include "ctl/sudo_traps.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/auto.h"

#define BLANKS " \t\r"

static const struct {
	const char *option;
	bool is_text; /* a PAM service; else a flag that is a trap at @bad */
	bool bad;
	const char *usual; /* the services that are asked by themselves */
	const char *password_of;
} options[] = {
	{"pam_acct_mgmt", false, false, NULL, NULL},
	{"targetpw", false, true, NULL, "of whom a command runs as"},
	{"rootpw", false, true, NULL, "of root"},
	{"runaspw", false, true, NULL, "of runas_default"},
	{"pam_service", true, false, "sudo", NULL},
	{"pam_login_service", true, false, "sudo-i", NULL},
};

/* Take over @trap; what is found later about the same option counts. */
static void put(struct sudo_traps *traps, const struct sudo_trap *trap)
{
	for (size_t i = 0; i < traps->count; i++)
		if (streq(traps->items[i].option, trap->option)) {
			traps->items[i] = *trap;
			return;
		}
	if (traps->count < SUDO_TRAPS_MAX)
		traps->items[traps->count++] = *trap;
}

static void drop(struct sudo_traps *traps, const char *option)
{
	for (size_t i = 0; i < traps->count; i++)
		if (streq(traps->items[i].option, option))
			traps->items[i] = traps->items[--traps->count];
}

/* What the setting number @index comes to with this value; @bound: for some alone. */
static void weigh(struct sudo_traps *traps, size_t index, struct json_object *value, bool bound)
{
	struct sudo_trap trap = {.option = options[index].option,
		.negated = !options[index].bad,
		.password_of = options[index].password_of};
	const char *text = json_object_get_string(value);
	bool bad = false;

	if (options[index].is_text) {
		trap.negated = false;
		(void)snprintf(trap.service, sizeof(trap.service), "%s", text ? text : "");
		bad = !streq(text, options[index].usual);
	} else {
		bad = json_object_get_boolean(value) == options[index].bad;
	}
	if (bad)
		put(traps, &trap);
	else if (!bound)
		drop(traps, trap.option);
}

static void read_settings(struct sudo_traps *traps, struct json_object *settings, bool bound)
{
	for (size_t i = 0; i < json_object_array_length(settings); i++) {
		struct json_object *setting = json_object_array_get_idx(settings, i);
		struct json_object *value = NULL;

		for (size_t k = 0; k < COSMO_ARRAY_LEN(options); k++)
			if (json_object_object_get_ex(setting, options[k].option, &value))
				weigh(traps, k, value, bound);
	}
}

/* First what holds for everybody, then what does for some: neither takes back the other. */
static void read_defaults(struct sudo_traps *traps, struct json_object *defaults, bool bound)
{
	for (size_t i = 0; i < json_object_array_length(defaults); i++) {
		struct json_object *entry = json_object_array_get_idx(defaults, i);
		struct json_object *binding = NULL;
		struct json_object *settings = NULL;

		if (json_object_object_get_ex(entry, "Binding", &binding) == bound &&
			json_object_object_get_ex(entry, "Options", &settings) &&
			json_object_is_type(settings, json_type_array))
			read_settings(traps, settings, bound);
	}
}

bool sudo_traps_read(const char *json, struct sudo_traps *ret)
{
	const char *start = strchr(json, '{');
	struct json_object *root = start ? json_tokener_parse(start) : NULL;
	struct json_object *defaults = NULL;
	bool is_object = json_object_is_type(root, json_type_object);

	*ret = (struct sudo_traps){.count = 0};
	if (is_object && json_object_object_get_ex(root, "Defaults", &defaults) &&
		json_object_is_type(defaults, json_type_array)) {
		read_defaults(ret, defaults, false);
		read_defaults(ret, defaults, true);
	}
	json_object_put(root);
	return is_object;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Where in the line of @len bytes the option begins, with its '!'; NULL: nowhere. */
static const char *find_option(const char *line, size_t len, const struct sudo_trap *trap)
{
	size_t name = strlen(trap->option);
	const char *end = line + len;

	for (const char *at = line + 1; at + name <= end; at++) {
		if (strncmp(at, trap->option, name) != 0 || is_name(at[-1]) ||
			(at + name < end && is_name(at[name])))
			continue;
		if ((at[-1] == '!') == trap->negated)
			return at - trap->negated;
	}
	return NULL;
}

static bool is_defaults(const char *line)
{
	static const char word[] = "Defaults";

	line += strspn(line, BLANKS);
	return strncmp(line, word, strlen(word)) == 0 && !is_name(line[strlen(word)]);
}

unsigned int sudo_traps_line(const char *sudoers, const struct sudo_trap *trap)
{
	unsigned int found = 0;
	bool goes_on = false;

	for (unsigned int number = 1; *sudoers; number++) {
		size_t len = strcspn(sudoers, "\n");

		if ((goes_on || is_defaults(sudoers)) && find_option(sudoers, len, trap))
			found = number;
		goes_on = len > 0 && sudoers[len - 1] == '\\' && (goes_on || is_defaults(sudoers));
		sudoers += len + (sudoers[len] == '\n');
	}
	return found;
}

/* The line without the bytes from @from to @end, and without the comma that parted them. */
static char *cut(const char *line, size_t len, const char *from, const char *end)
{
	char *result = NULL;
	const char *before = from;
	size_t rest = 0;

	while (before > line && strchr(BLANKS, before[-1]))
		before--;
	if (before > line && before[-1] == ',')
		from = before - 1;
	else if (end < line + len && *end == ',')
		end += 1 + strspn(end + 1, BLANKS);
	rest = (size_t)(line + len - end);
	if (asprintf(&result, "%.*s%.*s", (int)(from - line), line, (int)rest, end) < 0)
		return NULL;
	return result;
}

/* Is there nothing in the line but "Defaults" and whom it is about? */
static bool is_bare(const char *line)
{
	line += strspn(line, BLANKS);
	line += strcspn(line, BLANKS);
	return line[strspn(line, BLANKS)] == '\0';
}

bool sudo_traps_without(
	const char *sudoers, unsigned int number, const struct sudo_trap *trap, char **ret)
{
	COSMO_AUTO(free) char *line = NULL;
	const char *from = NULL;
	size_t len = 0;

	while (--number && *sudoers)
		sudoers += strcspn(sudoers, "\n") + (sudoers[strcspn(sudoers, "\n")] == '\n');
	len = strcspn(sudoers, "\n");
	from = len ? find_option(sudoers, len, trap) : NULL;
	if (!from)
		return false;
	line = cut(sudoers, len, from, from + strcspn(from, ",\n"));
	if (line && is_bare(line))
		line[0] = '\0';
	*ret = COSMO_STEAL(&line);
	return *ret != NULL;
}
