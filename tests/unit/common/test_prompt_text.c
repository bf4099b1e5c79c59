/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/prompt_text.h"
#include "common/qr.h"

/* 53 bytes, the most that version 3 at level L holds. */
#define COMPLETE "https://login.example.org/device?user_code=WDJB-MJHTX"

/* What drawing comes to instead, if anything. */
static enum cosmo_err drawing_fails;

enum cosmo_err __real_qr_draw(
	const char *text, enum config_qr mode, size_t max_cols, struct qr_picture *ret);
enum cosmo_err __wrap_qr_draw(
	const char *text, enum config_qr mode, size_t max_cols, struct qr_picture *ret);

enum cosmo_err __wrap_qr_draw(
	const char *text, enum config_qr mode, size_t max_cols, struct qr_picture *ret)
{
	return drawing_fails ? drawing_fails : __real_qr_draw(text, mode, max_cols, ret);
}

static struct prompt ordinary(enum config_qr qr)
{
	return (struct prompt){
		.host = "web1",
		.user = "ada",
		.source = "192.0.2.7",
		.uri = "https://login.example.org/device",
		.complete_uri = COMPLETE,
		.code = "WDJB-MJHT",
		.left_s = 598,
		.qr = qr,
	};
}

/* How a terminal of @cols columns shows it: rows used, and whether the text before the first block
 * is ASCII. Every byte but the first of a UTF-8 character is no column. */
static size_t rows_of(const char *text, size_t cols)
{
	size_t rows = 1;
	size_t col = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\n') {
			rows++;
			col = 0;
		} else if (((unsigned char)*p & 0xc0) != 0x80 && col++ == cols) {
			rows++;
			col = 1;
		}
	}
	return rows;
}

static void assert_harmless(const char *text)
{
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= ' ');
	assert_null(strchr(text, '\x7f'));
	assert_null(strchr(text, '\t'));
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text > '~')
			return false;
	return true;
}

static void test_prompt_question__ordinary__words_and_order(void **state)
{
	struct prompt prompt = ordinary(CONFIG_QR_OFF);
	COSMO_AUTO(free) char *text = NULL;

	(void)state;
	assert_int_equal(prompt_question(&prompt, &text), COSMO_OK);
	assert_string_equal(text, "\nSign in to web1 as ada from 192.0.2.7. Approve on this page:\n"
				  "https://login.example.org/device\n"
				  "Code: WDJB-MJHT   Valid for 9:58\n"
				  "Do not approve a sign-in you did not start.\n"
				  "Press Enter after approving: ");
}

static void test_prompt_notice__nobody_named__a_test_sign_in(void **state)
{
	struct prompt prompt = ordinary(CONFIG_QR_OFF);
	struct prompt_screen screen = {80, 24, false};
	COSMO_AUTO(free) char *text = NULL;

	(void)state;
	prompt.user = NULL;
	assert_int_equal(prompt_notice(&prompt, screen, &text), COSMO_OK);
	assert_string_equal(text, "Test sign-in at web1. Approve on this page:\n"
				  "https://login.example.org/device\n"
				  "Code: WDJB-MJHT   Valid for 9:58\n"
				  "Do not approve a sign-in you did not start.\n"
				  "Waiting for the approval ...");
}

static void test_prompt_question__local_user__no_source(void **state)
{
	struct prompt prompt = ordinary(CONFIG_QR_OFF);
	COSMO_AUTO(free) char *text = NULL;

	(void)state;
	prompt.source = NULL;
	assert_int_equal(prompt_question(&prompt, &text), COSMO_OK);
	assert_non_null(strstr(text, "as ada. Approve"));
}

static void test_prompt_question__utf8_at_80x24__fits(void **state)
{
	struct prompt prompt = ordinary(CONFIG_QR_UTF8);
	COSMO_AUTO(free) char *text = NULL;
	COSMO_AUTO(free) char *screen = NULL;
	const char *block = NULL;

	(void)state;
	assert_int_equal(strlen(COMPLETE), 53);
	assert_int_equal(prompt_question(&prompt, &text), COSMO_OK);
	/* ssh puts the account in front. */
	assert_true(asprintf(&screen, "(ada@web1.example.org) %s", text) > 0);
	assert_true(rows_of(screen, 80) <= 24);
	block = strstr(text, "\u2588");
	assert_non_null(block);
	for (const char *p = text; p < block; p++)
		assert_true((unsigned char)*p < 0x80);
	assert_true(strstr(text, "Do not approve") < block);
	assert_non_null(strstr(block,
		"\nPress Enter after approving WDJB-MJHT at https://login.example.org/device: "));
	assert_harmless(text);
}

/* Tests and people look for the one line that holds the URL, and for the one "Code:". */
/* case: message: the address stands on a line of its own, and there is one code */
static void test_prompt_question__each_mode__one_url_line_and_one_code(void **state)
{
	(void)state;
	for (enum config_qr qr = CONFIG_QR_UTF8; qr <= CONFIG_QR_OFF; qr++) {
		struct prompt prompt = ordinary(qr);
		COSMO_AUTO(free) char *text = NULL;
		const char *url = NULL;
		const char *code = NULL;

		assert_int_equal(prompt_question(&prompt, &text), COSMO_OK);
		url = strstr(text, "\nhttps://login.example.org/device\n");
		code = strstr(text, "Code: ");
		assert_non_null(url);
		assert_null(strstr(url + 1, "\nhttps://"));
		assert_non_null(code);
		assert_null(strstr(code + 1, "Code: "));
		assert_int_equal(strstr(text, "##") != NULL,
			qr == CONFIG_QR_ASCII || qr == CONFIG_QR_ASCII_INVERSE);
	}
}

/* In ASCII a code is taller than 24 rows: what is needed has to be below it too. */
static void test_prompt_question__ascii_at_80x24__last_line_tells_all(void **state)
{
	struct prompt prompt = ordinary(CONFIG_QR_ASCII);
	COSMO_AUTO(free) char *text = NULL;
	const char *last = NULL;

	(void)state;
	assert_int_equal(prompt_question(&prompt, &text), COSMO_OK);
	assert_true(rows_of(text, 80) > 24);
	last = strrchr(text, '\n');
	assert_non_null(strstr(last, "WDJB-MJHT"));
	assert_non_null(strstr(last, "https://login.example.org/device"));
}

static void test_prompt_question__too_wide_for_80__no_qr(void **state)
{
	char uri[1000] = "https://login.example.org/";
	struct prompt prompt = ordinary(CONFIG_QR_UTF8);
	COSMO_AUTO(free) char *text = NULL;

	(void)state;
	memset(uri + strlen(uri), 'a', sizeof(uri) - strlen(uri) - 1);
	prompt.complete_uri = uri;
	assert_int_equal(prompt_question(&prompt, &text), COSMO_OK);
	assert_null(strstr(text, "\u2588"));
	assert_non_null(strstr(text, "Press Enter after approving: "));
}

static void test_prompt__host_without_libqrencode__url_and_code(void **state)
{
	struct prompt prompt = ordinary(CONFIG_QR_UTF8);
	struct prompt_screen screen = {80, 24, false};
	COSMO_AUTO(free) char *question = NULL;
	COSMO_AUTO(free) char *notice = NULL;
	COSMO_AUTO(free) char *plain = NULL;

	(void)state;
	drawing_fails = COSMO_E_NOT_FOUND;
	assert_int_equal(prompt_question(&prompt, &question), COSMO_OK);
	assert_int_equal(prompt_notice(&prompt, screen, &notice), COSMO_OK);
	drawing_fails = COSMO_OK;
	prompt.qr = CONFIG_QR_OFF;
	assert_int_equal(prompt_question(&prompt, &plain), COSMO_OK);
	assert_string_equal(question, plain);
	free(COSMO_STEAL(&plain));
	assert_int_equal(prompt_notice(&prompt, screen, &plain), COSMO_OK);
	assert_string_equal(notice, plain);
}

static void test_prompt__hostile_url_or_code__refused(void **state)
{
	static const char *const hostile[] = {
		"",
		"https://a.example/\x1b[2J",
		"https://a.example/ Code: 1234",
		"https://a.example/\nCode: 1234",
		"https://a.example/\r",
		"https://a.example/\x7f",
		"https://a.example/\xc2\x9b",
		"https://a.example/\xe2\x80\xae",
		"https://ex\xc3\xa4mple.org/",
	};
	char text[PROMPT_SHORT_BYTES] = "";

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(hostile); i++) {
		for (int field = 0; field < 3; field++) {
			struct prompt prompt = ordinary(CONFIG_QR_UTF8);
			struct prompt_screen screen = {0};
			char *out = NULL;

			*(field == 0         ? &prompt.uri
				: field == 1 ? &prompt.code
					     : &prompt.complete_uri) = hostile[i];
			assert_int_equal(prompt_question(&prompt, &out), COSMO_E_IDP_FIELD);
			assert_int_equal(prompt_notice(&prompt, screen, &out), COSMO_E_IDP_FIELD);
			assert_int_equal(prompt_short(&prompt, text), COSMO_E_IDP_FIELD);
			assert_null(out);
		}
	}
}

/* case: message: names of host, user and source are filtered before they are shown */
static void test_prompt__hostile_names__filtered(void **state)
{
	struct prompt prompt = ordinary(CONFIG_QR_UTF8);
	COSMO_AUTO(free) char *text = NULL;
	char brief[PROMPT_SHORT_BYTES] = "";

	(void)state;
	prompt.host = "we\x1b]0;b1\x07";
	prompt.user = "ada\nCode: 1234";
	prompt.source = "192.0.2.7\r\xe2\x80\xae";
	assert_int_equal(prompt_question(&prompt, &text), COSMO_OK);
	assert_harmless(text);
	assert_non_null(strstr(text, "we?]0;b1? as ada?Code: 1234 from 192.0.2.7"));
	assert_int_equal(prompt_short(&prompt, brief), COSMO_OK);
	assert_null(strchr(brief, '\n'));
	assert_harmless(brief);
}

/* case: console: the QR code is left out where it is larger than the screen; URL and code stay */
/* case: console: a terminal that does not say that it takes UTF-8 is drawn on in ASCII */
static void test_prompt_notice__screen_sizes__qr_only_where_it_fits(void **state)
{
	static const struct {
		enum config_qr qr;
		struct prompt_screen screen;
		int drawn, repeated;
	} rows[] = {
		{CONFIG_QR_UTF8, {80, 24, false}, 1, 0},
		{CONFIG_QR_UTF8, {80, 23, false}, 0, 0},
		{CONFIG_QR_UTF8, {33, 60, false}, 1, 0},
		{CONFIG_QR_UTF8, {32, 60, false}, 0, 0},
		{CONFIG_QR_UTF8, {0, 0, false}, 1, 1},
		{CONFIG_QR_UTF8, {80, 24, true}, 0, 0},
		{CONFIG_QR_UTF8, {120, 40, true}, 1, 0},
		{CONFIG_QR_UTF8_INVERSE, {120, 40, true}, 1, 0},
		{CONFIG_QR_UTF8, {0, 0, true}, 1, 1},
		{CONFIG_QR_ASCII, {80, 24, false}, 0, 0},
		{CONFIG_QR_ASCII, {120, 40, false}, 1, 0},
		{CONFIG_QR_ASCII, {120, 40, true}, 1, 0},
		{CONFIG_QR_ASCII, {65, 40, false}, 0, 0},
		{CONFIG_QR_OFF, {200, 200, true}, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct prompt prompt = ordinary(rows[i].qr);
		COSMO_AUTO(free) char *text = NULL;

		print_message("row %zu\n", i);
		assert_int_equal(prompt_notice(&prompt, rows[i].screen, &text), COSMO_OK);
		assert_int_equal(strstr(text, "\u2588") != NULL || strstr(text, "##") != NULL,
			rows[i].drawn);
		assert_int_equal(strstr(text, "of WDJB-MJHT at") != NULL, rows[i].repeated);
		if (rows[i].screen.is_ascii)
			assert_true(is_ascii(text));
		assert_null(strstr(text, "Press Enter"));
		/* The cursor is below it. */
		if (rows[i].screen.rows && rows[i].screen.cols >= 80)
			assert_true(rows_of(text, rows[i].screen.cols) < rows[i].screen.rows);
	}
}

/* case: message: what a login screen shows is one line of less than 900 bytes, however long its
 * parts are */
static void test_prompt_short__longest_parts__below_900_bytes_or_refused(void **state)
{
	char host[300] = "";
	char uri[512] = "https://";
	char code[64] = "";
	char text[PROMPT_SHORT_BYTES + 1] = "";
	struct prompt prompt = ordinary(CONFIG_QR_UTF8);

	(void)state;
	memset(host, 'h', sizeof(host) - 1);
	memset(uri + 8, 'u', sizeof(uri) - 9);
	memset(code, 'C', sizeof(code) - 1);
	prompt.host = host;
	prompt.source = host;
	prompt.uri = uri;
	prompt.code = code;
	text[PROMPT_SHORT_BYTES] = 'x';
	assert_int_equal(prompt_short(&prompt, text), COSMO_OK);
	assert_int_equal(text[PROMPT_SHORT_BYTES], 'x');
	assert_true(strlen(text) < PROMPT_SHORT_BYTES);
	assert_non_null(strstr(text, code));
	assert_null(strchr(text, '\n'));
}

/* case: message: the time left is shown in minutes and seconds, and never below zero */
static void test_prompt_waiting__times__readable(void **state)
{
	char text[PROMPT_WAITING_BYTES] = "";

	(void)state;
	prompt_waiting(460, text);
	assert_string_equal(text, "Still waiting, 7:40 left. Press Enter after approving. ");
	prompt_waiting(-5, text);
	assert_string_equal(text, "Still waiting, 0:00 left. Press Enter after approving. ");
	prompt_waiting(INT64_MAX, text);
	assert_string_equal(text, "Still waiting, 1440:00 left. Press Enter after approving. ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_question__ordinary__words_and_order),
		cmocka_unit_test(test_prompt_notice__nobody_named__a_test_sign_in),
		cmocka_unit_test(test_prompt_question__local_user__no_source),
		cmocka_unit_test(test_prompt_question__utf8_at_80x24__fits),
		cmocka_unit_test(test_prompt_question__each_mode__one_url_line_and_one_code),
		cmocka_unit_test(test_prompt_question__ascii_at_80x24__last_line_tells_all),
		cmocka_unit_test(test_prompt_question__too_wide_for_80__no_qr),
		cmocka_unit_test(test_prompt__host_without_libqrencode__url_and_code),
		cmocka_unit_test(test_prompt__hostile_url_or_code__refused),
		cmocka_unit_test(test_prompt__hostile_names__filtered),
		cmocka_unit_test(test_prompt_notice__screen_sizes__qr_only_where_it_fits),
		cmocka_unit_test(test_prompt_short__longest_parts__below_900_bytes_or_refused),
		cmocka_unit_test(test_prompt_waiting__times__readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
