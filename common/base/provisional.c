/* SPDX-License-Identifier: MIT */
#include "common/base/provisional.h"

#include <errno.h>
#include <string.h>

#include "common/base/effective_roles.h"
#include "common/base/home_template.h"
#include "common/base/uid_candidate.h"

enum cosmo_err provisional_check(const struct enrollable_places *places,
	const struct users_db_settings *settings, const char *name)
{
	if (settings->provisional_on != 1)
		return COSMO_E_ENROLL_OFF;
	return enrollable_check(places, settings, name);
}

static enum cosmo_err pick_uid(const struct enrollable_places *places,
	const struct users_db_settings *settings, const char *name, uint32_t *ret_uid)
{
	COSMO_AUTO_FD int fd = -1;
	struct users_db_user holder;
	enum cosmo_err err = enrollable_open_private(places, &fd);

	if (!err)
		err = uid_candidate_pick(fd, name, settings->uid_min, settings->uid_max, ret_uid);
	if (err)
		return err;
	if (*ret_uid == 0 || *ret_uid < settings->uid_min || *ret_uid > settings->uid_max)
		return COSMO_E_UID;
	/* The register decides, but never show two names for one uid, whatever it says. */
	err = users_db_find_uid(places->db, *ret_uid, &holder);
	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	return err ? err : COSMO_E_UID;
}

static enum cosmo_err fill(const struct users_db_settings *settings, const char *name, uint32_t uid,
	struct users_db_user *ret)
{
	struct users_db_user entry = {
		.uid = uid,
		.gid = uid,
		.roles = ROLE_VIEWER_BIT,
		.reason = COSMO_E_NOT_ENROLLED,
	};
	enum cosmo_err err =
		home_template_expand(settings->home, name, entry.home, sizeof(entry.home));

	if (err)
		return err;
	memcpy(entry.name, name, strlen(name) + 1); /* enrollable_check() bounded it */
	memcpy(entry.shell, settings->shell, sizeof(entry.shell));
	*ret = entry;
	return COSMO_OK;
}

static enum cosmo_err lookup(
	const struct enrollable_places *places, const char *name, struct users_db_user *ret)
{
	struct users_db_settings settings;
	uint32_t uid = 0;
	enum cosmo_err err = users_db_settings(places->db, &settings);

	if (!err)
		err = provisional_check(places, &settings, name);
	if (!err)
		err = pick_uid(places, &settings, name, &uid);
	return err ? err : fill(&settings, name, uid, ret);
}

enum cosmo_err provisional_lookup(
	const struct enrollable_places *places, const char *name, struct users_db_user *ret)
{
	int saved_errno = errno;
	enum cosmo_err err = lookup(places, name, ret);

	errno = saved_errno;
	return err;
}

bool provisional_matches(const struct users_db_user *entry, const struct passwd *pw)
{
	return streq(entry->name, pw->pw_name) && streq("*", pw->pw_passwd) &&
	       entry->uid == pw->pw_uid && entry->gid == pw->pw_gid &&
	       streq(entry->gecos, pw->pw_gecos) && streq(entry->home, pw->pw_dir) &&
	       streq(entry->shell, pw->pw_shell);
}
