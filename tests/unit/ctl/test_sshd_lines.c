/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "ctl/sshd_lines.h"

static char folder[] = "/tmp/test_sshd_lines.XXXXXX";
static char ours[64];
static const char *const files[] = {
	"sshd_config", "sshd_config.d/10-a.conf", "sshd_config.d/30-ours.conf"};

static void put(const char *name, const char *text)
{
	char path[128] = "";
	FILE *file = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	char path[64] = "";

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/sshd_config.d", folder);
	(void)snprintf(ours, sizeof(ours), "%s/sshd_config.d/30-ours.conf", folder);
	return mkdir(path, 0700);
}

static int remove_folder(void **state)
{
	char path[128] = "";

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/sshd_config.d", folder);
	(void)rmdir(path);
	return rmdir(folder);
}

static void test_sshd_lines_find__includes__in_the_order_of_reading(void **state)
{
	struct sshd_lines lines = {.count = 0};

	(void)state;
	put("sshd_config", "# UsePAM no\nInclude sshd_config.d/*.conf\n\nusepam=yes\nUsePAMx no\n");
	put("sshd_config.d/10-a.conf", "Match User x\n UsePAM no\nMatch all\n\tUsePAM \"no\"\n");
	put("sshd_config.d/30-ours.conf", "UsePAM yes\n");
	sshd_lines_find(folder, ours, "UsePAM", &lines);
	assert_true(lines.reads_ours);
	assert_int_equal(lines.count, 3);
	assert_string_equal(strrchr(lines.items[0].file, '/'), "/10-a.conf");
	assert_int_equal(lines.items[0].number, 4);
	assert_true(lines.items[1].is_ours);
	assert_string_equal(strrchr(lines.items[2].file, '/'), "/sshd_config");
	assert_int_equal(lines.items[2].number, 4);
	assert_ptr_equal(sshd_lines_foreign(&lines), &lines.items[0]);
}

static void test_sshd_lines_find_of_group__blocks__of_that_group_alone(void **state)
{
	struct sshd_lines lines = {.count = 0};

	(void)state;
	put("sshd_config",
		"Methods a\nInclude sshd_config.d/*.conf\nMatch Group ours # all of them\n"
		"\tmethods = b  c \t# d\nMatch Group ours User x\nMethods e\n"
		"Match User ours\nMethods f\nMatch Group ours,others\nMethods g\n"
		"Match all\nMethods h\n");
	put("sshd_config.d/10-a.conf", "match group \"ours\"\nMethods i\nInclude sshd_config\n");
	put("sshd_config.d/30-ours.conf", "Methods j\n");
	sshd_lines_find_of_group(folder, ours, "ours", "Methods", &lines);
	assert_int_equal(lines.count, 2);
	assert_string_equal(lines.items[0].value, "i");
	assert_int_equal(lines.items[0].number, 2);
	assert_string_equal(lines.items[1].value, "b  c");
	assert_int_equal(lines.items[1].number, 4);
	sshd_lines_find(folder, ours, "Methods", &lines);
	assert_int_equal(lines.count, 3);
	assert_string_equal(lines.items[0].value, "a");
	assert_string_equal(lines.items[2].value, "h");
}

static void test_sshd_lines_find__no_include__ours_does_not_count(void **state)
{
	struct sshd_lines lines = {.count = 0};

	(void)state;
	put("sshd_config", "Match User x\nInclude sshd_config.d/*.conf\n");
	sshd_lines_find(folder, ours, "UsePAM", &lines);
	assert_false(lines.reads_ours);
	assert_int_equal(lines.count, 0);
	assert_null(sshd_lines_foreign(&lines));
	put("sshd_config", "Include\nInclude \"\nInclude sshd_config\n");
	sshd_lines_find(folder, ours, "UsePAM", &lines);
	assert_int_equal(lines.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sshd_lines_find__includes__in_the_order_of_reading),
		cmocka_unit_test(test_sshd_lines_find_of_group__blocks__of_that_group_alone),
		cmocka_unit_test(test_sshd_lines_find__no_include__ours_does_not_count),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
