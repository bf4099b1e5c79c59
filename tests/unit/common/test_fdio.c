/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"

struct place {
	char path[64];
	int fd;
	struct fdio_demands demands; /* ours, 022, 64 bytes */
};

static int setup(void **state)
{
	static struct place place;

	place.demands =
		(struct fdio_demands){.owner = geteuid(), .forbidden_mode = 022, .max_bytes = 64};
	strcpy(place.path, "/tmp/cosmo-fdio-XXXXXX");
	if (!mkdtemp(place.path))
		return -1;
	place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &place;
	return place.fd < 0 ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct place *place = *state;

	close(place->fd);
	return nftw(place->path, remove_entry, 4, FTW_DEPTH | FTW_PHYS);
}

static void put_file(const struct place *place, const char *name, const char *text, mode_t mode)
{
	COSMO_AUTO_FD int fd =
		openat(place->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fdio_write(fd, text, strlen(text)), COSMO_OK);
	assert_int_equal(fchmod(fd, mode), 0);
}

/* The result of reading @name; nothing may be left open or set when it is not COSMO_OK. */
static enum cosmo_err read_name(const struct place *place, const char *name)
{
	char *data = NULL;
	size_t len = 4711;
	enum cosmo_err err = fdio_read_file(place->fd, name, &place->demands, &data, &len);

	if (err) {
		assert_null(data);
		assert_int_equal(len, 4711);
	}
	free(data);
	return err;
}

static void test_fdio_read_file__a_good_file__comes_with_a_nul(void **state)
{
	const struct place *place = *state;
	COSMO_AUTO(free) char *data = NULL;
	size_t len = 0;

	put_file(place, "good", "some text", 0644);
	assert_int_equal(fdio_read_file(place->fd, "good", &place->demands, &data, &len), COSMO_OK);
	assert_int_equal(len, 9);
	assert_string_equal(data, "some text");
}

static void test_fdio_read_file__an_empty_file__is_no_error(void **state)
{
	const struct place *place = *state;

	put_file(place, "empty", "", 0600);
	assert_int_equal(read_name(place, "empty"), COSMO_OK);
}

static void test_fdio_read_file__missing__is_not_found(void **state)
{
	const struct place *place = *state;

	put_file(place, "file", "", 0600);
	assert_int_equal(read_name(place, "missing"), COSMO_E_NOT_FOUND);
	assert_int_equal(read_name(place, "file/below"), COSMO_E_NOT_FOUND);
}

static void test_fdio_read_file__writable_by_others__is_unsafe(void **state)
{
	const struct place *place = *state;

	put_file(place, "loose", "x", 0666);
	assert_int_equal(read_name(place, "loose"), COSMO_E_UNSAFE_FILE);
	put_file(place, "loose", "x", 0620);
	assert_int_equal(read_name(place, "loose"), COSMO_E_UNSAFE_FILE);
}

static void test_fdio_read_file__another_owner__is_unsafe(void **state)
{
	struct place *place = *state;

	put_file(place, "theirs", "x", 0600);
	place->demands.owner = geteuid() + 1;
	assert_int_equal(read_name(place, "theirs"), COSMO_E_UNSAFE_FILE);
}

static void test_fdio_read_file__link_folder_or_fifo__is_unsafe(void **state)
{
	const struct place *place = *state;

	put_file(place, "target", "x", 0600);
	assert_int_equal(symlinkat("target", place->fd, "link"), 0);
	assert_int_equal(mkdirat(place->fd, "folder", 0700), 0);
	assert_int_equal(mkfifoat(place->fd, "fifo", 0600), 0);
	assert_int_equal(read_name(place, "link"), COSMO_E_UNSAFE_FILE);
	assert_int_equal(read_name(place, "folder"), COSMO_E_UNSAFE_FILE);
	assert_int_equal(read_name(place, "fifo"), COSMO_E_UNSAFE_FILE);
}

static void test_fdio_read_file__larger_than_allowed__is_too_big(void **state)
{
	struct place *place = *state;

	put_file(place, "big", "0123456789", 0600);
	place->demands.max_bytes = 10;
	assert_int_equal(read_name(place, "big"), COSMO_OK);
	place->demands.max_bytes = 9;
	assert_int_equal(read_name(place, "big"), COSMO_E_TOO_BIG);
}

static void test_fdio_open__any_failure__leaves_no_descriptor(void **state)
{
	const struct place *place = *state;
	int before = dup(0);
	int after = -1;

	close(before);
	put_file(place, "loose", "x", 0666);
	assert_int_equal(read_name(place, "loose"), COSMO_E_UNSAFE_FILE);
	assert_int_equal(read_name(place, "missing"), COSMO_E_NOT_FOUND);
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

static void test_fdio_pread__shorter_file__is_malformed(void **state)
{
	const struct place *place = *state;
	COSMO_AUTO_FD int fd = -1;
	char bytes[8] = "";

	put_file(place, "numbers", "012345", 0600);
	fd = openat(place->fd, "numbers", O_RDWR | O_CLOEXEC);
	assert_int_equal(fdio_pread(fd, bytes, 3, 2), COSMO_OK);
	assert_string_equal(bytes, "234");
	assert_int_equal(fdio_pread(fd, bytes, 7, 0), COSMO_E_FORMAT);
	assert_int_equal(fdio_pwrite(fd, "xy", 2, 1), COSMO_OK);
	assert_int_equal(fdio_pread(fd, bytes, 6, 0), COSMO_OK);
	assert_memory_equal(bytes, "0xy345", 6);
}

static void test_fdio_write__a_closed_or_full_target__is_an_error(void **state)
{
	COSMO_AUTO_FD int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(fdio_write(-1, "x", 1), COSMO_E_IO);
	assert_int_equal(fdio_pwrite(-1, "x", 1, 0), COSMO_E_IO);
	assert_int_equal(fdio_write(full, "x", 1), COSMO_E_IO);
	assert_int_equal(fdio_write(-1, "", 0), COSMO_OK);
}

static void test_fdio_replace_file__new_content_and_mode__in_one_step(void **state)
{
	const struct place *place = *state;
	COSMO_AUTO(free) char *data = NULL;
	size_t len = 0;
	struct stat st = {0};

	put_file(place, "record", "old", 0644);
	assert_int_equal(fdio_replace_file(place->fd, "record", "newer", 5, 0600), COSMO_OK);
	assert_int_equal(
		fdio_read_file(place->fd, "record", &place->demands, &data, &len), COSMO_OK);
	assert_string_equal(data, "newer");
	assert_int_equal(fstatat(place->fd, "record", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(faccessat(place->fd, ".record.new", F_OK, 0), -1);
}

static void test_fdio_replace_file__mode__is_not_cut_by_the_umask(void **state)
{
	const struct place *place = *state;
	mode_t before = umask(0777);
	enum cosmo_err err = fdio_replace_file(place->fd, "open", "x", 1, 0644);
	struct stat st = {0};

	umask(before);
	assert_int_equal(err, COSMO_OK);
	assert_int_equal(fstatat(place->fd, "open", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void test_fdio_replace_file__something_in_the_way__is_not_followed(void **state)
{
	const struct place *place = *state;

	put_file(place, "victim", "precious", 0600);
	assert_int_equal(symlinkat("victim", place->fd, ".record.new"), 0);
	assert_int_equal(fdio_replace_file(place->fd, "record", "new", 3, 0600), COSMO_OK);
	assert_int_equal(read_name(place, "victim"), COSMO_OK);
	assert_int_equal(read_name(place, "record"), COSMO_OK);
}

static void test_fdio_replace_file__failure__keeps_the_old(void **state)
{
	const struct place *place = *state;
	COSMO_AUTO(free) char *data = NULL;
	size_t len = 0;
	char long_name[300] = "";

	put_file(place, "record", "old", 0600);
	/* Nothing can stand beside it. */
	assert_int_equal(mkdirat(place->fd, ".record.new", 0700), 0);
	assert_int_equal(fdio_replace_file(place->fd, "record", "new", 3, 0600), COSMO_E_IO);
	assert_int_equal(
		fdio_read_file(place->fd, "record", &place->demands, &data, &len), COSMO_OK);
	assert_string_equal(data, "old");
	memset(long_name, 'n', sizeof(long_name) - 1);
	assert_int_equal(fdio_replace_file(place->fd, long_name, "x", 1, 0600), COSMO_E_IO);
}

static void test_auto_close__minus_one__keeps_errno(void **state)
{
	(void)state;
	errno = EBADMSG;
	{
		COSMO_AUTO_FD int none = -1;
		COSMO_AUTO_FD int wrong = 1 << 20;

		(void)none;
		(void)wrong;
	}
	assert_int_equal(errno, EBADMSG);
}

/* What is closed early, and once more with what it is a part of, is not another one's by then. */
static void test_auto_close__twice__closes_nobody_elses(void **state)
{
	COSMO_AUTO_FD int other = -1;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	cosmo_auto_close(&fd);
	other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	cosmo_auto_close(&fd);
	assert_int_equal(fd, -1);
	assert_true(fcntl(other, F_GETFD) >= 0);
}

static void test_clocks__tell__plausible_times(void **state)
{
	int64_t first = fdio_boot_ms();

	(void)state;
	assert_true(first > 0);
	assert_true(fdio_boot_ms() >= first);
	assert_true(fdio_now_s() > 1700000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_PLACE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		IN_PLACE(test_fdio_read_file__a_good_file__comes_with_a_nul),
		IN_PLACE(test_fdio_read_file__an_empty_file__is_no_error),
		IN_PLACE(test_fdio_read_file__missing__is_not_found),
		IN_PLACE(test_fdio_read_file__writable_by_others__is_unsafe),
		IN_PLACE(test_fdio_read_file__another_owner__is_unsafe),
		IN_PLACE(test_fdio_read_file__link_folder_or_fifo__is_unsafe),
		IN_PLACE(test_fdio_read_file__larger_than_allowed__is_too_big),
		IN_PLACE(test_fdio_open__any_failure__leaves_no_descriptor),
		IN_PLACE(test_fdio_pread__shorter_file__is_malformed),
		cmocka_unit_test(test_fdio_write__a_closed_or_full_target__is_an_error),
		IN_PLACE(test_fdio_replace_file__new_content_and_mode__in_one_step),
		IN_PLACE(test_fdio_replace_file__mode__is_not_cut_by_the_umask),
		IN_PLACE(test_fdio_replace_file__something_in_the_way__is_not_followed),
		IN_PLACE(test_fdio_replace_file__failure__keeps_the_old),
		cmocka_unit_test(test_auto_close__minus_one__keeps_errno),
		cmocka_unit_test(test_auto_close__twice__closes_nobody_elses),
		cmocka_unit_test(test_clocks__tell__plausible_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
