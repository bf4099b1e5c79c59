/* SPDX-License-Identifier: MIT */
/* setpwent() and getpwent(), setgrent() and getgrent() through the built plugin. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "tests/unit/nss/guarded_buffer.h"
#include "tests/unit/nss/world.h"

#define USERS        40
#define GROUPS       (4 + USERS) /* cosmo-users, three roles, the private ones */
#define BUFFER_BYTES 4096

static void name_of(size_t i, char ret[16])
{
	snprintf(ret, 16, "user%02zu", i);
}

static int fill(void **state)
{
	char name[16];

	(void)state;
	world_clear();
	world_connect();
	for (size_t i = 0; i < USERS; i++) {
		name_of(i, name);
		world_enrol(name, i % 2 ? "admin" : "viewer");
	}
	return 0;
}

static void mark_seen(const char *name, size_t *seen)
{
	for (size_t i = 0; i < USERS; i++) {
		char candidate[16];

		name_of(i, candidate);
		if (streq(candidate, name))
			seen[i]++;
	}
}

static void check_each_once(const size_t *seen)
{
	for (size_t i = 0; i < USERS; i++)
		CHECK(seen[i] == 1);
}

static void all_users(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;

	for (int round = 0; round < 2; round++) {
		size_t seen[USERS] = {0};
		size_t count = 0;

		CHECK(world_plugin()->setpwent(round) == NSS_STATUS_SUCCESS);
		while (world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) ==
			NSS_STATUS_SUCCESS) {
			mark_seen(pw.pw_name, seen);
			count++;
		}
		CHECK(count == USERS && code == ENOENT);
		check_each_once(seen);
		/* The end stays the end. */
		CHECK(world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) ==
			NSS_STATUS_NOTFOUND);
	}
	CHECK(world_plugin()->endpwent() == NSS_STATUS_SUCCESS);
	CHECK(world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
}

static void test_getpwent__all__each_once_and_again(void **state)
{
	(void)state;
	assert_true(world_run(all_users));
}

static void all_groups(void)
{
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	size_t seen[USERS] = {0};
	size_t count = 0;
	size_t shared = 0;
	int code = 0;

	CHECK(world_plugin()->setgrent(0) == NSS_STATUS_SUCCESS);
	while (world_plugin()->getgrent_r(&gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS) {
		CHECK(gr.gr_gid != 0 && gr.gr_mem && streq(gr.gr_passwd, "*"));
		CHECK(!streq(gr.gr_name, "dialout")); /* the local files list it */
		shared += strncmp(gr.gr_name, "cosmo-", 6) == 0;
		mark_seen(gr.gr_name, seen);
		count++;
	}
	CHECK(count == GROUPS && shared == 4 && code == ENOENT);
	check_each_once(seen);
	CHECK(world_plugin()->endgrent() == NSS_STATUS_SUCCESS);
}

static void test_getgrent__all__each_once(void **state)
{
	(void)state;
	assert_true(world_run(all_groups));
}

/* Each entry is asked for with every size up to the one that fits: none is lost on the way. */
static void users_by_growing(void)
{
	size_t seen[USERS] = {0};
	size_t size = 0;

	for (;;) {
		struct guarded_buffer buffer;
		struct passwd pw = {0};
		int code = 0;
		enum nss_status status = NSS_STATUS_UNAVAIL;

		guarded_buffer_init(&buffer, size);
		status = world_plugin()->getpwent_r(&pw, buffer.bytes, size, &code);
		if (status == NSS_STATUS_SUCCESS)
			mark_seen(pw.pw_name, seen);
		guarded_buffer_done(&buffer);
		if (status == NSS_STATUS_NOTFOUND)
			break;
		CHECK(status == NSS_STATUS_SUCCESS ||
			(status == NSS_STATUS_TRYAGAIN && code == ERANGE));
		size = status == NSS_STATUS_SUCCESS ? 0 : size + 1;
		CHECK(size < BUFFER_BYTES);
	}
	check_each_once(seen);
}

static void groups_by_growing(void)
{
	size_t seen[USERS] = {0};
	size_t size = 0;
	size_t count = 0;

	for (;;) {
		struct guarded_buffer buffer;
		struct group gr = {0};
		int code = 0;
		enum nss_status status = NSS_STATUS_UNAVAIL;

		guarded_buffer_init(&buffer, size);
		status = world_plugin()->getgrent_r(&gr, buffer.bytes, size, &code);
		if (status == NSS_STATUS_SUCCESS) {
			mark_seen(gr.gr_name, seen);
			count++;
		}
		guarded_buffer_done(&buffer);
		if (status == NSS_STATUS_NOTFOUND)
			break;
		CHECK(status == NSS_STATUS_SUCCESS ||
			(status == NSS_STATUS_TRYAGAIN && code == ERANGE));
		size = status == NSS_STATUS_SUCCESS ? 0 : size + 1;
		CHECK(size < BUFFER_BYTES);
	}
	CHECK(count == GROUPS);
	check_each_once(seen);
}

static void test_getent__short_buffers__lose_nobody(void **state)
{
	(void)state;
	assert_true(world_run(users_by_growing));
	assert_true(world_run(groups_by_growing));
}

/* Look-ups between the steps do not disturb the position. */
static void with_lookups_between(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct group gr = {0};
	size_t seen[USERS] = {0};
	size_t groups = 0;
	int code = 0;

	while (world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS) {
		char other[BUFFER_BYTES];
		struct passwd found = {0};

		mark_seen(pw.pw_name, seen);
		CHECK(world_plugin()->getpwnam_r("user07", &found, other, sizeof(other), &code) ==
			NSS_STATUS_SUCCESS);
		CHECK(world_plugin()->getpwuid_r(pw.pw_uid, &found, other, sizeof(other), &code) ==
			NSS_STATUS_SUCCESS);
		CHECK(streq(found.pw_name, pw.pw_name));
		CHECK(world_plugin()->getgrnam_r("nobodys", &gr, other, sizeof(other), &code) ==
			NSS_STATUS_NOTFOUND);
		groups += world_plugin()->getgrent_r(&gr, other, sizeof(other), &code) ==
			  NSS_STATUS_SUCCESS;
	}
	check_each_once(seen);
	CHECK(groups == USERS);
}

static void test_getpwent__lookups_between__keep_the_position(void **state)
{
	(void)state;
	assert_true(world_run(with_lookups_between));
}

static _Atomic size_t shared_seen[USERS];

static void count_seen(const char *seen)
{
	for (size_t i = 0; i < USERS; i++) {
		char name[16];

		name_of(i, name);
		if (streq(name, seen))
			atomic_fetch_add(&shared_seen[i], 1);
	}
}

static void *take_users(void *unused)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;

	while (world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS)
		count_seen(pw.pw_name);
	return unused;
}

static void *take_groups(void *unused)
{
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	int code = 0;

	while (world_plugin()->getgrent_r(&gr, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS)
		count_seen(gr.gr_name);
	return unused;
}

static void share_out(void *(*take)(void *))
{
	for (int round = 0; round < 200; round++) {
		pthread_t threads[4];

		world_plugin()->setpwent(0);
		world_plugin()->setgrent(0);
		for (size_t i = 0; i < USERS; i++)
			atomic_store(&shared_seen[i], 0);
		for (size_t i = 0; i < COSMO_ARRAY_LEN(threads); i++)
			CHECK(pthread_create(&threads[i], NULL, take, NULL) == 0);
		for (size_t i = 0; i < COSMO_ARRAY_LEN(threads); i++)
			CHECK(pthread_join(threads[i], NULL) == 0);
		for (size_t i = 0; i < USERS; i++)
			CHECK(atomic_load(&shared_seen[i]) == 1);
	}
}

static void four_threads(void)
{
	share_out(take_users);
	share_out(take_groups);
}

static void test_getent__four_threads__share_the_entries_out(void **state)
{
	(void)state;
	assert_true(world_run(four_threads));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_getpwent__all__each_once_and_again),
		cmocka_unit_test(test_getgrent__all__each_once),
		cmocka_unit_test(test_getent__short_buffers__lose_nobody),
		cmocka_unit_test(test_getpwent__lookups_between__keep_the_position),
		cmocka_unit_test(test_getent__four_threads__share_the_entries_out),
	};

	world_enter();
	return cmocka_run_group_tests(tests, fill, NULL);
}
