/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/b64url.h"

static enum cosmo_err decode(const char *text, size_t len)
{
	COSMO_AUTO(free) unsigned char *bytes = NULL;
	size_t ret_len = 0;

	return b64url_decode(text, len, &bytes, &ret_len);
}

/* RFC 4648 section 10, without padding; RFC 7515 appendix C. */
static void test_b64url_decode__published_examples__are_read(void **state)
{
	static const struct {
		const char *text;
		const char *bytes;
		size_t len;
	} cases[] = {
		{"", "", 0},
		{"Zg", "f", 1},
		{"Zm8", "fo", 2},
		{"Zm9v", "foo", 3},
		{"Zm9vYg", "foob", 4},
		{"Zm9vYmE", "fooba", 5},
		{"Zm9vYmFy", "foobar", 6},
		{"A-z_4ME", "\x03\xec\xff\xe0\xc1", 5},
		{"AAAA", "\0\0\0", 3},
		{"____", "\xff\xff\xff", 3},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) unsigned char *bytes = NULL;
		size_t len = 99;

		print_message("%s\n", cases[i].text);
		assert_int_equal(b64url_decode(cases[i].text, strlen(cases[i].text), &bytes, &len),
			COSMO_OK);
		assert_int_equal(len, cases[i].len);
		assert_memory_equal(bytes, cases[i].bytes, len);
		assert_int_equal(bytes[len], '\0');
	}
}

/* case: token: base64 with padding, blanks or bits left over is refused */
static void test_b64url_decode__byte_outside_the_alphabet__is_refused(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	(void)state;
	for (unsigned int c = 0; c < 256; c++) {
		bool is_in = c != 0 && strchr(alphabet, (int)c);

		for (size_t at = 0; at < 4; at++) {
			char text[4] = {'A', 'A', 'A', 'A'};

			text[at] = (char)c;
			assert_int_equal(decode(text, 4), is_in ? COSMO_OK : COSMO_E_FORMAT);
		}
	}
}

static void test_b64url_decode__other_spellings__are_refused(void **state)
{
	static const char *const cases[] = {
		"Zg==", "Zg=", "A", "AAAAA", "Zm8=", "=", "Z",     /* padding, a length of 4n+1 */
		"Zm9vY", " Zg", "Zg ", "Zm 8", "Zg\n", "Zm\r\n9v", /* blanks */
		"a+b/", "Zh", "Zi", "Zn", "Zm9", "Zm-", "Zm9vYh",  /* unused bits that are set */
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i]);
		assert_int_equal(decode(cases[i], strlen(cases[i])), COSMO_E_FORMAT);
	}
}

/* Of the 64 spellings of a last character exactly those with zero bits behind the value count. */
static void test_b64url_decode__two_characters__have_one_spelling_per_byte(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t good[2] = {0, 0};

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		char two[] = {'A', alphabet[i]};
		char three[] = {'A', 'A', alphabet[i]};

		good[0] += decode(two, sizeof(two)) == COSMO_OK;
		good[1] += decode(three, sizeof(three)) == COSMO_OK;
	}
	assert_int_equal(good[0], 4);
	assert_int_equal(good[1], 16);
}

/* The text is no string: nothing behind its length may be looked at. */
static void test_b64url_decode__unterminated_text__is_read_to_its_length(void **state)
{
	COSMO_AUTO(free) char *text = malloc(4);
	COSMO_AUTO(free) unsigned char *bytes = NULL;
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	memcpy(text, "Zm9v", 4);
	assert_int_equal(b64url_decode(text, 4, &bytes, &len), COSMO_OK);
	assert_int_equal(len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_b64url_decode__published_examples__are_read),
		cmocka_unit_test(test_b64url_decode__byte_outside_the_alphabet__is_refused),
		cmocka_unit_test(test_b64url_decode__other_spellings__are_refused),
		cmocka_unit_test(test_b64url_decode__two_characters__have_one_spelling_per_byte),
		cmocka_unit_test(test_b64url_decode__unterminated_text__is_read_to_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
