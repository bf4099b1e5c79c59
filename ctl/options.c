/* SPDX-License-Identifier: MIT */
#include "ctl/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/base/auto.h"

#define MAX_SPECS 24

static bool take(const struct command *command, const struct option_spec *spec, const char *value)
{
	const char **text = spec->target;
	struct option_values *values = spec->target;

	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)spec->target = true;
		return true;
	case OPTION_TEXT:
		if (*text) {
			command_usage_error(command, "--%s is given twice", spec->name);
			return false;
		}
		*text = value;
		return true;
	case OPTION_MANY:
		if (values->count == OPTIONS_MAX_VALUES) {
			command_usage_error(command, "too many --%s", spec->name);
			return false;
		}
		values->items[values->count++] = value;
		return true;
	}
	return false;
}

/* "--a, --b, --c", for messages. */
static void list_options(const struct option_spec *specs, size_t count, char *ret, size_t ret_size)
{
	size_t len = 0;

	snprintf(ret, ret_size, "none");
	for (size_t i = 0; i < count && len < ret_size; i++) {
		int added =
			snprintf(ret + len, ret_size - len, "%s--%s", i ? ", " : "", specs[i].name);

		len += added > 0 ? (size_t)added : 0;
	}
}

/* @word is the option as it was given; what stands behind a '=' may be a secret. */
static void refuse(const struct command *command, int found, const char *word,
	const struct option_spec *specs, size_t count)
{
	int len = (int)strcspn(word, "=");
	char known[512] = "";

	if (found == ':') {
		command_usage_error(command, "%s needs a value", word);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (word[len] != '=' || strlen(specs[i].name) + 2 != (size_t)len ||
			strncmp(word + 2, specs[i].name, (size_t)len - 2) != 0)
			continue;
		command_usage_error(command, "%.*s takes no value", len, word);
		return;
	}
	list_options(specs, count, known, sizeof(known));
	command_usage_error(
		command, "there is no option %.*s; its options are: %s", len, word, known);
}

bool options_parse(const struct command *command, int argc, char **argv,
	const struct option_spec *specs, size_t count, int *ret_first)
{
	struct option table[MAX_SPECS + 1] = {0};

	for (size_t i = 0; i < count && i < MAX_SPECS; i++) {
		table[i].name = specs[i].name;
		table[i].has_arg = specs[i].kind == OPTION_FLAG ? no_argument : required_argument;
	}
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	for (;;) {
		int index = 0;
		char letter[] = "-?";
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
		int found = getopt_long(argc, argv, ":", table, &index);

		if (found == -1)
			break;
		letter[1] = (char)optopt;
		if (found != 0)
			refuse(command, found, optopt ? letter : argv[optind - 1], specs, count);
		if (found != 0 || !take(command, &specs[index], optarg))
			return false;
	}
	*ret_first = optind;
	return true;
}
