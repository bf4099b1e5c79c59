/* SPDX-License-Identifier: MIT */
/* The words of `connect`. */
#pragma once

#include <stdbool.h>

#include "ctl/command.h"
#include "ctl/options.h"

/* NULL, false: not given. All texts are borrowed. */
struct connect_options {
	const char *issuer;
	const char *client_id;
	const char *client_secret_file;
	const char *ca_file;
	const char *proxy;
	const char *claim;
	const char *username_claim;
	const char *scopes;
	struct option_values rules;
	bool client_secret; /* to be typed in */
	bool dry_run;
	bool json;
	bool yes;
};

/* Read them and look whether each writes into the configuration what it says and nothing else.
 * False when something is wrong: it has been said then. */
bool connect_options_read(
	const struct command *self, int argc, char **argv, struct connect_options *ret);

/* One line, "role=...": which role and which value, the configuration's reader says. */
bool connect_options_is_rule(const char *rule);
