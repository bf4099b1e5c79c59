/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/qr.h"
#include "common/qr_encoder.h"

#define URL54 "https://localhost:9443/device?user_code=WXYZ-BCDF12345"

/* As on a host that has no libqrencode. */
static bool is_missing;

void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);

void *__wrap_dlopen(const char *name, int flags)
{
	return __real_dlopen(is_missing ? "libqrencode-that-is-missing.so" : name, flags);
}

static bool is_loaded(void)
{
	void *library = __real_dlopen(QR_ENCODER_SONAME, RTLD_NOW | RTLD_NOLOAD);

	if (library)
		dlclose(library);
	return library != NULL;
}

static size_t columns(const char *line)
{
	size_t cols = 0;

	for (; *line && *line != '\n'; line++)
		cols += ((unsigned char)*line & 0xc0) != 0x80;
	return cols;
}

static void test_qr_draw__54_bytes__sizes(void **state)
{
	static const struct {
		enum config_qr mode;
		size_t cols, rows;
	} rows[] = {
		{CONFIG_QR_UTF8, 33, 17},
		{CONFIG_QR_UTF8_INVERSE, 33, 17},
		{CONFIG_QR_ASCII, 66, 33},
		{CONFIG_QR_ASCII_INVERSE, 66, 33},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		COSMO_AUTO(qr_picture_done) struct qr_picture picture = {0};
		size_t lines = 0;

		assert_int_equal(qr_draw(URL54, rows[i].mode, 80, &picture), COSMO_OK);
		assert_int_equal(picture.cols, rows[i].cols);
		assert_int_equal(picture.rows, rows[i].rows);
		for (const char *line = picture.text; *line; line = strchr(line, '\n') + 1) {
			assert_int_equal(columns(line), rows[i].cols);
			lines++;
		}
		assert_int_equal(lines, rows[i].rows);
	}
}

/* The margin is paper, which is what light modules are: ink on a dark ground. */
static void test_qr_draw__modes__margin_and_ink(void **state)
{
	COSMO_AUTO(qr_picture_done) struct qr_picture light = {0};
	COSMO_AUTO(qr_picture_done) struct qr_picture dark = {0};

	(void)state;
	assert_int_equal(qr_draw(URL54, CONFIG_QR_ASCII, 80, &light), COSMO_OK);
	assert_int_equal(qr_draw(URL54, CONFIG_QR_ASCII_INVERSE, 80, &dark), COSMO_OK);
	assert_int_equal(strlen(light.text), strlen(dark.text));
	assert_memory_equal(light.text, "################", 16);
	for (size_t i = 0; light.text[i]; i++) {
		if (light.text[i] == '\n')
			assert_int_equal(dark.text[i], '\n');
		else
			assert_int_equal(light.text[i] == '#', dark.text[i] == ' ');
	}
}

static void test_qr_draw__off__nothing(void **state)
{
	COSMO_AUTO(qr_picture_done) struct qr_picture picture = {0};

	(void)state;
	assert_int_equal(qr_draw(URL54, CONFIG_QR_OFF, 80, &picture), COSMO_OK);
	assert_null(picture.text);
}

static void test_qr_draw__wider_than_allowed__too_big(void **state)
{
	COSMO_AUTO(qr_picture_done) struct qr_picture picture = {0};
	char huge[4000] = "";

	(void)state;
	memset(huge, 'a', sizeof(huge) - 1);
	assert_int_equal(qr_draw(URL54, CONFIG_QR_UTF8, 32, &picture), COSMO_E_TOO_BIG);
	assert_int_equal(qr_draw(URL54, CONFIG_QR_ASCII, 65, &picture), COSMO_E_TOO_BIG);
	assert_int_equal(qr_draw(huge, CONFIG_QR_UTF8, 1000, &picture), COSMO_E_TOO_BIG);
	assert_null(picture.text);
}

static void test_qr_draw__library__is_here_only_meanwhile(void **state)
{
	(void)state;
	assert_false(is_loaded());
	for (size_t cols = 32; cols <= 33; cols++) {
		COSMO_AUTO(qr_picture_done) struct qr_picture picture = {0};

		assert_int_equal(qr_draw(URL54, CONFIG_QR_UTF8, cols, &picture),
			cols < 33 ? COSMO_E_TOO_BIG : COSMO_OK);
		assert_false(is_loaded());
	}
}

static void test_qr_draw__no_library__not_found_and_no_word_of_it_left(void **state)
{
	COSMO_AUTO(qr_picture_done) struct qr_picture picture = {0};

	(void)state;
	is_missing = true;
	assert_int_equal(qr_draw(URL54, CONFIG_QR_UTF8, 80, &picture), COSMO_E_NOT_FOUND);
	is_missing = false;
	assert_null(picture.text);
	assert_null(dlerror());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_qr_draw__54_bytes__sizes),
		cmocka_unit_test(test_qr_draw__modes__margin_and_ink),
		cmocka_unit_test(test_qr_draw__off__nothing),
		cmocka_unit_test(test_qr_draw__wider_than_allowed__too_big),
		cmocka_unit_test(test_qr_draw__library__is_here_only_meanwhile),
		cmocka_unit_test(test_qr_draw__no_library__not_found_and_no_word_of_it_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
