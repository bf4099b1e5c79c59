/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/switcher.h"

/* PAM_USER is the target in su, and in sudo where it asks for the target's password. polkit's
 * helper is none of these: whoever is at hand may confirm what another one's session asks for. */
static const char *const switching[] = {"su", "su-l", "runuser", "runuser-l", "sudo", "sudo-i"};

static bool is_switching(const char *service)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(switching); i++)
		if (streq(switching[i], service))
			return true;
	return false;
}

enum cosmo_err switcher_find(const struct caller *caller, struct ours *ret)
{
	struct ours who = {0};
	enum cosmo_err err = COSMO_OK;

	if (caller->ruid == 0 || !is_switching(caller->service))
		return COSMO_E_NOT_OURS;
	err = ours_find_uid(caller->ruid, &who);
	if (err)
		return err;
	if (streq(who.user.name, caller->user))
		return COSMO_E_NOT_OURS;
	*ret = who;
	return COSMO_OK;
}
