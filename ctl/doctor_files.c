/* SPDX-License-Identifier: MIT */
/* doctor: the folders and files of ours that every process reads, and those that root alone does.
 */
#include <sys/stat.h>

#include "ctl/doctor_place.h"
#include "paths.h"

#define TMPFILES "systemd-tmpfiles --create cosmo-sso.conf"
/* tmpfiles makes the gate closed; what stands on the disk says whether it opens. */
#define GATE_MAKE TMPFILES " && cosmo-ssoctl boot"

/* Whoever has mapped the gate goes on reading it, and so it is written over and never replaced. */
#define GATE_RENEW                                                                                 \
	"chown root:root " COSMO_GATE_FILE " && chmod 644 " COSMO_GATE_FILE                        \
	" && dd if=" COSMO_GATE_TEMPLATE " of=" COSMO_GATE_FILE                                    \
	" conv=notrunc status=none && cosmo-ssoctl boot"
/* It makes users.1.db anew out of the records, whatever had become of it. */
#define USERS_RENEW "cosmo-ssoctl repair"

#define PUBLIC_FOLDER  S_IFDIR, 0755, 022, 0755, TMPFILES, DOCTOR_DOUBT_LOOK, NULL
#define PRIVATE_FOLDER S_IFDIR, 0700, 077, 0700, TMPFILES, DOCTOR_DOUBT_LOOK, NULL
#define PUBLIC_FILE    S_IFREG, 0644, 022, 0644

static const struct doctor_place places[] = {
	{COSMO_CONF_DIR, PUBLIC_FOLDER},
	{COSMO_STATE_DIR, PUBLIC_FOLDER},
	{COSMO_PRIVATE_DIR, PRIVATE_FOLDER},
	{COSMO_USERS_DB_FILE, PUBLIC_FILE, NULL, DOCTOR_DOUBT_RENEW, USERS_RENEW},
	{COSMO_CACHE_DIR, PRIVATE_FOLDER},
	{COSMO_RUN_DIR, PUBLIC_FOLDER},
	{COSMO_RUN_PRIVATE_DIR, PRIVATE_FOLDER},
	{COSMO_GATE_FILE, PUBLIC_FILE, GATE_MAKE, DOCTOR_DOUBT_RENEW, GATE_RENEW},
};

static void look(struct doctor_list *list)
{
	bool good = true;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(places); i++)
		good = doctor_place_look(list, &places[i]) && good;
	if (good)
		doctor_ok(list, "the folders and files of single sign-on are there, and root's");
}

const struct doctor_check doctor_check_files = {
	.name = "files",
	.run = look,
};
