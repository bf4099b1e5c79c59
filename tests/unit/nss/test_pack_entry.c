/* SPDX-License-Identifier: MIT */
/* What is laid out by the word must be what is laid out by the character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/users_db_entry.h"
#include "nss_cosmo/pack.h"
#include "tests/unit/nss/guarded_buffer.h"

#define CASES      8000
#define MAX_BUFFER 600

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((random_state >> 33) % bound);
}

static struct users_db_map map_with(const char *before, const char *after, const char *shell)
{
	struct users_db_map map = {.templates_are_plain = true};
	char *home = map.header.home;

	map.home_before_len = strlen(before);
	map.shell_len = strlen(shell);
	memcpy(home, before, strlen(before));
	memcpy(map.header.shell, shell, strlen(shell));
	if (!after)
		return map;
	memcpy(home + strlen(before), "%u", 2);
	memcpy(home + strlen(before) + 2, after, strlen(after));
	map.home_after_len = strlen(after);
	return map;
}

/* In its place, since it points into itself. */
static void finish_map(struct users_db_map *map)
{
	char *mark = strstr(map->header.home, "%u");

	map->home_after = mark ? mark + 2 : NULL;
}

static struct users_db_entry entry_of(const struct users_db_map *map, const char *name,
	const char *text, size_t text_bytes, uint32_t kinds)
{
	struct users_db_entry entry = {.ids = 0x7000040170000401ULL, .map = map};

	memcpy(entry.name, name, strlen(name));
	entry.copy[2] = (uint64_t)kinds << 8;
	memcpy(entry.copy + USERS_DB_COPY_AT_TEXT, text, text_bytes);
	return entry;
}

static void assert_same_text(const struct guarded_buffer *buffer, const char *got, const char *want)
{
	assert_string_equal(got, want);
	assert_true(got >= buffer->bytes && got + strlen(got) < buffer->bytes + buffer->size);
}

static void assert_packed_alike(const struct users_db_entry *entry, size_t size)
{
	struct users_db_user user;
	struct guarded_buffer buffer;
	char plain[MAX_BUFFER];
	struct passwd want = {0};
	struct passwd got = {0};
	enum cosmo_err err = COSMO_OK;

	guarded_buffer_init(&buffer, size);
	err = pack_entry_passwd(entry, buffer.bytes, size, &got);
	if (!users_db_entry_unpack(entry, &user)) {
		assert_int_equal(err, COSMO_E_BUSY);
	} else {
		assert_int_equal(err, pack_passwd(&user, plain, size, &want));
		if (!err) {
			assert_same_text(&buffer, got.pw_name, want.pw_name);
			assert_same_text(&buffer, got.pw_passwd, want.pw_passwd);
			assert_same_text(&buffer, got.pw_gecos, want.pw_gecos);
			assert_same_text(&buffer, got.pw_dir, want.pw_dir);
			assert_same_text(&buffer, got.pw_shell, want.pw_shell);
			assert_int_equal(got.pw_uid, want.pw_uid);
			assert_int_equal(got.pw_gid, want.pw_gid);
		}
	}
	guarded_buffer_done(&buffer);
}

/* Ends wherever they may be, and each kind of character beside each other. */
static void random_text(char text[USERS_DB_TEXT_BYTES])
{
	static const unsigned char odd[] = {':', '\n', 0x1f, 0x7f, 0x80, 0x85, 0x9f, 0xa0, 0xc2,
		0xc3, 0xe2, 0xff, ' ', '/', '~', ';', '9'};
	bool is_plain = random_below(2);
	size_t at = 0;

	memset(text, 0, USERS_DB_TEXT_BYTES);
	for (int field = 0; field < 3; field++) {
		size_t len = random_below(random_below(8) ? 18 : 40);

		for (size_t i = 0; i < len && at < USERS_DB_TEXT_BYTES; i++, at++)
			text[at] = i == 0 && field > 0 && random_below(8) ? '/'
				   : is_plain || random_below(8)
					   ? (char)('a' + random_below(26))
					   : (char)odd[random_below(sizeof(odd))];
		at++;
	}
}

static void test_pack_entry_passwd__any_texts__as_spelled_out(void **state)
{
	static const char *const names[] = {
		"a", "ada", "ada.love", "ada.lovelace-the.1st", "adaadaadaadaadaadaadaadaadaadaad"};
	struct users_db_map maps[] = {
		map_with("/home/", "", "/bin/bash"),
		map_with("/home/", "/at/last", "/usr/local/bin/a-shell-of-a-longer-name"),
		map_with("/everybody", NULL, "/bin/sh"),
		map_with("/h/a-home-of-more-than-thirty-two-characters/", "", "/bin/sh"),
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(maps); i++)
		finish_map(&maps[i]);
	for (int i = 0; i < CASES; i++) {
		char text[USERS_DB_TEXT_BYTES];
		struct users_db_entry entry;

		random_text(text);
		entry = entry_of(&maps[random_below(COSMO_ARRAY_LEN(maps))],
			names[random_below(COSMO_ARRAY_LEN(names))], text, sizeof(text),
			random_below(4));
		assert_packed_alike(&entry, i % 2 ? MAX_BUFFER : random_below(MAX_BUFFER));
	}
}

static void test_pack_entry_passwd__each_size__as_spelled_out(void **state)
{
	static const char text[USERS_DB_TEXT_BYTES] = "Ada\0/home/ada\0/bin/bash";
	struct users_db_map map = map_with("/home/", "", "/bin/bash");
	struct users_db_entry stored;
	struct users_db_entry templated;

	(void)state;
	finish_map(&map);
	stored = entry_of(&map, "ada", text, sizeof(text), 0);
	templated = entry_of(
		&map, "ada", "Ada\0\0", 6, USERS_DB_HOME_TEMPLATE | USERS_DB_SHELL_TEMPLATE);
	for (size_t size = 0; size < MAX_BUFFER; size++) {
		assert_packed_alike(&stored, size);
		assert_packed_alike(&templated, size);
	}
}

static void test_pack_entry_passwd__root_ids__are_damage(void **state)
{
	static const uint64_t ids[] = {0, 0x70000401, 0x7000040100000000ULL};
	struct users_db_map map = map_with("/home/", "", "/bin/bash");
	struct users_db_entry entry;
	char buffer[MAX_BUFFER];
	struct passwd pw;
	struct group gr;

	(void)state;
	finish_map(&map);
	entry = entry_of(&map, "ada", "\0\0", 3, USERS_DB_HOME_TEMPLATE | USERS_DB_SHELL_TEMPLATE);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(ids); i++) {
		entry.ids = ids[i];
		assert_int_equal(pack_entry_passwd(&entry, buffer, sizeof(buffer), &pw),
			COSMO_E_STORE_DAMAGED);
	}
	entry.ids = 0x70000401;
	assert_int_equal(
		pack_entry_group(&entry, buffer, sizeof(buffer), &gr), COSMO_E_STORE_DAMAGED);
}

static void test_pack_entry_group__each_size__as_a_group_without_members(void **state)
{
	const struct users_db_entry entry = entry_of(NULL, "ada", "", 0, 0);

	(void)state;
	for (size_t size = 0; size < 200; size++) {
		struct pack_group packed = {0};
		struct guarded_buffer buffer;
		struct guarded_buffer other;
		struct group got = {0};
		enum cosmo_err err = COSMO_OK;

		guarded_buffer_init(&buffer, size);
		guarded_buffer_init(&other, size);
		err = pack_entry_group(&entry, buffer.bytes, size, &got);
		assert_int_equal(
			err, pack_group_begin(&packed, "ada", 0x70000401, other.bytes, size));
		if (!err) {
			assert_same_text(&buffer, got.gr_name, "ada");
			assert_same_text(&buffer, got.gr_passwd, "*");
			assert_int_equal(got.gr_gid, 0x70000401);
			assert_int_equal((uintptr_t)got.gr_mem % _Alignof(char *), 0);
			assert_true((char *)(got.gr_mem + 1) <= buffer.bytes + size);
			assert_null(got.gr_mem[0]);
		}
		guarded_buffer_done(&other);
		guarded_buffer_done(&buffer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack_entry_passwd__any_texts__as_spelled_out),
		cmocka_unit_test(test_pack_entry_passwd__each_size__as_spelled_out),
		cmocka_unit_test(test_pack_entry_passwd__root_ids__are_damage),
		cmocka_unit_test(test_pack_entry_group__each_size__as_a_group_without_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
