/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nss_cosmo/pack.h"
#include "tests/unit/nss/guarded_buffer.h"

#define MAX_BUFFER 600

static struct users_db_user ada(void)
{
	return (struct users_db_user){
		.name = "ada",
		.gecos = "Ada Lovelace",
		.home = "/home/ada",
		.shell = "/bin/bash",
		.uid = 0x70000401,
		.gid = 0x70000401,
	};
}

/* name, password, gecos, home, shell, each with its NUL */
static const size_t ada_bytes = 4 + 2 + 13 + 10 + 10;

static void assert_inside(const struct guarded_buffer *buffer, const char *text)
{
	assert_true(text >= buffer->bytes);
	assert_true(text + strlen(text) < buffer->bytes + buffer->size);
}

static void assert_ada(const struct guarded_buffer *buffer, const struct passwd *pw)
{
	assert_string_equal(pw->pw_name, "ada");
	assert_string_equal(pw->pw_passwd, "*");
	assert_string_equal(pw->pw_gecos, "Ada Lovelace");
	assert_string_equal(pw->pw_dir, "/home/ada");
	assert_string_equal(pw->pw_shell, "/bin/bash");
	assert_int_equal(pw->pw_uid, 0x70000401);
	assert_int_equal(pw->pw_gid, 0x70000401);
	assert_inside(buffer, pw->pw_name);
	assert_inside(buffer, pw->pw_passwd);
	assert_inside(buffer, pw->pw_gecos);
	assert_inside(buffer, pw->pw_dir);
	assert_inside(buffer, pw->pw_shell);
}

static void test_pack_passwd__each_size__fits_exactly_when_it_can(void **state)
{
	struct users_db_user user = ada();

	(void)state;
	for (size_t size = 0; size < MAX_BUFFER; size++) {
		struct guarded_buffer buffer;
		struct passwd untouched = {.pw_uid = 7};
		struct passwd pw = untouched;
		enum cosmo_err err = COSMO_OK;

		guarded_buffer_init(&buffer, size);
		err = pack_passwd(&user, buffer.bytes, size, &pw);
		assert_int_equal(err, size < ada_bytes ? COSMO_E_RANGE : COSMO_OK);
		if (err)
			assert_memory_equal(&pw, &untouched, sizeof(pw));
		else
			assert_ada(&buffer, &pw);
		guarded_buffer_done(&buffer);
	}
}

static void test_pack_passwd__no_buffer__is_short(void **state)
{
	struct users_db_user user = ada();
	struct passwd pw = {0};

	(void)state;
	assert_int_equal(pack_passwd(&user, NULL, 0, &pw), COSMO_E_RANGE);
}

struct bad_field {
	const char *label;
	size_t offset;
	const char *text;
};

#define FIELD(member) offsetof(struct users_db_user, member)

static const struct bad_field bad_fields[] = {
	{"colon in name", FIELD(name), "a:da"},
	{"newline in name", FIELD(name), "ada\nroot"},
	{"empty name", FIELD(name), ""},
	{"colon in gecos", FIELD(gecos), "Ada:0:0"},
	{"newline in gecos", FIELD(gecos), "Ada\nroot::0:0::/:/bin/sh"},
	{"carriage return in gecos", FIELD(gecos), "Ada\r"},
	{"tab in gecos", FIELD(gecos), "Ada\t"},
	{"escape in gecos", FIELD(gecos), "\x1b[2J"},
	{"DEL in gecos", FIELD(gecos), "Ada\x7f"},
	{"C1 control in gecos", FIELD(gecos), "Ada\xc2\x9b"},
	{"colon in home", FIELD(home), "/home/ada:x"},
	{"relative home", FIELD(home), "home/ada"},
	{"empty home", FIELD(home), ""},
	{"empty shell", FIELD(shell), ""},
	{"relative shell", FIELD(shell), "bash"},
	{"newline in shell", FIELD(shell), "/bin/bash\n"},
};

static void test_pack_passwd__unfit_field__is_damage(void **state)
{
	char buffer[MAX_BUFFER];
	struct passwd pw = {0};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(bad_fields); i++) {
		struct users_db_user user = ada();

		strcpy((char *)&user + bad_fields[i].offset, bad_fields[i].text);
		print_message("%s\n", bad_fields[i].label);
		assert_int_equal(
			pack_passwd(&user, buffer, sizeof(buffer), &pw), COSMO_E_STORE_DAMAGED);
	}
}

static bool is_unfit(const unsigned char *text, size_t at)
{
	return text[at] < 0x20 || text[at] == 0x7f || text[at] == ':' ||
	       (text[at] == 0xc2 && text[at + 1] >= 0x80 && text[at + 1] <= 0x9f);
}

/* Characters are looked at in words where there is room for words, else one by one. */
static void assert_pack_says(const struct users_db_user *user, size_t size, enum cosmo_err expected)
{
	struct guarded_buffer buffer;
	struct passwd pw = {0};

	guarded_buffer_init(&buffer, size);
	assert_int_equal(pack_passwd(user, buffer.bytes, size, &pw), expected);
	if (!expected) {
		assert_string_equal(pw.pw_gecos, user->gecos);
		assert_inside(&buffer, pw.pw_gecos);
	}
	guarded_buffer_done(&buffer);
}

static void test_pack_passwd__every_byte_everywhere__is_fit_or_damage(void **state)
{
	static const char text[] = "Augusta Ada King, Countess";

	(void)state;
	for (unsigned int byte = 1; byte <= UINT8_MAX; byte++) {
		for (unsigned int next = 0x7f; next <= 0xa0; next += byte == 0xc2 ? 1 : 0x21) {
			for (size_t at = 0; at + 1 < sizeof(text) - 1; at++) {
				struct users_db_user user = ada();
				unsigned char *gecos = (unsigned char *)user.gecos;
				enum cosmo_err expected = COSMO_OK;
				size_t exact = ada_bytes - strlen(user.gecos) + strlen(text);

				memcpy(gecos, text, sizeof(text));
				gecos[at] = (unsigned char)byte;
				if (byte == 0xc2)
					gecos[at + 1] = (unsigned char)next;
				if (is_unfit(gecos, at) || is_unfit(gecos, at + 1))
					expected = COSMO_E_STORE_DAMAGED;
				assert_pack_says(&user, MAX_BUFFER, expected);
				assert_pack_says(&user, exact, expected);
			}
		}
	}
}

static void test_pack_passwd__text_without_end__is_damage(void **state)
{
	struct users_db_user user = ada();
	char buffer[MAX_BUFFER];
	struct passwd pw = {0};

	(void)state;
	memset(user.shell, '/', sizeof(user.shell));
	assert_int_equal(pack_passwd(&user, buffer, sizeof(buffer), &pw), COSMO_E_STORE_DAMAGED);
	user = ada();
	memset(user.name, 'a', sizeof(user.name));
	assert_int_equal(pack_passwd(&user, buffer, sizeof(buffer), &pw), COSMO_E_STORE_DAMAGED);
}

static void test_pack_passwd__root_ids__are_damage(void **state)
{
	struct users_db_user user = ada();
	char buffer[MAX_BUFFER];
	struct passwd pw = {0};

	(void)state;
	user.uid = 0;
	assert_int_equal(pack_passwd(&user, buffer, sizeof(buffer), &pw), COSMO_E_STORE_DAMAGED);
	user = ada();
	user.gid = 0;
	assert_int_equal(pack_passwd(&user, buffer, sizeof(buffer), &pw), COSMO_E_STORE_DAMAGED);
}

static void test_pack_passwd__utf8_and_empty_gecos__are_fine(void **state)
{
	struct users_db_user user = ada();
	char buffer[MAX_BUFFER];
	struct passwd pw = {0};

	(void)state;
	strcpy(user.gecos, "\xc3\x84"
			   "da \xe6\x84\x9b");
	assert_int_equal(pack_passwd(&user, buffer, sizeof(buffer), &pw), COSMO_OK);
	assert_string_equal(pw.pw_gecos, user.gecos);
	user.gecos[0] = '\0';
	assert_int_equal(pack_passwd(&user, buffer, sizeof(buffer), &pw), COSMO_OK);
	assert_string_equal(pw.pw_gecos, "");
}

static const char *const members[] = {"ada", "dev", "somebody.with-a_long.name-of-32b"};

static enum cosmo_err pack_three(struct guarded_buffer *buffer, size_t count, struct group *ret)
{
	struct pack_group packed = {0};
	enum cosmo_err err =
		pack_group_begin(&packed, "cosmo-admin", 0x70000002, buffer->bytes, buffer->size);

	for (size_t i = 0; i < count && !err; i++)
		err = pack_group_member(&packed, members[i]);
	if (!err)
		pack_group_end(&packed, ret);
	return err;
}

static void assert_three(const struct guarded_buffer *buffer, const struct group *gr, size_t count)
{
	size_t seen = 0;

	assert_string_equal(gr->gr_name, "cosmo-admin");
	assert_string_equal(gr->gr_passwd, "*");
	assert_int_equal(gr->gr_gid, 0x70000002);
	assert_non_null(gr->gr_mem);
	assert_int_equal((uintptr_t)gr->gr_mem % _Alignof(char *), 0);
	assert_inside(buffer, gr->gr_name);
	assert_inside(buffer, gr->gr_passwd);
	for (; gr->gr_mem[seen]; seen++) {
		assert_inside(buffer, gr->gr_mem[seen]);
		assert_string_equal(gr->gr_mem[seen], members[count - 1 - seen]);
	}
	assert_int_equal(seen, count);
}

static void test_pack_group__each_size__fits_from_some_size_on(void **state)
{
	(void)state;
	for (size_t count = 0; count <= COSMO_ARRAY_LEN(members); count++) {
		bool fitted = false;

		for (size_t size = 0; size < MAX_BUFFER; size++) {
			struct guarded_buffer buffer;
			struct group gr = {.gr_gid = 7};
			enum cosmo_err err = COSMO_OK;

			guarded_buffer_init(&buffer, size);
			err = pack_three(&buffer, count, &gr);
			assert_true(err == COSMO_OK || (err == COSMO_E_RANGE && !fitted));
			if (!err)
				assert_three(&buffer, &gr, count);
			else
				assert_int_equal(gr.gr_gid, 7);
			fitted = !err;
			guarded_buffer_done(&buffer);
		}
		assert_true(fitted);
	}
}

static void test_pack_group__odd_addresses__are_aligned(void **state)
{
	char space[128] __attribute__((aligned(16)));

	(void)state;
	for (size_t at = 0; at < 16; at++)
		for (size_t size = 0; at + size <= sizeof(space); size++) {
			struct guarded_buffer buffer = {.bytes = space + at, .size = size};
			struct group gr = {0};

			if (pack_three(&buffer, 2, &gr) == COSMO_OK)
				assert_three(&buffer, &gr, 2);
		}
}

static void test_pack_group__unfit__is_damage(void **state)
{
	char buffer[256];
	struct pack_group packed = {0};

	(void)state;
	assert_int_equal(pack_group_begin(&packed, "wheel", 0, buffer, sizeof(buffer)),
		COSMO_E_STORE_DAMAGED);
	assert_int_equal(pack_group_begin(&packed, "a:b", 20, buffer, sizeof(buffer)),
		COSMO_E_STORE_DAMAGED);
	assert_int_equal(
		pack_group_begin(&packed, "", 20, buffer, sizeof(buffer)), COSMO_E_STORE_DAMAGED);
	assert_int_equal(
		pack_group_begin(&packed, "dialout", 20, buffer, sizeof(buffer)), COSMO_OK);
	assert_int_equal(pack_group_member(&packed, "ada\nroot"), COSMO_E_STORE_DAMAGED);
	assert_int_equal(pack_group_begin(&packed, "x", 20, NULL, 0), COSMO_E_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pack_passwd__each_size__fits_exactly_when_it_can),
		cmocka_unit_test(test_pack_passwd__no_buffer__is_short),
		cmocka_unit_test(test_pack_passwd__unfit_field__is_damage),
		cmocka_unit_test(test_pack_passwd__every_byte_everywhere__is_fit_or_damage),
		cmocka_unit_test(test_pack_passwd__text_without_end__is_damage),
		cmocka_unit_test(test_pack_passwd__root_ids__are_damage),
		cmocka_unit_test(test_pack_passwd__utf8_and_empty_gecos__are_fine),
		cmocka_unit_test(test_pack_group__each_size__fits_from_some_size_on),
		cmocka_unit_test(test_pack_group__odd_addresses__are_aligned),
		cmocka_unit_test(test_pack_group__unfit__is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
