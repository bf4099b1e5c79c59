/* SPDX-License-Identifier: MIT */
/* Single look-ups through the built plugin: who is shown, with which fields, to which buffer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "tests/unit/nss/guarded_buffer.h"
#include "tests/unit/nss/world.h"

#define BUFFER_BYTES 1024
#define MARK         4711

static uint32_t ada_uid;

static int fill(void **state)
{
	(void)state;
	world_clear();
	world_connect();
	ada_uid = world_enrol("ada", "admin");
	world_enrol("dev", "developer");
	world_enrol("vic", "viewer");
	world_enrol("both", "developer,admin");
	return 0;
}

static enum nss_status by_name(const char *name, struct passwd *ret, char *buffer, int *errnop)
{
	return world_plugin()->getpwnam_r(name, ret, buffer, BUFFER_BYTES, errnop);
}

static void check_ada(const struct passwd *pw)
{
	CHECK(streq(pw->pw_name, "ada"));
	CHECK(streq(pw->pw_passwd, "*"));
	CHECK(streq(pw->pw_gecos, "Some Body"));
	CHECK(streq(pw->pw_dir, "/home/ada"));
	CHECK(streq(pw->pw_shell, "/bin/bash"));
	CHECK(pw->pw_uid == ada_uid && pw->pw_gid == ada_uid);
	CHECK(ada_uid >= WORLD_UID_MIN && ada_uid <= WORLD_UID_MAX);
}

static void ada_by_name_and_uid(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = MARK;

	errno = MARK;
	CHECK(by_name("ada", &pw, buffer, &code) == NSS_STATUS_SUCCESS);
	check_ada(&pw);
	memset(&pw, 0, sizeof(pw));
	CHECK(world_plugin()->getpwuid_r(ada_uid, &pw, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS);
	check_ada(&pw);
	CHECK(errno == MARK && code == MARK);
}

static void test_getpw__enrolled__is_shown_whole(void **state)
{
	(void)state;
	assert_true(world_run(ada_by_name_and_uid));
}

static void strangers(void)
{
	static const char *const names[] = {"root", "local", "nobody", "stranger", "Ada", "ADA",
		"ada ", " ada", "ad", "adaa", "", "a:da", "ada\n", "-ada", "../ada",
		"a-name-that-is-far-longer-than-any-name-may-be", "\xff\xfe", "ada@example.org"};
	char buffer[BUFFER_BYTES];
	struct passwd pw = {.pw_uid = MARK};
	int code = 0;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		code = 0;
		errno = MARK;
		CHECK(by_name(names[i], &pw, buffer, &code) == NSS_STATUS_NOTFOUND);
		CHECK(code == ENOENT && errno == MARK && pw.pw_uid == MARK);
		/* As glibc calls it. */
		CHECK(by_name(names[i], &pw, buffer, &errno) == NSS_STATUS_NOTFOUND);
		CHECK(errno == ENOENT);
	}
}

static void stranger_uids(void)
{
	static const uint32_t uids[] = {0, 1, 999, 1000, 61184, 65534, 65535, WORLD_UID_MIN,
		WORLD_UID_MAX, WORLD_USERS_GID, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(uids); i++) {
		int code = 0;

		CHECK(world_plugin()->getpwuid_r(uids[i], &pw, buffer, sizeof(buffer), &code) ==
			NSS_STATUS_NOTFOUND);
		CHECK(code == ENOENT);
	}
}

static void test_getpw__not_ours__is_not_found(void **state)
{
	(void)state;
	assert_true(world_run(strangers));
	assert_true(world_run(stranger_uids));
}

/* An entry point that gives an entry, with the rest of its arguments. */
typedef enum nss_status (*give_entry)(char *buffer, size_t size, int *errnop);

static enum nss_status give_name(char *buffer, size_t size, int *errnop)
{
	struct passwd pw = {0};
	enum nss_status status = world_plugin()->getpwnam_r("ada", &pw, buffer, size, errnop);

	if (status == NSS_STATUS_SUCCESS)
		check_ada(&pw);
	return status;
}

static enum nss_status give_uid(char *buffer, size_t size, int *errnop)
{
	struct passwd pw = {0};
	enum nss_status status = world_plugin()->getpwuid_r(ada_uid, &pw, buffer, size, errnop);

	if (status == NSS_STATUS_SUCCESS)
		check_ada(&pw);
	return status;
}

static size_t members_of(const struct group *gr)
{
	size_t count = 0;

	CHECK(gr->gr_mem);
	CHECK((uintptr_t)gr->gr_mem % _Alignof(char *) == 0);
	CHECK(streq(gr->gr_passwd, "*"));
	while (gr->gr_mem[count])
		count++;
	return count;
}

static enum nss_status give_group(char *buffer, size_t size, int *errnop)
{
	struct group gr = {0};
	enum nss_status status =
		world_plugin()->getgrnam_r("cosmo-users", &gr, buffer, size, errnop);

	if (status == NSS_STATUS_SUCCESS)
		CHECK(gr.gr_gid == WORLD_USERS_GID && members_of(&gr) == 4);
	return status;
}

static enum nss_status give_gid(char *buffer, size_t size, int *errnop)
{
	struct group gr = {0};
	enum nss_status status =
		world_plugin()->getgrgid_r(WORLD_DIALOUT_GID, &gr, buffer, size, errnop);

	if (status == NSS_STATUS_SUCCESS)
		CHECK(streq(gr.gr_name, "dialout") && members_of(&gr) == 3);
	return status;
}

static enum nss_status give_private_group(char *buffer, size_t size, int *errnop)
{
	struct group gr = {0};
	enum nss_status status = world_plugin()->getgrgid_r(ada_uid, &gr, buffer, size, errnop);

	if (status == NSS_STATUS_SUCCESS)
		CHECK(streq(gr.gr_name, "ada") && members_of(&gr) == 0);
	return status;
}

static void each_size(give_entry give)
{
	bool fitted = false;

	for (size_t size = 0; size < 400; size++) {
		struct guarded_buffer buffer;
		enum nss_status status = NSS_STATUS_UNAVAIL;
		int code = MARK;

		guarded_buffer_init(&buffer, size);
		errno = MARK;
		status = give(buffer.bytes, size, &code);
		CHECK(errno == MARK);
		if (status == NSS_STATUS_SUCCESS)
			CHECK(code == MARK);
		else
			CHECK(status == NSS_STATUS_TRYAGAIN && code == ERANGE && !fitted);
		fitted = status == NSS_STATUS_SUCCESS;
		guarded_buffer_done(&buffer);
	}
	CHECK(fitted);
}

static void each_size_of_each(void)
{
	static const give_entry all[] = {
		give_name, give_uid, give_group, give_gid, give_private_group};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(all); i++)
		each_size(all[i]);
}

static void test_entry_points__each_buffer_size__erange_until_it_fits(void **state)
{
	(void)state;
	assert_true(world_run(each_size_of_each));
}

static void check_hidden(const struct users_db_user *user)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {.pw_uid = MARK};
	struct group gr = {.gr_gid = MARK};
	gid_t *gids = calloc(4, sizeof(gid_t));
	long count = 0;
	long size = 4;
	int code = 0;

	CHECK(gids);
	CHECK(by_name(user->name, &pw, buffer, &code) != NSS_STATUS_SUCCESS);
	CHECK(world_plugin()->getpwuid_r(user->uid, &pw, buffer, sizeof(buffer), &code) !=
		NSS_STATUS_SUCCESS);
	CHECK(world_plugin()->getgrnam_r(user->name, &gr, buffer, sizeof(buffer), &code) !=
		NSS_STATUS_SUCCESS);
	CHECK(world_plugin()->getgrgid_r(user->uid, &gr, buffer, sizeof(buffer), &code) !=
		NSS_STATUS_SUCCESS);
	CHECK(world_plugin()->initgroups_dyn(user->name, user->gid, &count, &size, &gids, -1,
		      &code) != NSS_STATUS_SUCCESS);
	CHECK(pw.pw_uid == MARK && gr.gr_gid == MARK && count == 0);
	free(gids);
}

static void check_not_listed(const struct users_db_user *user)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct group gr = {0};
	int code = 0;
	size_t seen = 0;

	world_plugin()->setpwent(0);
	for (; world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS;
		seen++)
		CHECK(!streq(pw.pw_name, user->name) && pw.pw_uid != user->uid);
	CHECK(seen == 4 && code == ENOENT);
	CHECK(world_plugin()->getgrnam_r("cosmo-users", &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(members_of(&gr) == 4);
}

struct hostile {
	const char *label;
	const char *name;
	uint32_t uid;
	uint32_t gid;
};

static const struct hostile hostile_rows[] = {
	{"uid 0", "mallory", 0, 0},
	{"gid 0", "mallory", WORLD_UID_MIN + 5, 0},
	{"another's gid", "mallory", WORLD_UID_MIN + 5, WORLD_ADMIN_GID},
	{"uid 1", "mallory", 1, 1},
	{"uid of a local user", "mallory", 1000, 1000},
	{"uid below the range", "mallory", WORLD_UID_MIN - 1, WORLD_UID_MIN - 1},
	{"uid above the range", "mallory", WORLD_UID_MAX + 1, WORLD_UID_MAX + 1},
	{"nobody's uid", "mallory", 65534, 65534},
	{"name root", "root", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
	{"reserved name", "docker", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
	{"role group's name", "cosmo-admin", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
	{"upper case", "Mallory", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
	{"colon", "mal:lory", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
	{"newline", "mal\nlory", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
	{"leading dash", "-mallory", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
	{"path", "../mallory", WORLD_UID_MIN + 5, WORLD_UID_MIN + 5},
};

static const struct hostile *hostile_row;

static void hide_hostile_record(void)
{
	struct users_db_user user = {
		.home = "/home/mallory",
		.shell = "/bin/bash",
		.uid = hostile_row->uid,
		.gid = hostile_row->gid,
		.roles = 7,
	};

	snprintf(user.name, sizeof(user.name), "%s", hostile_row->name);
	world_put_raw(&user);
	if (!streq(user.name, "cosmo-admin")) /* which is a group of ours, though not this one */
		check_hidden(&user);
	check_not_listed(&user);
}

static void test_lookups__hostile_record__is_never_shown(void **state)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(hostile_rows); i++) {
		hostile_row = &hostile_rows[i];
		print_message("%s\n", hostile_row->label);
		fill(state);
		assert_true(world_run(hide_hostile_record));
	}
	fill(state);
}

static void range_of_everybody(struct users_db_settings *settings)
{
	settings->uid_min = 0;
	settings->uid_max = UINT32_MAX;
}

/* Settings that allow every uid do not make it right. */
static void hide_below_the_floor(void)
{
	static const uint32_t ids[] = {1, 27, 999, 0x80000000, UINT32_MAX};

	world_change_settings(range_of_everybody);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(ids); i++) {
		struct users_db_user user = {.home = "/h", .shell = "/s"};

		user.uid = user.gid = ids[i];
		snprintf(user.name, sizeof(user.name), "mallory%zu", i);
		world_put_raw(&user);
		check_hidden(&user);
		check_not_listed(&user);
	}
}

static void test_lookups__range_without_end__is_still_bounded(void **state)
{
	assert_true(world_run(hide_below_the_floor));
	fill(state);
}

/* The store is written to by the tests above; look at it as it was before anybody connected. */
static void nobody_yet(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct group gr = {0};
	int code = 0;

	CHECK(by_name("ada", &pw, buffer, &code) == NSS_STATUS_NOTFOUND && code == ENOENT);
	CHECK(world_plugin()->getgrnam_r("cosmo-users", &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(world_plugin()->getgrent_r(&gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND);
}

static void test_lookups__never_connected__nobody_is_there(void **state)
{
	world_clear();
	assert_true(world_run(nobody_yet));
	fill(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_getpw__enrolled__is_shown_whole),
		cmocka_unit_test(test_getpw__not_ours__is_not_found),
		cmocka_unit_test(test_entry_points__each_buffer_size__erange_until_it_fits),
		cmocka_unit_test(test_lookups__hostile_record__is_never_shown),
		cmocka_unit_test(test_lookups__range_without_end__is_still_bounded),
		cmocka_unit_test(test_lookups__never_connected__nobody_is_there),
	};

	world_enter();
	return cmocka_run_group_tests(tests, fill, NULL);
}
