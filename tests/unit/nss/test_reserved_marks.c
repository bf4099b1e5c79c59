/* SPDX-License-Identifier: MIT */
/* The marks of reserved names are made by hand, so to speak: here they are made anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/reserved_names.c"

struct padded {
	uint64_t words[4];
};

static struct padded pad(const char *name)
{
	struct padded padded = {{0}};

	assert_true(strlen(name) <= sizeof(padded.words));
	memcpy(padded.words, name, strlen(name));
	return padded;
}

static void test_marks__of_the_list__are_those_stored(void **state)
{
	uint64_t anew[COSMO_ARRAY_LEN(marks)] = {0};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		struct padded padded = pad(names[i]);
		uint64_t mark = name_mark(padded.words);

		anew[(mark >> 51) % MARKS / 64] |= 1ULL << (mark >> 51) % 64;
		anew[(mark >> 38) % MARKS / 64] |= 1ULL << (mark >> 38) % 64;
	}
	if (memcmp(anew, marks, sizeof(marks)) == 0)
		return;
	print_message("static const uint64_t marks[MARKS / 64] = {");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(anew); i++)
		print_message("%s0x%016llx,", i % 4 ? " " : "\n\t", (unsigned long long)anew[i]);
	print_message("\n};\n");
	fail_msg("marks should be as above");
}

static void test_reserved_names_may_have__listed__yes(void **state)
{
	static const char *const families[] = {"cosmo-", "cosmo-admin", "debian-", "debian-exim",
		"systemd-", "systemd-network", "systemd-a-name-of-some-length-xy"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++)
		assert_true(reserved_names_may_have(pad(names[i]).words));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(families); i++) {
		assert_true(reserved_names_has(families[i]));
		assert_true(reserved_names_may_have(pad(families[i]).words));
	}
}

static void test_reserved_names_may_have__people__hardly_ever(void **state)
{
	static const char *const people[] = {
		"cosmo", "cosmo_admin", "debian.fan", "systemd", "ada"};
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(people); i++)
		assert_false(reserved_names_may_have(pad(people[i]).words));
	for (int i = 0; i < 10000; i++) {
		char name[16] = "";

		snprintf(name, sizeof(name), "person.%d", i);
		wrong += reserved_names_may_have(pad(name).words);
	}
	assert_true(wrong <= 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks__of_the_list__are_those_stored),
		cmocka_unit_test(test_reserved_names_may_have__listed__yes),
		cmocka_unit_test(test_reserved_names_may_have__people__hardly_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
