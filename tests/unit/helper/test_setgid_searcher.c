/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/setgid_searcher.h"
#include "tests/unit/helper/scratch_folder.h"

/* Owners: whose files are looked for, at whose the search hangs, and at whose it dies. */
#define THEIRS 1879048200U
#define HANGS  1879048201U
#define DIES   1879048202U
#define ROLE   1879048194U

static struct scratch_folder scratch;
static const uint32_t gids[] = {ROLE};
static struct setgid_search search;
static struct setgid_searcher searcher;

static enum cosmo_err is_theirs(void *context, uint32_t uid, bool *ret)
{
	(void)context;
	if (uid == HANGS)
		pause();
	if (uid == DIES)
		_exit(1);
	*ret = uid == THEIRS;
	return COSMO_OK;
}

static int start(void **state)
{
	(void)state;
	search = (struct setgid_search){.is_theirs = is_theirs, .gids = gids, .gid_count = 1};
	setgid_searcher_init(&searcher, &search);
	return scratch_folder_make(&scratch);
}

static int end(void **state)
{
	(void)state;
	setgid_searcher_done(&searcher);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	return scratch_folder_remove(&scratch);
}

static void put(const char *folder, uid_t owner)
{
	char name[64] = "";
	int fd = -1;

	assert_int_equal(mkdirat(scratch.fd, folder, 0700), 0);
	(void)snprintf(name, sizeof(name), "%s/tool", folder);
	fd = openat(scratch.fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, owner, ROLE), 0);
	assert_int_equal(fchmod(fd, 02755), 0);
	close(fd);
}

static enum cosmo_err look(const char *folder, int64_t for_ms)
{
	char path[160] = "";

	(void)snprintf(path, sizeof(path), "%s/%s", scratch.path, folder);
	return setgid_searcher_look(&searcher, path, for_ms);
}

static void test_setgid_searcher__many_folders__one_process_adds_up(void **state)
{
	pid_t pid = -1;

	(void)state;
	put("a", THEIRS);
	put("b", THEIRS);
	search.strip = true;
	assert_int_equal(look("a", 60000), COSMO_OK);
	pid = searcher.child.pid;
	assert_int_equal(look("b", 60000), COSMO_OK);
	assert_int_equal(look("missing", 60000), COSMO_OK);
	assert_int_equal(searcher.child.pid, pid);
	assert_int_equal(search.found, 2);
	assert_int_equal(search.stripped, 2);
}

static void test_setgid_searcher__folder_that_never_answers__the_next_is_looked_through(
	void **state)
{
	(void)state;
	put("a", HANGS);
	put("b", THEIRS);
	assert_int_equal(look("a", 1), COSMO_E_TIMEOUT);
	assert_int_equal(look("b", 60000), COSMO_OK);
	assert_int_equal(search.found, 1);
}

static void test_setgid_searcher__its_process_dies__the_next_folder_has_another(void **state)
{
	(void)state;
	put("a", DIES);
	put("b", THEIRS);
	assert_int_equal(look("a", 60000), COSMO_E_IO);
	assert_int_equal(look("b", 60000), COSMO_OK);
	assert_int_equal(search.found, 1);
}

static void test_setgid_searcher__no_time_left__nobody_is_asked(void **state)
{
	(void)state;
	put("a", HANGS);
	assert_int_equal(look("a", 0), COSMO_E_TIMEOUT);
	assert_int_equal(searcher.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_setgid_searcher__many_folders__one_process_adds_up, start, end),
		cmocka_unit_test_setup_teardown(
			test_setgid_searcher__folder_that_never_answers__the_next_is_looked_through,
			start, end),
		cmocka_unit_test_setup_teardown(
			test_setgid_searcher__its_process_dies__the_next_folder_has_another, start,
			end),
		cmocka_unit_test_setup_teardown(
			test_setgid_searcher__no_time_left__nobody_is_asked, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
