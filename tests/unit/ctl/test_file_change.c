/* SPDX-License-Identifier: MIT */
/* Needs root: the files it looks after are root's. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/file_change.h"

struct place {
	char folder[64];
	char backup[80];
	char path[2][96];
	struct file_changes changes;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	snprintf(place->folder, sizeof(place->folder), "/tmp/cosmo-sso-file.XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	snprintf(place->backup, sizeof(place->backup), "%s/backup", place->folder);
	snprintf(place->path[0], sizeof(place->path[0]), "%s/one", place->folder);
	snprintf(place->path[1], sizeof(place->path[1]), "%s/two", place->folder);
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	struct place *place = *state;
	char command[128] = "";

	file_changes_done(&place->changes);
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	free(place);
	return system(command);
}

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static char *get(const char *path)
{
	static char text[512];
	FILE *file = fopen(path, "re");

	if (!file)
		return NULL;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static struct file_change *add(struct place *place, size_t which, const char *after)
{
	struct file_change *change = NULL;

	assert_int_equal(file_changes_add(&place->changes, place->path[which], &change), COSMO_OK);
	file_change_set(change, after ? strdup(after) : NULL);
	return change;
}

static void test_file_changes_write__mode_and_group__are_kept(void **state)
{
	struct place *place = *state;
	struct stat st = {0};

	put(place->path[0], "old\n", 0640);
	assert_int_equal(chown(place->path[0], 0, 42), 0);
	add(place, 0, "new\n");
	umask(077);
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_OK);
	assert_string_equal(get(place->path[0]), "new\n");
	assert_int_equal(stat(place->path[0], &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_gid, 42);
	assert_int_equal(getegid(), 0);
}

static void test_file_changes_write__the_old_file__is_saved_for_root_alone(void **state)
{
	struct place *place = *state;
	char name[256] = "";
	char saved[512] = "";
	struct stat st = {0};

	put(place->path[0], "old\n", 0600);
	put(place->path[1], "same\n", 0644);
	add(place, 0, "new\n");
	add(place, 1, "same\n");
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_OK);
	snprintf(name, sizeof(name), "%s", place->path[0] + 1);
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '_';
	snprintf(saved, sizeof(saved), "%s/%s", place->changes.backup, name);
	assert_string_equal(get(saved), "old\n");
	assert_int_equal(stat(saved, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(place->changes.backup, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(place->backup, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* Two runs in one second: the first one's old file is still there. */
static void test_file_changes_write__twice_at_once__two_backups(void **state)
{
	struct place *place = *state;
	char first[128] = "";

	for (int i = 0; i < 8; i++) {
		put(place->path[0], "old\n", 0644);
		add(place, 0, "new\n");
		assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_OK);
		assert_string_not_equal(place->changes.backup, first);
		snprintf(first, sizeof(first), "%s", place->changes.backup);
		file_changes_done(&place->changes);
	}
}

static void test_file_changes_write__nothing_to_do__leaves_no_trace(void **state)
{
	struct place *place = *state;

	put(place->path[0], "same\n", 0644);
	add(place, 0, "same\n");
	assert_false(file_changes_any(&place->changes));
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_OK);
	assert_int_equal(access(place->backup, F_OK), -1);
}

static void test_file_changes_undo__files_come_back_and_new_ones_go(void **state)
{
	struct place *place = *state;
	struct stat st = {0};

	put(place->path[0], "old\n", 0604);
	add(place, 0, "new\n");
	add(place, 1, "made\n");
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_OK);
	assert_string_equal(get(place->path[1]), "made\n");
	assert_int_equal(file_changes_undo(&place->changes), COSMO_OK);
	assert_string_equal(get(place->path[0]), "old\n");
	assert_int_equal(stat(place->path[0], &st), 0);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_null(get(place->path[1]));
}

static void test_file_changes_write__removal__and_back(void **state)
{
	struct place *place = *state;

	put(place->path[0], "old\n", 0644);
	add(place, 0, NULL);
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_OK);
	assert_null(get(place->path[0]));
	assert_int_equal(file_changes_undo(&place->changes), COSMO_OK);
	assert_string_equal(get(place->path[0]), "old\n");
}

static void test_file_changes_write__the_second_fails__the_first_comes_back(void **state)
{
	struct place *place = *state;
	struct file_change *change = NULL;
	char inside[160] = "";

	put(place->path[0], "old\n", 0644);
	add(place, 0, "new\n");
	snprintf(inside, sizeof(inside), "%s/nowhere/three", place->folder);
	assert_int_equal(file_changes_add(&place->changes, inside, &change), COSMO_OK);
	file_change_set(change, strdup("x"));
	assert_int_not_equal(file_changes_write(&place->changes, place->backup), COSMO_OK);
	assert_string_equal(get(place->path[0]), "old\n");
}

static void test_file_changes_write__changed_while_asked__is_not_overwritten(void **state)
{
	struct place *place = *state;

	put(place->path[0], "old\n", 0644);
	add(place, 0, "new\n");
	put(place->path[0], "theirs\n", 0644);
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_E_BUSY);
	assert_string_equal(get(place->path[0]), "theirs\n");
	file_changes_done(&place->changes);
	add(place, 1, "new\n");
	put(place->path[1], "theirs\n", 0644);
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_E_BUSY);
	assert_string_equal(get(place->path[1]), "theirs\n");
}

static void test_file_changes_write__no_place_for_backups__nothing_is_written(void **state)
{
	struct place *place = *state;
	char nowhere[160] = "";

	put(place->path[0], "old\n", 0644);
	add(place, 0, "new\n");
	snprintf(nowhere, sizeof(nowhere), "%s/no/where", place->folder);
	assert_int_not_equal(file_changes_write(&place->changes, nowhere), COSMO_OK);
	assert_string_equal(get(place->path[0]), "old\n");
}

static void test_file_changes_write__read_only__is_an_error_and_all_is_as_before(void **state)
{
	struct place *place = *state;
	struct file_change *change = NULL;
	char folder[96] = "";
	char inside[128] = "";

	snprintf(folder, sizeof(folder), "%s/ro", place->folder);
	snprintf(inside, sizeof(inside), "%s/three", folder);
	put(place->path[0], "old\n", 0644);
	add(place, 0, "new\n");
	assert_int_equal(mkdir(folder, 0755), 0);
	put(inside, "old\n", 0644);
	assert_int_equal(mount(folder, folder, NULL, MS_BIND, NULL), 0);
	assert_int_equal(mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), 0);
	assert_int_equal(file_changes_add(&place->changes, inside, &change), COSMO_OK);
	file_change_set(change, strdup("new\n"));
	assert_int_equal(file_changes_write(&place->changes, place->backup), COSMO_E_IO);
	assert_string_equal(get(inside), "old\n");
	assert_string_equal(get(place->path[0]), "old\n");
	assert_int_equal(umount(folder), 0);
}

static void refused(struct place *place, enum cosmo_err expected)
{
	struct file_change *change = NULL;

	assert_int_equal(file_changes_add(&place->changes, place->path[0], &change), expected);
	assert_null(change);
	file_changes_done(&place->changes);
}

static void test_file_changes_add__files_it_must_not_touch__are_refused(void **state)
{
	struct place *place = *state;

	put(place->path[0], "x\n", 0666);
	refused(place, COSMO_E_UNSAFE_FILE);
	put(place->path[0], "x\n", 0644);
	assert_int_equal(chown(place->path[0], 65534, 0), 0);
	refused(place, COSMO_E_UNSAFE_FILE);
	assert_int_equal(rename(place->path[0], place->path[1]), 0);
	assert_int_equal(symlink(place->path[1], place->path[0]), 0);
	refused(place, COSMO_E_UNSAFE_FILE);
	assert_int_equal(unlink(place->path[0]), 0);
	assert_int_equal(mkfifo(place->path[0], 0644), 0);
	refused(place, COSMO_E_UNSAFE_FILE);
}

static void test_file_changes_add__a_nul_in_it__is_no_text(void **state)
{
	struct place *place = *state;
	FILE *file = fopen(place->path[0], "we");

	assert_non_null(file);
	fwrite("a\0b", 1, 3, file);
	assert_int_equal(fclose(file), 0);
	refused(place, COSMO_E_FORMAT);
}

static void test_file_changes_print__shows_each_line_that_comes_or_goes(void **state)
{
	struct place *place = *state;
	char *shown = NULL;
	char expected[512] = "";
	size_t size = 0;
	FILE *out = open_memstream(&shown, &size);

	put(place->path[0], "a\nb\nc", 0644);
	add(place, 0, "a\nB\nc");
	add(place, 1, "x\n");
	file_changes_print(&place->changes, out);
	fclose(out);
	snprintf(expected, sizeof(expected), "%s\n  -b\n  +B\n%s (new)\n  +x\n", place->path[0],
		place->path[1]);
	assert_string_equal(shown, expected);
	free(shown);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_file_changes_write__mode_and_group__are_kept),
		TEST(test_file_changes_write__the_old_file__is_saved_for_root_alone),
		TEST(test_file_changes_write__twice_at_once__two_backups),
		TEST(test_file_changes_write__nothing_to_do__leaves_no_trace),
		TEST(test_file_changes_undo__files_come_back_and_new_ones_go),
		TEST(test_file_changes_write__removal__and_back),
		TEST(test_file_changes_write__the_second_fails__the_first_comes_back),
		TEST(test_file_changes_write__changed_while_asked__is_not_overwritten),
		TEST(test_file_changes_write__no_place_for_backups__nothing_is_written),
		TEST(test_file_changes_write__read_only__is_an_error_and_all_is_as_before),
		TEST(test_file_changes_add__files_it_must_not_touch__are_refused),
		TEST(test_file_changes_add__a_nul_in_it__is_no_text),
		TEST(test_file_changes_print__shows_each_line_that_comes_or_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
