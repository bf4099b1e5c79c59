/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define OUTSIDE ((enum cosmo_err)cosmo_err_count())

/* What programs outside read; a change here breaks them. */
static void test_err__enum__keeps_its_wire_values(void **state)
{
	(void)state;
	assert_int_equal(COSMO_OK, 0);
	assert_int_equal(COSMO_E_INTERNAL, 1);
	assert_int_equal(COSMO_E_CONFIG, 18);
	assert_int_equal(COSMO_E_DNS, 23);
	assert_int_equal(COSMO_E_PENDING, 44);
	assert_int_equal(COSMO_E_NO_REFRESH_TOKEN, cosmo_err_count() - 1);
}

static bool is_id(const char *id)
{
	return *id && id[strspn(id, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
}

static void test_err_id__each_code__is_a_word_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++) {
		assert_true(is_id(cosmo_err_id((enum cosmo_err)i)));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
				cosmo_err_id((enum cosmo_err)i), cosmo_err_id((enum cosmo_err)j));
	}
}

/* case: message: each failure has whole sentences in ASCII */
static void test_err_text__each_code__is_ascii_sentences(void **state)
{
	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++) {
		const char *text = cosmo_err_text((enum cosmo_err)i);

		assert_non_null(text);
		assert_true(text[0] >= 'A' && text[0] <= 'Z');
		assert_int_equal(text[strlen(text) - 1], '.');
		for (const char *p = text; *p; p++)
			assert_true(*p >= ' ' && *p <= '~');
	}
}

/* case: message: no failure but an internal one is told as an internal one */
static void test_err_text__each_code_but_internal__has_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++)
		if (i != COSMO_E_INTERNAL)
			assert_string_not_equal(cosmo_err_text((enum cosmo_err)i),
				cosmo_err_text(COSMO_E_INTERNAL));
}

static void test_err__code_outside__reads_as_internal(void **state)
{
	(void)state;
	assert_string_equal(cosmo_err_id(OUTSIDE), "internal");
	assert_string_equal(cosmo_err_text(OUTSIDE), cosmo_err_text(COSMO_E_INTERNAL));
	assert_int_equal(cosmo_err_class(OUTSIDE), COSMO_CLASS_INTERNAL);
}

static void test_err_from_wire__value_outside__is_never_ok(void **state)
{
	(void)state;
	assert_int_equal(cosmo_err_from_wire(0), COSMO_OK);
	assert_int_equal(cosmo_err_from_wire(COSMO_E_MACHINE), COSMO_E_MACHINE);
	assert_int_equal(cosmo_err_from_wire(cosmo_err_count()), COSMO_E_PROTOCOL);
	assert_int_equal(cosmo_err_from_wire(1ULL << 32), COSMO_E_PROTOCOL);
	assert_int_equal(cosmo_err_from_wire(UINT64_MAX), COSMO_E_PROTOCOL);
}

static void test_err_class__ok_alone__is_the_class_ok(void **state)
{
	(void)state;
	for (size_t i = 1; i < cosmo_err_count(); i++)
		assert_int_not_equal(cosmo_err_class((enum cosmo_err)i), COSMO_CLASS_OK);
	assert_int_equal(cosmo_err_class(COSMO_OK), COSMO_CLASS_OK);
	assert_int_equal(cosmo_err_class(COSMO_E_DENIED), COSMO_CLASS_DENIED);
	assert_int_equal(cosmo_err_class(COSMO_E_IDP_TIMEOUT), COSMO_CLASS_UNREACHABLE);
	assert_int_equal(cosmo_err_class(COSMO_E_CONFIG), COSMO_CLASS_MISCONFIGURED);
	assert_int_equal(cosmo_err_class(COSMO_E_NOT_OURS), COSMO_CLASS_NOT_OURS);
}

static void test_streq__prefix_or_null__is_not_equal(void **state)
{
	(void)state;
	assert_true(streq("abc", "abc"));
	assert_false(streq("abc", "ab"));
	assert_false(streq("ab", "abc"));
	assert_false(streq("abc", "ABC"));
	assert_false(streq(NULL, "abc"));
	assert_false(streq(NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err__enum__keeps_its_wire_values),
		cmocka_unit_test(test_err_id__each_code__is_a_word_of_its_own),
		cmocka_unit_test(test_err_text__each_code__is_ascii_sentences),
		cmocka_unit_test(test_err_text__each_code_but_internal__has_its_own),
		cmocka_unit_test(test_err__code_outside__reads_as_internal),
		cmocka_unit_test(test_err_from_wire__value_outside__is_never_ok),
		cmocka_unit_test(test_err_class__ok_alone__is_the_class_ok),
		cmocka_unit_test(test_streq__prefix_or_null__is_not_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
