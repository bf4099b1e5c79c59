/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/entry_origin.h"

#include "common/base/uid_candidate.h"

/* Where our uids lie unless configured otherwise. */
#define DEFAULT_UID_MIN 0x70000400U
#define DEFAULT_UID_MAX 0x7ffdffffU

bool entry_has_our_form(const struct passwd *pw)
{
	return streq(pw->pw_passwd, "*") && pw->pw_uid == pw->pw_gid;
}

/* What the plugin answers to sshd is computed from seed, name and range. */
static enum cosmo_err check_computed(
	const struct enrollable_places *places, int private_fd, const struct passwd *pw)
{
	struct users_db_settings settings;
	enum cosmo_err err = users_db_settings(places->db, &settings);

	if (err)
		return COSMO_E_IO; /* the range cannot be told */
	return uid_candidate_is_tried(
		private_fd, pw->pw_name, settings.uid_min, settings.uid_max, pw->pw_uid);
}

static enum cosmo_err check_entry(
	const struct enrollable_places *places, const struct passwd *pw, bool is_sshd)
{
	COSMO_AUTO_FD int fd = -1;
	enum cosmo_err err = enrollable_open_private(places, &fd);

	if (!err)
		err = uid_candidate_is_registered(fd, pw->pw_name, pw->pw_uid);
	if (err == COSMO_E_NOT_FOUND && is_sshd)
		err = check_computed(places, fd, pw);
	return err;
}

enum entry_origin entry_origin_find(
	const struct enrollable_places *places, const struct passwd *pw, bool is_sshd)
{
	enum cosmo_err err = COSMO_OK;

	if (!entry_has_our_form(pw))
		return ORIGIN_OTHER;
	err = check_entry(places, pw, is_sshd);
	if (!err)
		return ORIGIN_OURS;
	/* Nobody was ever enrolled here, or not this one. */
	if (err == COSMO_E_NOT_FOUND || err == COSMO_E_STORE_MISSING)
		return ORIGIN_OTHER;
	return pw->pw_uid >= DEFAULT_UID_MIN && pw->pw_uid <= DEFAULT_UID_MAX ? ORIGIN_UNSURE
									      : ORIGIN_OTHER;
}
