/* SPDX-License-Identifier: MIT */
/* doctor: are the programs and modules of ours there, and do they start? */
#include <pwd.h>
#include <sys/stat.h>

#include "ctl/doctor_place.h"
#include "ctl/module_load.h"
#include "paths.h"

#define INSTALL "Install cosmo-sso again."
#define PROGRAM S_IFREG, 0755, 022, 0555
#define LIBRARY S_IFREG, 0644, 022, 0444

#define NSS_MODULE "libnss_cosmo.so.2"

static const struct doctor_place places[] = {
	{COSMO_HELPER_PATH, PROGRAM, INSTALL, DOCTOR_DOUBT_INSTALL, NULL},
	{COSMO_JUDGE_PATH, PROGRAM, INSTALL, DOCTOR_DOUBT_INSTALL, NULL},
	{COSMO_FETCH_PATH, PROGRAM, INSTALL, DOCTOR_DOUBT_INSTALL, NULL},
};

/* Stacks go by a module that does not load as if there were no line of it. */
static bool look_at_pam_module(struct doctor_list *list)
{
	static const struct doctor_place place = {
		COSMO_PAM_MODULE_PATH, LIBRARY, INSTALL, DOCTOR_DOUBT_INSTALL, NULL};
	char why[256] = "";

	if (!doctor_place_look(list, &place))
		return false;
	if (module_load_try(COSMO_PAM_MODULE_PATH, why, sizeof(why)))
		return true;
	doctor_wrong(list, "PAM cannot load our module, and lets everybody pass it: %s", why);
	doctor_mend(list, INSTALL);
	return false;
}

static bool look_at_nss_module(struct doctor_list *list)
{
	char why[256] = "";

	if (module_load_try(NSS_MODULE, why, sizeof(why)))
		return true;
	doctor_wrong(list, "look-ups cannot load our plugin: %s", why);
	doctor_mend(list, INSTALL " Then: ldconfig");
	return false;
}

static bool look_at_user(struct doctor_list *list, const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread */
	if (getpwnam(name))
		return true;
	doctor_wrong(list, "the system user %s is missing: nobody can sign in", name);
	doctor_mend(list, "systemd-sysusers cosmo-sso.conf");
	return false;
}

static void look(struct doctor_list *list)
{
	bool good = true;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(places); i++)
		good = doctor_place_look(list, &places[i]) && good;
	good = look_at_pam_module(list) && good;
	good = look_at_nss_module(list) && good;
	good = look_at_user(list, COSMO_JUDGE_USER) && good;
	good = look_at_user(list, COSMO_FETCH_USER) && good;
	if (good)
		doctor_ok(list, "the programs, modules and system users are there");
}

const struct doctor_check doctor_check_programs = {
	.name = "programs",
	.run = look,
};
