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

#include "pam_cosmo_sso/helper/judge_cache.h"
#include "tests/unit/helper/scratch_folder.h"

#define ISSUER "https://idp.example"
#define NOW    1800000000
#define HOUR   ((int64_t)60 * 60)
#define DAY    (24 * HOUR)

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

static enum cosmo_err store(const void *bytes, size_t len, int64_t max_age_s)
{
	const struct judge_cache_entry entry = {.name = JUDGE_CACHE_JWKS,
		.issuer = ISSUER,
		.bytes = bytes,
		.len = len,
		.max_age_s = max_age_s};

	return judge_cache_store(scratch.fd, &entry, NOW);
}

static enum cosmo_err load(const char *issuer, int64_t now_s)
{
	COSMO_AUTO(free) char *bytes = NULL;
	size_t len = 0;

	return judge_cache_load(scratch.fd, JUDGE_CACHE_JWKS, issuer, now_s, &bytes, &len);
}

static void test_judge_cache__stored__same_bytes(void **state)
{
	static const char document[] = "{\"keys\":\n[]}\0\n";
	COSMO_AUTO(free) char *bytes = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(store(document, sizeof(document), 60), COSMO_OK);
	assert_int_equal(judge_cache_load(scratch.fd, JUDGE_CACHE_JWKS, ISSUER, NOW, &bytes, &len),
		COSMO_OK);
	assert_int_equal(len, sizeof(document));
	assert_memory_equal(bytes, document, len);
}

/* case: token: keys are kept as long as the provider says and a day at most, the discovery document
 * an hour */
static void test_judge_cache__age__as_told_and_a_day_at_most(void **state)
{
	(void)state;
	assert_int_equal(store("x", 1, 60), COSMO_OK);
	assert_int_equal(load(ISSUER, NOW + 60), COSMO_OK);
	assert_int_equal(load(ISSUER, NOW + 61), COSMO_E_NOT_FOUND);
	assert_int_equal(load(ISSUER, NOW - 1), COSMO_E_NOT_FOUND);
	assert_int_equal(store("x", 1, 10 * DAY), COSMO_OK);
	assert_int_equal(load(ISSUER, NOW + DAY), COSMO_OK);
	assert_int_equal(load(ISSUER, NOW + DAY + 1), COSMO_E_NOT_FOUND);
}

/* It says where to go, and nothing shows when it has become false. */
/* case: token: keys are kept as long as the provider says and a day at most, the discovery document
 * an hour */
static void test_judge_cache__discovery__is_an_hour_old_at_most(void **state)
{
	const struct judge_cache_entry entry = {.name = JUDGE_CACHE_DISCOVERY,
		.issuer = ISSUER,
		.bytes = "x",
		.len = 1,
		.max_age_s = DAY};
	COSMO_AUTO(free) char *bytes = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(judge_cache_store(scratch.fd, &entry, NOW), COSMO_OK);
	assert_int_equal(judge_cache_load(scratch.fd, JUDGE_CACHE_DISCOVERY, ISSUER, NOW + HOUR + 1,
				 &bytes, &len),
		COSMO_E_NOT_FOUND);
	assert_int_equal(judge_cache_load(scratch.fd, JUDGE_CACHE_DISCOVERY, ISSUER, NOW + HOUR,
				 &bytes, &len),
		COSMO_OK);
}

static void test_judge_cache_drop__both__are_gone(void **state)
{
	const struct judge_cache_entry entry = {.name = JUDGE_CACHE_DISCOVERY,
		.issuer = ISSUER,
		.bytes = "x",
		.len = 1,
		.max_age_s = 60};

	(void)state;
	assert_int_equal(judge_cache_store(scratch.fd, &entry, NOW), COSMO_OK);
	assert_int_equal(store("x", 1, 60), COSMO_OK);
	judge_cache_drop(scratch.fd);
	assert_int_equal(faccessat(scratch.fd, JUDGE_CACHE_DISCOVERY, F_OK, 0), -1);
	assert_int_equal(load(ISSUER, NOW), COSMO_E_NOT_FOUND);
	judge_cache_drop(scratch.fd);
}

/* case: token: keys and documents cached for another issuer, or damaged, are fetched anew */
static void test_judge_cache__other_issuer__not_found(void **state)
{
	(void)state;
	assert_int_equal(store("x", 1, 60), COSMO_OK);
	assert_int_equal(load(ISSUER "/", NOW), COSMO_E_NOT_FOUND);
	assert_int_equal(load("https://idp", NOW), COSMO_E_NOT_FOUND);
}

static void test_judge_cache_store__not_to_be_kept__refused(void **state)
{
	COSMO_AUTO(free) char *big = calloc(1, JUDGE_CACHE_MAX_BYTES + 1);

	(void)state;
	assert_int_equal(store("x", 1, 0), COSMO_E_INVALID);
	assert_int_equal(store("x", 0, 60), COSMO_E_INVALID);
	assert_int_equal(store(big, JUDGE_CACHE_MAX_BYTES + 1, 60), COSMO_E_INVALID);
	assert_int_equal(store(big, JUDGE_CACHE_MAX_BYTES, 60), COSMO_OK);
	assert_int_equal(load(ISSUER, NOW), COSMO_OK);
}

static void put_file(const char *text, mode_t mode)
{
	int fd = openat(
		scratch.fd, JUDGE_CACHE_JWKS, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void test_judge_cache_load__damaged__not_found(void **state)
{
	static const char *const texts[] = {
		"",
		ISSUER,
		ISSUER "\n",
		ISSUER "\n1800000000\n",
		ISSUER "\n1800000000\n60\n",
		ISSUER "\n1800000000\n60",
		ISSUER "\n1800000000\n-60\nx",
		ISSUER "\n1800000000\n60 \nx",
		ISSUER "\nnow\n60\nx",
		ISSUER "\n-1\n99999999999\nx",
		"\n" ISSUER "\n1800000000\n60\nx",
	};

	(void)state;
	put_file(ISSUER "\n1800000000\n60\nx", 0600);
	assert_int_equal(load(ISSUER, NOW), COSMO_OK);
	put_file(ISSUER "\n1800000000\n60\nx", 0660);
	assert_int_equal(load(ISSUER, NOW), COSMO_E_NOT_FOUND);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(texts); i++) {
		print_message("%zu\n", i);
		put_file(texts[i], 0600);
		assert_int_equal(load(ISSUER, NOW), COSMO_E_NOT_FOUND);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_judge_cache__stored__same_bytes),
		IN_FOLDER(test_judge_cache__age__as_told_and_a_day_at_most),
		IN_FOLDER(test_judge_cache__discovery__is_an_hour_old_at_most),
		IN_FOLDER(test_judge_cache_drop__both__are_gone),
		IN_FOLDER(test_judge_cache__other_issuer__not_found),
		IN_FOLDER(test_judge_cache_store__not_to_be_kept__refused),
		IN_FOLDER(test_judge_cache_load__damaged__not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
