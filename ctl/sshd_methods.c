/* SPDX-License-Identifier: MIT */
#include "ctl/sshd_methods.h"

#include <stdio.h>
#include <string.h>

#include "common/base/auto.h"
#include "ctl/host_edit.h"
#include "ctl/sshd_check.h"

#define KEYWORD "AuthenticationMethods"
#define GROUP   "cosmo-users" /* as in our drop-in */
#define CODE    "keyboard-interactive"

bool sshd_methods_lack_code(const char *settings, const char *folder, struct sshd_methods *ret)
{
	struct sshd_lines lines = {.count = 0};
	size_t len = 0;
	const char *demand = sshd_check_other_methods(settings, &len);

	if (!demand)
		return false;
	*ret = (struct sshd_methods){.demand = ""};
	(void)snprintf(ret->demand, sizeof(ret->demand), "%.*s", (int)len, demand);
	sshd_lines_find_of_group(folder, HOST_SSHD_DROPIN, GROUP, KEYWORD, &lines);
	if (lines.count == 0)
		return true;
	/* What a Match block says goes before what is outside of all, and the first before others.
	 */
	ret->line = lines.items[0];
	(void)snprintf(ret->demand, sizeof(ret->demand), "%s", ret->line.value);
	return !streq(ret->demand, "any") && !strstr(ret->demand, CODE);
}
