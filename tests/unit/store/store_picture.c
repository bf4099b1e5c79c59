/* SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_picture.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "pam_cosmo_sso/helper/shown_user.h"
#include "pam_cosmo_sso/helper/uid_register.h"

const char *const picture_names[PICTURE_PEOPLE] = {"ada", "bob", "cyd", "dan"};

static void name_roles(
	const struct users_db_settings *settings, uint64_t roles, char *ret, size_t size)
{
	for (uint32_t i = 0; i < 64; i++) {
		const char *name = i < settings->role_count ? settings->roles[i].name : "?";

		if (roles >> i & 1)
			snprintf(ret + strlen(ret), size - strlen(ret), "%s ", name);
	}
}

static bool same_user(const struct users_db_user *a, const struct users_db_user *b)
{
	return streq(a->name, b->name) && streq(a->gecos, b->gecos) && streq(a->home, b->home) &&
	       streq(a->shell, b->shell) && a->uid == b->uid && a->gid == b->gid &&
	       a->flags == b->flags && a->reason == b->reason && a->confirmed_s == b->confirmed_s &&
	       a->signed_in_s == b->signed_in_s &&
	       memcmp(a->integration, b->integration, INTEGRATION_BYTES) == 0;
}

bool sight_equals(const struct sight *a, const struct sight *b)
{
	if (a->is_there != b->is_there)
		return false;
	return !a->is_there || (same_user(&a->user, &b->user) && streq(a->roles, b->roles));
}

static const char *look_up(struct users_db *db, const char *name, struct sight *sight)
{
	struct users_db_user by_uid = {0};
	enum cosmo_err err = users_db_find_name(db, name, &sight->user);

	if (err == COSMO_E_NOT_FOUND || err == COSMO_E_STORE_MISSING)
		return NULL;
	if (err)
		return "a name cannot be read";
	sight->is_there = true;
	if (users_db_find_uid(db, sight->user.uid, &by_uid))
		return "a uid cannot be found";
	return same_user(&sight->user, &by_uid) && by_uid.roles == sight->user.roles
		       ? NULL
		       : "name and uid differ";
}

static int number_of(const char *name)
{
	for (int i = 0; i < PICTURE_PEOPLE; i++)
		if (streq(picture_names[i], name))
			return i;
	return -1;
}

static const char *enumerate(struct users_db *db, struct picture *picture)
{
	bool seen[PICTURE_PEOPLE] = {false};
	struct users_db_user user;
	uint64_t cursor = 0;
	enum cosmo_err err = COSMO_OK;

	while (!(err = users_db_next(db, &cursor, &user))) {
		int number = number_of(user.name);

		if (number < 0) {
			picture->others++;
			continue;
		}
		if (seen[number] || !picture->people[number].is_there ||
			!same_user(&user, &picture->people[number].user) ||
			user.roles != picture->people[number].user.roles)
			return "enumeration shows somebody else";
		seen[number] = true;
	}
	if (err != COSMO_E_NOT_FOUND && err != COSMO_E_STORE_MISSING)
		return "enumeration fails";
	for (int i = 0; i < PICTURE_PEOPLE; i++)
		if (seen[i] != picture->people[i].is_there)
			return "somebody is missing in enumeration";
	return NULL;
}

const char *picture_take(struct users_db *db, struct picture *ret)
{
	enum cosmo_err err = COSMO_OK;

	memset(ret, 0, sizeof(*ret));
	err = users_db_settings(db, &ret->settings);
	if (err && err != COSMO_E_STORE_MISSING)
		return "the settings cannot be read";
	ret->has_settings = !err;
	for (size_t i = 0; i < PICTURE_PEOPLE; i++) {
		struct sight *sight = &ret->people[i];
		const char *problem = look_up(db, picture_names[i], sight);

		if (problem)
			return problem;
		name_roles(&ret->settings, sight->user.roles, sight->roles, sizeof(sight->roles));
	}
	return enumerate(db, ret);
}

bool picture_same_settings(const struct picture *a, const struct picture *b)
{
	return a->has_settings == b->has_settings &&
	       memcmp(&a->settings, &b->settings, sizeof(a->settings)) == 0;
}

const char *picture_compare(
	const struct picture *now, const struct picture *before, const struct picture *after)
{
	if (now->others != before->others && now->others != after->others)
		return "the others are other ones";
	if (!picture_same_settings(now, before) && !picture_same_settings(now, after) &&
		now->has_settings)
		return "the settings are neither as before nor as after";
	for (size_t i = 0; i < PICTURE_PEOPLE - 1; i++)
		if (!sight_equals(&now->people[i], &before->people[i]) &&
			!sight_equals(&now->people[i], &after->people[i]))
			return "somebody is neither as before nor as after";
	return NULL;
}

bool picture_goes_back(
	const struct picture *earlier, const struct picture *now, const struct picture *after)
{
	for (size_t i = 0; i < PICTURE_PEOPLE - 1; i++)
		if (sight_equals(&earlier->people[i], &after->people[i]) &&
			!sight_equals(&now->people[i], &after->people[i]))
			return true;
	return false;
}

bool picture_same_people(const struct picture *a, const struct picture *b)
{
	for (size_t i = 0; i < PICTURE_PEOPLE; i++)
		if (!sight_equals(&a->people[i], &b->people[i]))
			return false;
	return a->others == b->others;
}

bool picture_is_after(const struct picture *now, const struct picture *after)
{
	struct picture known = *now;

	known.people[PICTURE_PEOPLE - 1] = after->people[PICTURE_PEOPLE - 1];
	return picture_same_people(&known, after) && picture_same_settings(now, after);
}

static const char *check_person(
	const struct picture *picture, const struct sight *sight, struct store *store)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct sight expected = {.is_there = true};

	if (record_load(store, sight->user.name, &record))
		return "somebody is shown who has no record";
	if (record->flags & USERS_DB_REMOVED)
		return "somebody is shown who was removed";
	if (uid_register_check(store, record->name, sight->user.uid))
		return "the register knows another uid";
	if (shown_user(&picture->settings, NULL, record, &expected.user))
		return "a record cannot be shown";
	name_roles(&picture->settings, expected.user.roles, expected.roles, sizeof(expected.roles));
	return sight_equals(sight, &expected) ? NULL : "what is shown is not what the record says";
}

/* Of the removed a record is kept, so that nobody gets their uid. */
static const char *check_absent(const char *name, struct store *store)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(store, name, &record);

	if (!err && record->flags & USERS_DB_REMOVED)
		return NULL;
	return err == COSMO_E_NOT_FOUND ? NULL : "somebody has a record and is not shown";
}

const char *picture_check(const struct picture *picture, struct store *store)
{
	uint64_t shown = picture->others;
	uint64_t count = 0;

	for (size_t i = 0; i < PICTURE_PEOPLE; i++) {
		const struct sight *sight = &picture->people[i];
		const char *problem = sight->is_there ? check_person(picture, sight, store)
						      : check_absent(picture_names[i], store);

		if (problem)
			return problem;
		shown += sight->is_there;
	}
	if (users_db_count(store_users_db(store), &count) || count != shown)
		return "the number of users is wrong";
	return NULL;
}

bool picture_has_stages(const struct store_paths *paths)
{
	char path[160] = "";
	const struct dirent *entry = NULL;
	bool has = false;
	DIR *dir = NULL;

	snprintf(path, sizeof(path), "%s/private/users", paths->state_dir);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		has = has || (entry->d_name[0] == '.' && strlen(entry->d_name) > 2);
	if (dir)
		closedir(dir);
	return has;
}
