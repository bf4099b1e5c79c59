/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/process.h"

/* Linked in the place of read(2) and of what it is called where buffers are checked. */
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap___read_chk(int fd, void *buffer, size_t size, size_t room);

static int released;   /* so many lines come as the kernel writes them of a process it let go of */
static pid_t reaped;   /* and is reaped then, unless 0 */
static int lines_read; /* that came so */

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	ssize_t len = __real_read(fd, buffer, size);
	const char *line = "2222 (x) X 0 -1 -1 0 -1 4227148 16 0 0 0 0 0 0 0 20 0 0 0 221438 0 0\n";

	if (len <= 0 || released == 0)
		return len;
	released--;
	lines_read++;
	if (reaped > 0) {
		kill(reaped, SIGKILL);
		(void)waitpid(reaped, NULL, 0);
	}
	reaped = 0;
	assert_true(strlen(line) <= size);
	memcpy(buffer, line, strlen(line));
	return (ssize_t)strlen(line);
}

ssize_t __wrap___read_chk(int fd, void *buffer, size_t size, size_t room)
{
	assert_true(size <= room);
	return __wrap_read(fd, buffer, size);
}

static pid_t start_child(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* if a test fails */
		for (;;)
			pause();
	}
	return child;
}

static void test_process_read__reaped_while_it_is_read__is_none(void **state)
{
	struct process process = {0};
	pid_t child = start_child();

	(void)state;
	reaped = child;
	released = 1;
	lines_read = 0;
	assert_int_equal(process_read(child, &process), COSMO_E_NOT_FOUND);
	assert_int_equal(lines_read, 1);
	assert_true(process_is_gone(child, 1));
}

/* As if a thread of it had called execve(2) just then. */
static void test_process_read__let_go_of_and_there_again__is_read_anew(void **state)
{
	struct process process = {0};

	(void)state;
	released = 2;
	assert_int_equal(process_read(getpid(), &process), COSMO_OK);
	assert_int_equal(released, 0);
	assert_int_equal(process.sid, getsid(0));
	assert_int_equal(process.ppid, getppid());
}

static void test_process_read__let_go_of_again_and_again__cannot_be_seen(void **state)
{
	struct process process = {0};

	(void)state;
	released = 1000;
	assert_int_equal(process_read(getpid(), &process), COSMO_E_IO);
	released = 1000;
	assert_false(process_is_gone(getpid(), 1));
	assert_true(released > 900);
	released = 0;
}

static void test_process_list_take__one_is_reaped_meanwhile__is_whole(void **state)
{
	struct process_list list = {0};
	pid_t child = start_child();

	(void)state;
	/* The first that is read is another, which is read anew. */
	reaped = child;
	released = 1;
	lines_read = 0;
	assert_int_equal(process_list_take(&list), COSMO_OK);
	assert_int_equal(lines_read, 1);
	assert_true(list.is_whole);
	assert_null(process_list_find(&list, child));
	process_list_done(&list);
}

static void test_process_list_take_until__time_is_over__is_told_and_has_none(void **state)
{
	struct process_list list = {0};

	(void)state;
	assert_int_equal(process_list_take_until(fdio_boot_ms(), &list), COSMO_E_DEADLINE);
	assert_null(list.items);
	assert_int_equal(process_list_take_until(INT64_MAX, &list), COSMO_OK);
	assert_non_null(process_list_find(&list, getpid()));
	process_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_read__reaped_while_it_is_read__is_none),
		cmocka_unit_test(test_process_read__let_go_of_and_there_again__is_read_anew),
		cmocka_unit_test(test_process_read__let_go_of_again_and_again__cannot_be_seen),
		cmocka_unit_test(test_process_list_take__one_is_reaped_meanwhile__is_whole),
		cmocka_unit_test(test_process_list_take_until__time_is_over__is_told_and_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
