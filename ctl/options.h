/* SPDX-License-Identifier: MIT */
/* Long options from a table, by getopt_long(3). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/command.h"

#define OPTIONS_MAX_VALUES 256

enum option_kind {
	OPTION_FLAG, /* bool * */
	OPTION_TEXT, /* const char **: may be given once */
	OPTION_MANY, /* struct option_values *: may be repeated */
};

struct option_values {
	const char *items[OPTIONS_MAX_VALUES];
	size_t count;
};

struct option_spec {
	const char *name;
	enum option_kind kind;
	void *target;
};

/*
 * Read the options of argv[1..]; operands are moved behind them. *ret_first is the index of the
 * first operand. False when something is wrong; it has been said then.
 */
bool options_parse(const struct command *command, int argc, char **argv,
	const struct option_spec *specs, size_t count, int *ret_first);
