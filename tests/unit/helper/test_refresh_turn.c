/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/refresh_turn.h"
#include "tests/unit/store/store_fixture.h"

#define START_MS    INT64_C(5000000)
#define PATIENCE    5000
#define BACK_OFF_MS (REFRESH_BACK_OFF_S * INT64_C(1000))

/* Goes on by a second with each look, so that waiting comes to its end. */
static int64_t now_ms;
static int64_t step_ms;

int64_t __wrap_fdio_boot_ms(void);

int64_t __wrap_fdio_boot_ms(void)
{
	now_ms += step_ms;
	return now_ms;
}

static enum cosmo_err take(struct fixture *fixture, const char *user, int64_t began_ms, int *ret_fd)
{
	return refresh_turn_take(fixture->store, user, began_ms, began_ms + PATIENCE, ret_fd);
}

/* A turn that ended @err, at @now_ms. */
static void end_turn(struct fixture *fixture, enum cosmo_err err)
{
	COSMO_AUTO_FD int fd = -1;

	assert_int_equal(take(fixture, "ada", now_ms, &fd), COSMO_OK);
	refresh_turn_tell(fd, err);
}

static int set_up(void **state)
{
	now_ms = START_MS;
	step_ms = 0;
	return fixture_setup(state);
}

static void test_refresh_turn_take__somebody_has_it__waits_to_the_end_and_no_longer(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO_FD int first = -1;
	COSMO_AUTO_FD int other = -1;
	int second = -1;

	assert_int_equal(take(fixture, "ada", START_MS, &first), COSMO_OK);
	assert_int_equal(take(fixture, "bob", START_MS, &other), COSMO_OK);
	step_ms = 1000;
	assert_int_equal(take(fixture, "ada", START_MS, &second), COSMO_E_BUSY);
	assert_int_equal(second, -1);
	step_ms = 0;
	cosmo_auto_close(&first);
	assert_int_equal(take(fixture, "ada", now_ms, &second), COSMO_OK);
	close(second);
}

/* case: refresh: who waited for an outage does not ask again, and nobody does for half a minute */
static void test_refresh_turn_take__outage__speaks_for_who_waited_and_for_a_while(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO_FD int fd = -1;

	end_turn(fixture, COSMO_E_CONNECT);
	assert_int_equal(take(fixture, "ada", START_MS - 1, &fd), COSMO_E_CONNECT);
	now_ms = START_MS + BACK_OFF_MS - 1;
	assert_int_equal(take(fixture, "ada", now_ms, &fd), COSMO_E_CONNECT);
	assert_int_equal(take(fixture, "bob", now_ms, &fd), COSMO_OK);
	cosmo_auto_close(&fd);
	/* who has waited since then is spoken for still */
	now_ms = START_MS + BACK_OFF_MS;
	assert_int_equal(take(fixture, "ada", START_MS, &fd), COSMO_E_CONNECT);
	assert_int_equal(take(fixture, "ada", START_MS + 1, &fd), COSMO_OK);
}

static void test_refresh_turn_take__good_end__is_for_everybody_to_see(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO_FD int fd = -1;

	end_turn(fixture, COSMO_E_CONNECT);
	now_ms += BACK_OFF_MS;
	end_turn(fixture, COSMO_OK);
	assert_int_equal(take(fixture, "ada", START_MS - 1, &fd), COSMO_OK);
}

/* The one who has the turn waits on for the IdP: the others need not wait for him. */
static void test_refresh_turn_take__told_while_held__nobody_waits(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO_FD int held = -1;
	int fd = -1;

	assert_int_equal(take(fixture, "ada", START_MS, &held), COSMO_OK);
	refresh_turn_tell(held, COSMO_E_IDP_TIMEOUT);
	assert_int_equal(take(fixture, "ada", START_MS, &fd), COSMO_E_IDP_TIMEOUT);
	assert_int_equal(take(fixture, "ada", START_MS + 100, &fd), COSMO_E_IDP_TIMEOUT);
}

static void write_raw(struct fixture *fixture, const void *bytes, size_t len)
{
	char path[160] = "";
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/private/refresh/ada", fixture->run_dir);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Half written, of a boot before this one, cut off, or rubbish. */
static void test_refresh_turn_take__unusable_note__is_none(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const int64_t notes[][3] = {
		{START_MS, COSMO_E_CONNECT, START_MS - 1},
		{START_MS + 1, COSMO_E_CONNECT, START_MS + 1},
		{INT64_MIN, COSMO_E_CONNECT, INT64_MIN},
		{0, 0, 0},
	};
	int fd = -1;

	end_turn(fixture, COSMO_E_CONNECT);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(notes); i++) {
		print_message("%zu\n", i);
		write_raw(fixture, notes[i], sizeof(notes[i]));
		assert_int_equal(take(fixture, "ada", START_MS, &fd), COSMO_OK);
		close(fd);
	}
	write_raw(fixture, (const int64_t[]){START_MS, COSMO_E_CONNECT, START_MS}, 20);
	assert_int_equal(take(fixture, "ada", START_MS, &fd), COSMO_OK);
	close(fd);
	/* an error that there is not is some error */
	write_raw(fixture, (const int64_t[]){START_MS, 1 << 20, START_MS}, 24);
	assert_int_equal(take(fixture, "ada", START_MS, &fd), COSMO_E_PROTOCOL);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(test_refresh_turn_take__somebody_has_it__waits_to_the_end_and_no_longer),
		ONE(test_refresh_turn_take__outage__speaks_for_who_waited_and_for_a_while),
		ONE(test_refresh_turn_take__good_end__is_for_everybody_to_see),
		ONE(test_refresh_turn_take__told_while_held__nobody_waits),
		ONE(test_refresh_turn_take__unusable_note__is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
