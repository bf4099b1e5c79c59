/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/helper/key_doubt.h"
#include "tests/unit/helper/scratch_folder.h"

#define NOW ((int64_t)1800000000)

static struct scratch_folder scratch;

static int make_folder(void **state)
{
	(void)state;
	return scratch_folder_make(&scratch);
}

static int remove_folder(void **state)
{
	(void)state;
	return scratch_folder_remove(&scratch);
}

static void test_key_doubt_now__no_doubt__is_none(void **state)
{
	(void)state;
	assert_int_equal(key_doubt_now(scratch.fd, NOW), KEY_DOUBT_NONE);
	key_doubt_settle(scratch.fd);
	assert_int_equal(key_doubt_now(scratch.fd, NOW), KEY_DOUBT_NONE);
}

/* case: token: after a token that no key verifies all is asked for anew, until that has not helped
 */
static void test_key_doubt_raise__asked_anew_in_vain__asks_no_more(void **state)
{
	(void)state;
	key_doubt_raise(scratch.fd, KEY_DOUBT_NONE, NOW);
	/* those that come to no token say nothing, nor do those that had not asked anew */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(key_doubt_now(scratch.fd, NOW + i), KEY_DOUBT_ASK_ANEW);
		key_doubt_raise(scratch.fd, KEY_DOUBT_NONE, NOW + i);
	}
	key_doubt_raise(scratch.fd, KEY_DOUBT_ASK_ANEW, NOW + 10);
	for (int64_t later_s = 10; later_s < KEY_DOUBT_S; later_s++) {
		assert_int_equal(key_doubt_now(scratch.fd, NOW + later_s), KEY_DOUBT_ASK_NO_MORE);
		key_doubt_raise(scratch.fd, KEY_DOUBT_ASK_NO_MORE, NOW + later_s);
	}
	assert_int_equal(key_doubt_now(scratch.fd, NOW + KEY_DOUBT_S), KEY_DOUBT_NONE);
}

/* case: token: an IdP that stays broken is asked for its keys again by two sign-ins in five
 * minutes, not by each */
static void test_key_doubt_raise__again_and_again__is_bounded(void **state)
{
	int anew = 0;
	int as_ever = 0;

	(void)state;
	for (int64_t at_s = NOW; at_s < NOW + 1000; at_s++) {
		enum key_doubt doubt = key_doubt_now(scratch.fd, at_s);

		anew += doubt == KEY_DOUBT_ASK_ANEW;
		as_ever += doubt == KEY_DOUBT_NONE;
		key_doubt_raise(scratch.fd, doubt, at_s);
	}
	assert_int_equal(as_ever, 1 + 1000 / KEY_DOUBT_S);
	assert_int_equal(anew, as_ever);
}

static void test_key_doubt_settle__raised__is_none(void **state)
{
	(void)state;
	key_doubt_raise(scratch.fd, KEY_DOUBT_NONE, NOW);
	key_doubt_settle(scratch.fd);
	assert_int_equal(key_doubt_now(scratch.fd, NOW), KEY_DOUBT_NONE);
	key_doubt_raise(scratch.fd, KEY_DOUBT_NONE, NOW + 1);
	assert_int_equal(key_doubt_now(scratch.fd, NOW + 2), KEY_DOUBT_ASK_ANEW);
}

/* A clock that was set back must not hold up the keys for as long as it was wrong. */
static void test_key_doubt_now__future_or_damaged__is_none(void **state)
{
	static const char *const notes[] = {"", "\n", "x\n", "1800000000", "-1\n", "1800000001\n",
		"1800000000 \n", "99999999999999999999\n",
		"1800000000\nasked\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(notes); i++) {
		int fd = openat(scratch.fd, KEY_DOUBT_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		print_message("%s\n", notes[i]);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, notes[i], strlen(notes[i])), strlen(notes[i]));
		close(fd);
		assert_int_equal(key_doubt_now(scratch.fd, NOW), KEY_DOUBT_NONE);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_key_doubt_now__no_doubt__is_none),
		IN_FOLDER(test_key_doubt_raise__asked_anew_in_vain__asks_no_more),
		IN_FOLDER(test_key_doubt_raise__again_and_again__is_bounded),
		IN_FOLDER(test_key_doubt_settle__raised__is_none),
		IN_FOLDER(test_key_doubt_now__future_or_damaged__is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
