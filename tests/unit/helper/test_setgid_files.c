/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/setgid_files.h"
#include "tests/unit/helper/scratch_folder.h"

#define OWNER 1879048200U
#define ROLE  1879048194U

static struct scratch_folder scratch;
static const uint32_t gids[] = {ROLE};

/* The folder that a disk with a fault does not give; none while it is all 0. */
static struct stat unreadable;

struct dirent *__real_readdir64(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);

struct dirent *__wrap_readdir64(DIR *dir)
{
	struct stat st = {0};

	if (fstat(dirfd(dir), &st) < 0 || st.st_ino != unreadable.st_ino ||
		st.st_dev != unreadable.st_dev)
		return __real_readdir64(dir);
	errno = EIO;
	return NULL;
}

static int make_folder(void **state)
{
	(void)state;
	return scratch_folder_make(&scratch);
}

static int remove_folder(void **state)
{
	(void)state;
	return scratch_folder_remove(&scratch);
}

static void put(const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	int fd = openat(scratch.fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, uid, gid), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static mode_t mode_of(const char *name)
{
	struct stat st = {0};

	assert_int_equal(fstatat(scratch.fd, name, &st, 0), 0);
	return st.st_mode & 07777;
}

static enum cosmo_err is_theirs(void *context, uint32_t uid, bool *ret)
{
	const enum cosmo_err *err = context;

	*ret = uid == OWNER;
	return *err;
}

/* What is_theirs() answers. */
static enum cosmo_err answer;

static enum cosmo_err find(struct setgid_search *search, bool strip, int64_t for_ms)
{
	char home[128] = "";

	*search = (struct setgid_search){.is_theirs = is_theirs,
		.context = &answer,
		.gids = gids,
		.gid_count = 1,
		.strip = strip,
		.deadline_boot_ms = fdio_boot_ms() + for_ms};
	(void)snprintf(home, sizeof(home), "%s/home", scratch.path);
	return setgid_files_find(search, home);
}

static void test_setgid_files_find__a_home__just_theirs_with_a_role(void **state)
{
	struct setgid_search search;

	(void)state;
	assert_int_equal(find(&search, true, 60000), COSMO_OK); /* no home at all */
	assert_int_equal(mkdirat(scratch.fd, "home", 0700), 0);
	assert_int_equal(mkdirat(scratch.fd, "home/deep", 0700), 0);
	assert_int_equal(mkdirat(scratch.fd, "away", 0700), 0);
	put("home/deep/tool", OWNER, ROLE, 02755);
	put("home/other", OWNER, ROLE + 1, 02755);
	put("home/roots", 0, ROLE, 02755);
	put("home/plain", OWNER, ROLE, 0755);
	put("away/tool", OWNER, ROLE, 02755);
	assert_int_equal(symlinkat("../away", scratch.fd, "home/link"), 0);
	assert_int_equal(symlinkat("../away/tool", scratch.fd, "home/tool"), 0);

	assert_int_equal(find(&search, false, 60000), COSMO_OK);
	assert_int_equal(search.found, 1);
	assert_int_equal(search.stripped, 0);
	assert_int_equal(mode_of("home/deep/tool"), 02755);
	assert_int_equal(find(&search, true, 60000), COSMO_OK);
	assert_int_equal(search.stripped, 1);
	assert_int_equal(mode_of("home/deep/tool"), 0755);
	assert_int_equal(mode_of("home/other"), 02755);
	assert_int_equal(mode_of("home/roots"), 02755);
	assert_int_equal(mode_of("away/tool"), 02755);
	assert_int_equal(find(&search, true, 60000), COSMO_OK);
	assert_int_equal(search.found, 0);
}

static void test_setgid_files_find__home_is_a_link__looked_through(void **state)
{
	struct setgid_search search;

	(void)state;
	assert_int_equal(mkdirat(scratch.fd, "away", 0700), 0);
	put("away/tool", OWNER, ROLE, 02755);
	assert_int_equal(symlinkat("away", scratch.fd, "home"), 0);
	assert_int_equal(find(&search, true, 60000), COSMO_OK);
	assert_int_equal(search.stripped, 1);
	assert_int_equal(mode_of("away/tool"), 0755);
	assert_int_equal(unlinkat(scratch.fd, "home", 0), 0);
	assert_int_equal(symlinkat("home", scratch.fd, "home"), 0);
	assert_int_equal(find(&search, true, 60000), COSMO_E_IO);
}

static void test_setgid_files_find__nobody_knows_whose__says_so(void **state)
{
	struct setgid_search search;

	(void)state;
	assert_int_equal(mkdirat(scratch.fd, "home", 0700), 0);
	put("home/plain", OWNER, ROLE, 0755);
	answer = COSMO_E_IO;
	assert_int_equal(find(&search, false, 60000), COSMO_OK);
	put("home/tool", OWNER, ROLE, 02755);
	assert_int_equal(find(&search, false, 60000), COSMO_E_IO);
	answer = COSMO_OK;
}

static void test_setgid_files_find__time_over_or_too_deep__says_so(void **state)
{
	struct setgid_search search;
	char path[1024] = "home";

	(void)state;
	assert_int_equal(mkdirat(scratch.fd, path, 0700), 0);
	for (int i = 0; i < 200; i++) {
		(void)strncat(path, "/d", sizeof(path) - strlen(path) - 1);
		assert_int_equal(mkdirat(scratch.fd, path, 0700), 0);
	}
	assert_int_equal(find(&search, false, 60000), COSMO_E_TOO_BIG);
	assert_int_equal(find(&search, false, 0), COSMO_E_TIMEOUT);
}

static void test_setgid_files_find__mounted_below__not_entered(void **state)
{
	struct setgid_search search;
	char away[160] = "";
	char mounted[160] = "";

	(void)state;
	assert_int_equal(mkdirat(scratch.fd, "home", 0700), 0);
	assert_int_equal(mkdirat(scratch.fd, "home/mounted", 0700), 0);
	assert_int_equal(mkdirat(scratch.fd, "away", 0700), 0);
	put("away/tool", OWNER, ROLE, 02755);
	(void)snprintf(away, sizeof(away), "%s/away", scratch.path);
	(void)snprintf(mounted, sizeof(mounted), "%s/home/mounted", scratch.path);
	assert_int_equal(mount(away, mounted, NULL, MS_BIND, NULL), 0);
	assert_int_equal(find(&search, true, 60000), COSMO_OK);
	assert_int_equal(umount2(mounted, MNT_DETACH), 0);
	assert_int_equal(search.found, 0);
	assert_int_equal(mode_of("away/tool"), 02755);
}

static void test_setgid_files_find__folder_not_read_to_its_end__says_so(void **state)
{
	struct setgid_search search;

	(void)state;
	assert_int_equal(mkdirat(scratch.fd, "home", 0700), 0);
	assert_int_equal(mkdirat(scratch.fd, "home/bad", 0700), 0);
	assert_int_equal(mkdirat(scratch.fd, "home/good", 0700), 0);
	put("home/bad/tool", OWNER, ROLE, 02755);
	put("home/good/tool", OWNER, ROLE, 02755);
	assert_int_equal(find(&search, false, 60000), COSMO_OK);
	assert_int_equal(search.found, 2);
	assert_int_equal(fstatat(scratch.fd, "home/bad", &unreadable, 0), 0);
	assert_int_equal(find(&search, false, 60000), COSMO_E_IO);
	memset(&unreadable, 0, sizeof(unreadable));
	assert_int_equal(search.found, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_setgid_files_find__a_home__just_theirs_with_a_role, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			test_setgid_files_find__home_is_a_link__looked_through, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(test_setgid_files_find__nobody_knows_whose__says_so,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_setgid_files_find__mounted_below__not_entered,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_setgid_files_find__time_over_or_too_deep__says_so, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			test_setgid_files_find__folder_not_read_to_its_end__says_so, make_folder,
			remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
