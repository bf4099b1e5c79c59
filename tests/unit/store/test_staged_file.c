/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
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

#include "pam_cosmo_sso/helper/staged_file.h"

struct place {
	char dir[64];
	int fd;
};

static int setup(void **state)
{
	static struct place place;

	snprintf(place.dir, sizeof(place.dir), "/tmp/cosmo-staged.XXXXXX");
	if (!mkdtemp(place.dir))
		return -1;
	place.fd = open(place.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &place;
	return place.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	unlinkat(place->fd, "one", 0);
	unlinkat(place->fd, ".one.new", 0);
	close(place->fd);
	return rmdir(place->dir);
}

static void expect_text(const struct place *place, const char *name, const char *text)
{
	char bytes[64] = "";
	struct stat st = {0};
	int fd = openat(place->fd, name, O_RDONLY | O_CLOEXEC);

	if (!text) {
		assert_true(fd < 0 && errno == ENOENT);
		return;
	}
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(read(fd, bytes, sizeof(bytes) - 1), (ssize_t)strlen(text));
	assert_string_equal(bytes, text);
	close(fd);
}

static void write_staged(const struct place *place, const char *text, bool sync)
{
	assert_int_equal(staged_file_write(place->fd, "one", text, strlen(text), sync), COSMO_OK);
}

static void test_staged_file__written__seen_only_when_settled(void **state)
{
	struct place *place = *state;
	mode_t mask = umask(0777);

	write_staged(place, "first", true);
	expect_text(place, "one", NULL);
	assert_int_equal(staged_file_settle(place->fd, "one"), COSMO_OK);
	expect_text(place, "one", "first");
	write_staged(place, "second", false);
	expect_text(place, "one", "first");
	assert_int_equal(staged_file_settle(place->fd, "one"), COSMO_OK);
	expect_text(place, "one", "second");
	expect_text(place, ".one.new", NULL);
	assert_int_equal(staged_file_settle(place->fd, "one"), COSMO_E_IO);
	expect_text(place, "one", "second");
	umask(mask);
}

static void test_staged_file_drop__nothing_remains(void **state)
{
	struct place *place = *state;

	staged_file_drop(place->fd, "one");
	write_staged(place, "first", true);
	staged_file_drop(place->fd, "one");
	expect_text(place, ".one.new", NULL);
	write_staged(place, "first", true);
	assert_int_equal(staged_file_settle(place->fd, "one"), COSMO_OK);
	write_staged(place, "second", true);
	assert_int_equal(staged_file_drop_all(place->fd), COSMO_OK);
	expect_text(place, ".one.new", NULL);
	expect_text(place, "one", "first");
}

/* What a writer left that died, longer, or put there as a link: gone, and not written through. */
static void test_staged_file_write__left_over__replaced(void **state)
{
	struct place *place = *state;

	write_staged(place, "much longer than the other", true);
	write_staged(place, "short", true);
	expect_text(place, ".one.new", "short");
	assert_int_equal(staged_file_settle(place->fd, "one"), COSMO_OK);
	assert_int_equal(symlinkat("one", place->fd, ".one.new"), 0);
	write_staged(place, "other", true);
	expect_text(place, "one", "short");
	assert_int_equal(unlinkat(place->fd, ".one.new", 0), 0);
	assert_int_equal(linkat(place->fd, "one", place->fd, ".one.new", 0), 0);
	write_staged(place, "other", true);
	expect_text(place, "one", "short");
}

static void test_staged_file_write__name_too_long__invalid(void **state)
{
	struct place *place = *state;
	char name[80] = "";

	memset(name, 'n', 60);
	assert_int_equal(staged_file_write(place->fd, name, "x", 1, true), COSMO_E_INVALID);
	assert_int_equal(staged_file_settle(place->fd, name), COSMO_E_INVALID);
	staged_file_drop(place->fd, name);
}

static void test_staged_file_write__folder_in_the_way__io(void **state)
{
	struct place *place = *state;

	assert_int_equal(mkdirat(place->fd, ".one.new", 0700), 0);
	assert_int_equal(staged_file_write(place->fd, "one", "x", 1, true), COSMO_E_IO);
	assert_int_equal(unlinkat(place->fd, ".one.new", AT_REMOVEDIR), 0);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_staged_file__written__seen_only_when_settled),
		IN_PLACE(test_staged_file_drop__nothing_remains),
		IN_PLACE(test_staged_file_write__left_over__replaced),
		IN_PLACE(test_staged_file_write__name_too_long__invalid),
		IN_PLACE(test_staged_file_write__folder_in_the_way__io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
