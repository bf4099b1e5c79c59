/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/parse.h"
#include "common/base/users_db_format.h"
#include "nss_cosmo/plain_name.h"

/* Words as the store has them, and as a string. */
union padded {
	uint64_t words[USERS_DB_NAME_WORDS + 1];
	char bytes[(USERS_DB_NAME_WORDS + 1) * 8];
};

static bool is_plain(const union padded *name)
{
	return plain_name_is(name->words);
}

/* What it should say, character by character. */
static bool should_be(const union padded *name)
{
	size_t len = strlen(name->bytes);

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return false;
	for (size_t i = len; i < sizeof(name->words); i++)
		if (name->bytes[i])
			return false;
	return login_name_is_valid(name->bytes, false);
}

static void check(const union padded *name)
{
	if (is_plain(name) != should_be(name))
		fail_msg("\"%.32s\": %d", name->bytes, is_plain(name));
}

static union padded name_of(size_t len)
{
	union padded name = {{0}};

	for (size_t i = 0; i < len; i++)
		name.bytes[i] = (char)('a' + i % 26);
	return name;
}

static void test_plain_name__each_byte_at_each_place__as_login_name_is_valid(void **state)
{
	(void)state;
	for (size_t len = 1; len <= COSMO_MAX_NAME_BYTES; len++) {
		for (size_t at = 0; at < COSMO_MAX_NAME_BYTES; at++) {
			for (int byte = 0; byte < 256; byte++) {
				union padded name = name_of(len);

				name.bytes[at] = (char)byte;
				check(&name);
			}
		}
	}
}

static void test_plain_name__any_characters_of_names__as_login_name_is_valid(void **state)
{
	static const char characters[] = "abcxyz0189._-./@A{`:\x7f";

	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		union padded name = {{0}};
		size_t len = (size_t)rand() % (COSMO_MAX_NAME_BYTES + 1);
		size_t of = i % 2 ? 12 : sizeof(characters) - 1;

		for (size_t at = 0; at < len; at++)
			name.bytes[at] = characters[(size_t)rand() % of];
		check(&name);
	}
}

static void test_plain_name__plain__yes(void **state)
{
	static const char *const names[] = {
		"a", "ada", "ada.lovelace", "x-1_y", "abcdefghijklmnopqrstuvwxyz012345"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		union padded name = {{0}};

		memcpy(name.bytes, names[i], strlen(names[i]));
		assert_int_equal(is_plain(&name), __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_name__each_byte_at_each_place__as_login_name_is_valid),
		cmocka_unit_test(test_plain_name__any_characters_of_names__as_login_name_is_valid),
		cmocka_unit_test(test_plain_name__plain__yes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
