/* SPDX-License-Identifier: MIT */
/* cosmo-ssoctl user lock, unlock, disconnect, remove. */
#pragma once

#include <stdbool.h>

#include "common/user_change.h"
#include "ctl/command.h"

struct user_change_words {
	const char *why; /* NULL: none is given */
	bool keep_sessions;
	bool dry_run;
	bool yes;
	bool json;
};

/* Which change @verb is; false: none. */
bool user_change_is_verb(const char *verb, enum user_change *ret);

/* Do it, for `remove` after a question, and say what came of it. Returns the exit code. */
int user_change_run(const struct command *self, const char *name, enum user_change change,
	const struct user_change_words *words);
