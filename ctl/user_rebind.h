/* SPDX-License-Identifier: MIT */
/* cosmo-ssoctl user rebind: an enrolled name for another person. */
#pragma once

#include <stdbool.h>

#include "ctl/command.h"

struct user_rebind {
	const char *wait; /* for how long another person may take the name over; NULL: a day */
	const char *sub;  /* whose the name is from now on; NULL: whoever signs in next */
	bool cancel;
	bool dry_run;
	bool yes;
	bool json;
};

/* Is any of the options given that belong to rebind alone (not dry_run and yes)? */
bool user_rebind_is_asked(const struct user_rebind *options);

/* Show whose the name is, ask, and have it done. Returns the exit code. */
int user_rebind_run(
	const struct command *self, const char *name, const struct user_rebind *options);
