/* SPDX-License-Identifier: MIT */
/* users.db made anew from the records, and its settings. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/record_write.h"
#include "tests/unit/store/store_fixture.h"

#define ADMIN 4ULL

static struct users_db_user found(struct fixture *fixture, const char *name)
{
	struct users_db_user user = {0};
	struct users_db_user by_uid = {0};
	struct users_db *db = store_users_db(fixture->store);

	assert_int_equal(users_db_find_name(db, name, &user), COSMO_OK);
	assert_int_equal(users_db_find_uid(db, user.uid, &by_uid), COSMO_OK);
	assert_string_equal(by_uid.name, name);
	return user;
}

static void path_of(
	const struct fixture *fixture, const char *folder, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "%s/private/%s/%s", fixture->state_dir, folder, name);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static void empty_folder(const struct fixture *fixture, const char *folder)
{
	char path[200] = "";
	const struct dirent *entry = NULL;
	DIR *dir = NULL;

	snprintf(path, sizeof(path), "%s/private/%s", fixture->state_dir, folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
	closedir(dir);
}

static void rebuild(struct fixture *fixture)
{
	assert_int_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
}

static void test_commit_rebuild__damaged_record__locked_without_roles(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db_user before = {0};
	struct users_db_user user = {0};
	char path[200] = "";

	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
	before = found(fixture, "ada");
	path_of(fixture, "users", "ada", path, sizeof(path));
	write_file(path, "[user]\nname = ada\n");
	rebuild(fixture);
	user = found(fixture, "ada");
	assert_int_equal(user.uid, before.uid);
	assert_int_equal(user.gid, before.gid);
	assert_int_equal(user.roles, 0);
	assert_int_equal(user.flags, USERS_DB_LOCKED);
	assert_int_equal(user.reason, COSMO_E_STORE_DAMAGED);
	assert_int_equal(user.confirmed_s, 0);
	assert_string_equal(user.home, "/home/ada");
	assert_int_equal(found(fixture, "bob").roles, ADMIN);
	assert_int_equal(found(fixture, "bob").flags, 0);
	/* A good record makes him whole. */
	fixture_enrol(fixture, "ada");
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
	assert_int_equal(found(fixture, "ada").flags, 0);
}

/* A record that is whole, with a uid that the register gave to somebody else. */
static void test_commit_rebuild__uid_of_another__locked_with_his_own(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	uint32_t uid = record->uid;
	uint32_t bobs = 0;

	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
	bobs = found(fixture, "bob").uid;
	record->uid = record->gid = bobs;
	assert_int_equal(record_stage(fixture->store, record, true), COSMO_OK);
	assert_int_equal(record_settle(fixture->store, record), COSMO_OK);
	rebuild(fixture);
	assert_int_equal(found(fixture, "ada").uid, uid);
	assert_int_equal(found(fixture, "ada").roles, 0);
	assert_int_equal(found(fixture, "ada").flags, USERS_DB_LOCKED);
	assert_int_equal(found(fixture, "bob").uid, bobs);
	assert_int_equal(found(fixture, "bob").roles, ADMIN);
}

static void test_commit_rebuild__uid_unknown__not_shown(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db_user user = {0};
	char path[200] = "";

	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
	path_of(fixture, "names", "ada", path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	rebuild(fixture);
	assert_int_equal(users_db_find_ever(store_users_db(fixture->store), "ada", &user),
		COSMO_E_NOT_FOUND);
	assert_int_equal(found(fixture, "bob").roles, ADMIN);
}

static void test_commit_rebuild__links_lost__made_again(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char name[COSMO_MAX_NAME_BYTES + 1] = "";

	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
	empty_folder(fixture, "subjects");
	assert_int_equal(
		records_find_subject(fixture->store, "https://idp.example", "sub-of-ada", name),
		COSMO_E_NOT_FOUND);
	rebuild(fixture);
	assert_int_equal(
		records_find_subject(fixture->store, "https://idp.example", "sub-of-ada", name),
		COSMO_OK);
	assert_string_equal(name, "ada");
	assert_int_equal(
		records_find_subject(fixture->store, "https://idp.example", "sub-of-bob", name),
		COSMO_OK);
	assert_string_equal(name, "bob");
}

/* More long texts than a new file has room for at first. */
static void test_commit_rebuild__many_long_texts__all_kept(void **state)
{
	struct fixture *fixture = fixture_of(state);
	static struct record *records[300];
	const size_t count = COSMO_ARRAY_LEN(records);

	for (size_t i = 0; i < count; i++) {
		char name[16] = "";

		snprintf(name, sizeof(name), "user%zu", i);
		records[i] = fixture_record(fixture, name);
		fixture_version(records[i], (uint32_t)(4 * i));
	}
	assert_int_equal(commit_users(fixture->store, &fixture->config,
				 (const struct record *const *)records, count),
		COSMO_OK);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < count; i++) {
			struct users_db_user user = found(fixture, records[i]->name);

			assert_int_equal(fixture_version_of(&user), 4 * i);
		}
		rebuild(fixture);
	}
	for (size_t i = 0; i < count; i++)
		record_free(records[i]);
}

/* Nothing is published that could not be made whole: the old file goes on. */
static void test_commit_rebuild__folder_unreadable__old_file_stays(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char path[200] = "";
	struct stat before = {0};
	struct stat after = {0};

	fixture_enrol(fixture, "ada");
	assert_int_equal(stat(fixture->users_db, &before), 0);
	snprintf(path, sizeof(path), "%s/private/uid_seed", fixture->state_dir);
	assert_int_equal(unlink(path), 0);
	assert_int_not_equal(commit_rebuild(fixture->store, &fixture->config), COSMO_OK);
	assert_int_equal(stat(fixture->users_db, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
}

static struct users_db_settings settings_of(struct fixture *fixture)
{
	struct users_db_settings settings;

	assert_int_equal(users_db_settings(store_users_db(fixture->store), &settings), COSMO_OK);
	return settings;
}

static ino_t inode_of(const struct fixture *fixture)
{
	struct stat st = {0};

	assert_int_equal(stat(fixture->users_db, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_true(st.st_blocks * 512 >= st.st_size); /* no holes: no room is needed later */
	return st.st_ino;
}

static void apply(struct fixture *fixture, int provisional_on)
{
	assert_int_equal(
		commit_settings(fixture->store, &fixture->config, provisional_on), COSMO_OK);
}

static void test_commit_settings__numbers_and_switches__changed_in_place(void **state)
{
	struct fixture *fixture = fixture_of(state);
	ino_t inode = inode_of(fixture);
	struct users_db_settings settings = settings_of(fixture);

	fixture_enrol(fixture, "ada");
	assert_int_equal(settings.provisional_on, 0);
	apply(fixture, 1);
	assert_int_equal(settings_of(fixture).provisional_on, 1);
	fixture->config.role_lease_s = 600;
	fixture->config.omit_members = true;
	fixture->config.roles[2].gid = 1879048399;
	apply(fixture, -1);
	settings = settings_of(fixture);
	assert_int_equal(settings.provisional_on, 1);
	assert_int_equal(settings.role_lease_s, 600);
	assert_int_equal(settings.omit_members, 1);
	assert_int_equal(settings.roles[2].gid, 1879048399);
	apply(fixture, 0);
	assert_int_equal(settings_of(fixture).provisional_on, 0);
	assert_int_equal(inode_of(fixture), inode);
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
}

static void test_commit_settings__same_again__nothing_is_written(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct stat before = {0};
	struct stat after = {0};

	apply(fixture, 1);
	assert_int_equal(stat(fixture->users_db, &before), 0);
	apply(fixture, 1);
	apply(fixture, -1);
	assert_int_equal(stat(fixture->users_db, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void name_role(struct config_role *role, const char *name, uint32_t gid)
{
	snprintf(role->name, sizeof(role->name), "%s", name);
	snprintf(role->group, sizeof(role->group), "cosmo-%s", name);
	role->gid = gid;
}

/* What a bit means goes with the file: nobody reads new bits by an old table. */
static void test_commit_settings__roles_move__bits_follow_their_names(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct users_db late = {.path = fixture->users_db, .machine_id_path = fixture->machine_id};
	struct users_db_user user = {0};
	ino_t inode = inode_of(fixture);

	fixture_enrol(fixture, "ada");
	assert_int_equal(users_db_find_name(&late, "ada", &user), COSMO_OK);
	assert_int_equal(user.roles, ADMIN);
	name_role(&fixture->config.roles[1], "admin", 1879048303);
	name_role(&fixture->config.roles[2], "auditor", 1879048304);
	name_role(&fixture->config.roles[3], "developer", 1879048302);
	fixture->config.role_count = 4;
	apply(fixture, -1);
	assert_int_not_equal(inode_of(fixture), inode);
	assert_int_equal(users_db_find_name(&late, "ada", &user), COSMO_OK);
	assert_int_equal(user.roles, 2); /* still admin */
	/* A role that is no more is nobody's, and never another one. */
	fixture->config.role_count = 1;
	apply(fixture, -1);
	assert_int_equal(users_db_find_name(&late, "ada", &user), COSMO_OK);
	assert_int_equal(user.roles, 0);
	users_db_done(&late);
}

/* The configuration was changed, and nobody has applied it yet. */
static void test_commit_user__roles_of_another_table__only_those_of_both(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	record->roles[1] = strdup("auditor");
	record->roles[2] = strdup("developer");
	record->role_count = 3;
	name_role(&fixture->config.roles[1], "auditor", 1879048304); /* instead of developer */
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	assert_int_equal(found(fixture, "ada").roles, ADMIN);
	apply(fixture, -1);
	assert_int_equal(found(fixture, "ada").roles, ADMIN | 2); /* auditor is bit 1 now */
}

static void test_commit_settings__template_changes__homes_stay_as_recorded(void **state)
{
	static char home[] = "/srv/%u/home";
	static char twice[] = "/srv/%u/%u";
	static char shell[] = "/bin/sh";
	struct fixture *fixture = fixture_of(state);

	fixture_enrol(fixture, "ada");
	fixture->config.home = home;
	fixture->config.shell = shell;
	apply(fixture, -1);
	assert_string_equal(found(fixture, "ada").home, "/home/ada");
	assert_string_equal(found(fixture, "ada").shell, "/bin/bash");
	fixture_enrol(fixture, "bob");
	assert_string_equal(found(fixture, "bob").home, "/srv/bob/home");
	assert_string_equal(found(fixture, "bob").shell, "/bin/sh");
	fixture->config.home = twice;
	apply(fixture, -1);
	fixture_enrol(fixture, "eve");
	assert_string_equal(found(fixture, "eve").home, "/srv/eve/eve");
	assert_string_equal(found(fixture, "bob").home, "/srv/bob/home");
	assert_string_equal(found(fixture, "ada").home, "/home/ada");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_commit_rebuild__damaged_record__locked_without_roles),
		WITH_READY_FIXTURE(test_commit_rebuild__uid_of_another__locked_with_his_own),
		WITH_READY_FIXTURE(test_commit_rebuild__uid_unknown__not_shown),
		WITH_READY_FIXTURE(test_commit_rebuild__links_lost__made_again),
		WITH_MEMORY_FIXTURE(test_commit_rebuild__many_long_texts__all_kept),
		WITH_READY_FIXTURE(test_commit_rebuild__folder_unreadable__old_file_stays),
		WITH_READY_FIXTURE(test_commit_settings__numbers_and_switches__changed_in_place),
		WITH_READY_FIXTURE(test_commit_settings__same_again__nothing_is_written),
		WITH_READY_FIXTURE(test_commit_settings__roles_move__bits_follow_their_names),
		WITH_READY_FIXTURE(test_commit_user__roles_of_another_table__only_those_of_both),
		WITH_READY_FIXTURE(test_commit_settings__template_changes__homes_stay_as_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
