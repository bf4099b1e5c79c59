/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "pam_cosmo_sso/helper/caller_process.h"
#include "tests/unit/helper/scratch_folder.h"

static struct scratch_folder scratch;

/* Any that is not root. */
#define NOBODY ((uid_t)65534)

static int make_folder(void **state)
{
	(void)state;
	return scratch_folder_make(&scratch) == 0 && fchmod(scratch.fd, 0755) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return scratch_folder_remove(&scratch);
}

static struct sockaddr_un address(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", scratch.path);
	return address;
}

static int listen_here(void)
{
	struct sockaddr_un place = address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&place, sizeof(place)), 0);
	assert_int_equal(chmod(place.sun_path, 0666), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void stay(void)
{
	for (;;)
		pause();
}

static void connect_as(uid_t uid)
{
	struct sockaddr_un place = address();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (seteuid(uid) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
		connect(fd, (struct sockaddr *)&place, sizeof(place)) != 0)
		_exit(2);
}

/* A process that asks, and our end of the connection. */
static pid_t start_caller(uid_t uid, int *ret_fd)
{
	int listener = listen_here();
	pid_t pid = fork();

	if (pid == 0) {
		connect_as(uid);
		stay();
	}
	assert_true(pid > 0);
	*ret_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(*ret_fd >= 0);
	close(listener);
	return pid;
}

static void end_caller(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_caller_process__connected__is_the_one_that_connected(void **state)
{
	struct caller_process caller = {.pid_fd = -1};
	struct process process = {0};
	int fd = -1;
	pid_t pid = start_caller(0, &fd);

	(void)state;
	assert_int_equal(caller_process_of(fd, &caller), COSMO_OK);
	assert_int_equal(caller.pid, pid);
	assert_true(caller_process_runs(&caller));
	assert_int_equal(caller_process_read(&caller, &process), COSMO_OK);
	assert_int_equal(process.pid, pid);
	assert_int_equal(process.ppid, getpid());
	end_caller(pid);
	caller_process_done(&caller);
	close(fd);
}

static void test_caller_process__pair__is_the_one_that_made_it(void **state)
{
	struct caller_process caller = {.pid_fd = -1};
	int pair[2] = {-1, -1};

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(caller_process_of(pair[1], &caller), COSMO_OK);
	assert_int_equal(caller.pid, getpid());
	assert_true(caller_process_runs(&caller));
	caller_process_done(&caller);
	close(pair[0]);
	close(pair[1]);
}

static void test_caller_process__not_root__refused(void **state)
{
	struct caller_process caller = {.pid_fd = -1};
	int fd = -1;
	pid_t pid = start_caller(NOBODY, &fd);

	(void)state;
	assert_int_equal(caller_process_of(fd, &caller), COSMO_E_NOT_ROOT);
	assert_int_equal(caller.pid, 0);
	end_caller(pid);
	close(fd);
}

static void test_caller_process__no_socket__refused(void **state)
{
	struct caller_process caller = {.pid_fd = -1};

	(void)state;
	assert_int_equal(caller_process_of(scratch.fd, &caller), COSMO_E_NOT_ROOT);
}

/* A zombie is still in /proc. */
static void test_caller_process_read__ended_but_not_reaped__not_found(void **state)
{
	struct caller_process caller = {.pid_fd = -1};
	struct process process = {0};
	siginfo_t info = {0};
	int fd = -1;
	pid_t pid = start_caller(0, &fd);

	(void)state;
	assert_int_equal(caller_process_of(fd, &caller), COSMO_OK);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_read(pid, &process), COSMO_OK);
	assert_false(caller_process_runs(&caller));
	assert_int_equal(caller_process_read(&caller, &process), COSMO_E_NOT_FOUND);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	caller_process_done(&caller);
	close(fd);
}

/* Its connection has come down to a child of its, which @ret_end ends. */
static pid_t start_caller_that_leaves(int *ret_fd, int *ret_end)
{
	int listener = listen_here();
	int end[2] = {-1, -1};
	char none = 0;
	pid_t pid = -1;

	assert_int_equal(pipe(end), 0);
	pid = fork();
	if (pid == 0) {
		connect_as(0);
		if (fork() == 0) {
			close(end[1]);
			(void)!read(end[0], &none, 1);
		}
		_exit(0);
	}
	assert_true(pid > 0);
	close(end[0]);
	*ret_end = end[1];
	*ret_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(*ret_fd >= 0);
	close(listener);
	return pid;
}

/* case: caller: one who is gone is not taken for there because another process holds his connection
 */
static void test_caller_process__gone_and_another_holds_the_connection__does_not_run(void **state)
{
	struct caller_process caller = {.pid_fd = -1};
	struct process process = {0};
	int end = -1;
	int fd = -1;
	pid_t pid = start_caller_that_leaves(&fd, &end);

	(void)state;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(caller_process_of(fd, &caller), COSMO_OK);
	assert_false(caller_process_runs(&caller));
	assert_int_not_equal(caller_process_read(&caller, &process), COSMO_OK);
	caller_process_done(&caller);
	close(end);
	close(fd);
}

/* As on a kernel without pidfds. */
static void test_caller_process_runs__no_pidfd__by_the_connection(void **state)
{
	struct caller_process caller = {.pid_fd = -1};
	int fd = -1;
	pid_t pid = start_caller(0, &fd);

	(void)state;
	assert_int_equal(caller_process_of(fd, &caller), COSMO_OK);
	caller_process_done(&caller);
	assert_int_equal(caller.pid_fd, -1);
	assert_true(caller_process_runs(&caller));
	end_caller(pid);
	assert_false(caller_process_runs(&caller));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_caller_process__connected__is_the_one_that_connected, make_folder,
			remove_folder),
		cmocka_unit_test(test_caller_process__pair__is_the_one_that_made_it),
		cmocka_unit_test_setup_teardown(
			test_caller_process__not_root__refused, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_caller_process__no_socket__refused, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_caller_process_read__ended_but_not_reaped__not_found, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			test_caller_process__gone_and_another_holds_the_connection__does_not_run,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_caller_process_runs__no_pidfd__by_the_connection, make_folder,
			remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
