/* SPDX-License-Identifier: MIT */
#include "ctl/options.h"

#include <getopt.h>

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

bool options_parse(const struct command *command, int argc, char **argv,
	const struct option_spec *specs, size_t count, int *ret_first)
{
	struct option table[MAX_SPECS + 1] = {0};

	for (size_t i = 0; i < count && i < MAX_SPECS; i++) {
		table[i].name = specs[i].name;
		table[i].has_arg = specs[i].kind == OPTION_FLAG ? no_argument : required_argument;
	}
	optind = 1;
	opterr = 0;
	for (;;) {
		int index = 0;
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
		int found = getopt_long(argc, argv, ":", table, &index);

		if (found == -1)
			break;
		if (found == ':')
			command_usage_error(command, "%s needs a value", argv[optind - 1]);
		else if (found == '?')
			command_usage_error(command, "there is no option %s", argv[optind - 1]);
		if (found != 0 || !take(command, &specs[index], optarg))
			return false;
	}
	*ret_first = optind;
	return true;
}
