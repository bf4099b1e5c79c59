/* SPDX-License-Identifier: MIT */
/* A name in the store that does not end where its string does, with every check in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/users_db_format.h"
#include "common/base/users_db_slot.h"
#include "pam_cosmo_sso/helper/store.h"
#include "pam_cosmo_sso/helper/users_db_file.h"
#include "tests/unit/nss/world.h"

#define BUFFER_BYTES 2048

static struct users_db_user user;

/* The name, and behind its end what makes its tag that of the name alone. */
static struct users_db_name lengthened(uint64_t key)
{
	struct users_db_name name = {0};
	uint32_t tag = 0;

	memcpy(name.words, user.name, strlen(user.name));
	users_db_name_hash(key, &name);
	tag = users_db_name_tag(name.hash);
	do {
		name.words[2]++;
		users_db_name_hash(key, &name);
	} while (users_db_name_tag(name.hash) != tag);
	return name;
}

static void write_more_behind_the_name(void)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	uint64_t words[USERS_DB_SLOT_FIXED] = {0};
	struct users_db_entry entry;
	struct users_db_name name;
	uint32_t slot = 0;

	CHECK(store_open(&store_default_paths, &store) == COSMO_OK);
	CHECK(store_lock(store, STORE_LOCK_MS) == COSMO_OK);
	CHECK(users_db_file_open(store, &file) == COSMO_OK);
	CHECK(users_db_slot_find_uid(file->map, user.uid, &slot, &entry) == SLOT_FOUND);
	name = lengthened(file->map->header.key);
	memcpy(words + USERS_DB_SLOT_AT_NAME, name.words, sizeof(name.words));
	words[USERS_DB_SLOT_AT_IDS] = user.uid | (uint64_t)user.gid << 32;
	words[0] = users_db_check(
		users_db_slot_pair(file->map, slot).key, words + 1, USERS_DB_SLOT_FIXED - 1);
	CHECK(users_db_file_store(file, users_db_at_slot(slot), words, USERS_DB_SLOT_FIXED) ==
		COSMO_OK);
}

static enum nss_status ask_uid(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;

	return world_plugin()->getpwuid_r(user.uid, &pw, buffer, sizeof(buffer), &code);
}

static void be_shown(void)
{
	CHECK(ask_uid() == NSS_STATUS_SUCCESS);
}

static void be_hidden(void)
{
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	int code = 0;

	CHECK(ask_uid() == NSS_STATUS_UNAVAIL);
	CHECK(world_plugin()->getgrgid_r(user.gid, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_UNAVAIL);
}

static void enrol(const char *name)
{
	world_clear();
	world_connect();
	user = (struct users_db_user){.home = "/home/u",
		.shell = "/bin/bash",
		.uid = WORLD_UID_MIN + 5,
		.gid = WORLD_UID_MIN + 5,
		.roles = 7};
	snprintf(user.name, sizeof(user.name), "%s", name);
	world_put_raw(&user);
}

static void test_lookups__reserved_name_with_more_behind_it__is_never_shown(void **state)
{
	static const char *const names[] = {"root", "docker", "systemd-network", "_apt"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		print_message("%s\n", names[i]);
		enrol(names[i]);
		write_more_behind_the_name();
		assert_true(world_run(be_hidden));
	}
}

/* So what is tried above would be shown but for its name. */
static void test_lookups__other_name_with_more_behind_it__is_shown(void **state)
{
	(void)state;
	enrol("mallory");
	write_more_behind_the_name();
	assert_true(world_run(be_shown));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups__reserved_name_with_more_behind_it__is_never_shown),
		cmocka_unit_test(test_lookups__other_name_with_more_behind_it__is_shown),
	};

	world_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
