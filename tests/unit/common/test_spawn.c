/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/spawn.h"

#define FAR (fdio_boot_ms() + 60000)

#define REPORT(arguments, fds)                                                                     \
	"argv: " arguments                                                                         \
	"\nenvironment: 0\nsession: own group: own\nignored: 0 blocked: 0\nfds: " fds "\n"
#define WITHOUT_SECOND "null null null socket"
#define WITH_SECOND    "null null null socket socket"

static const char *probe(void)
{
	const char *path = getenv("SPAWN_PROBE");

	assert_non_null(path);
	return path;
}

static int lowest_free_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

/* Everything that is said on @fd until it is closed. */
static void read_to_end(int fd, char *ret, size_t ret_size)
{
	size_t used = 0;

	for (;;) {
		ssize_t got = read(fd, ret + used, ret_size - 1 - used);

		if (got <= 0)
			break;
		used += (size_t)got;
	}
	ret[used] = '\0';
}

/* What the probe tells when it is started with these; false if it could not be. */
static bool probe_tells(const char *argument, int ours, int peer_fd, int second_fd, char ret[1024])
{
	struct spawn_child child = {.pid = -1, .pid_fd = -1};

	if (spawn_program(getenv("SPAWN_PROBE"), argument, peer_fd, second_fd, &child))
		return false;
	close(peer_fd);
	read_to_end(ours, ret, 1024);
	spawn_finish(&child, FAR);
	return true;
}

static void test_spawn_program__the_child__has_what_it_needs_alone(void **state)
{
	COSMO_AUTO_FD int ours = -1;
	int theirs = -1;
	char told[1024] = "";

	(void)state;
	(void)probe();
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	assert_true(probe_tells(NULL, ours, theirs, -1, told));
	assert_string_equal(told, REPORT("1 spawn_probe -", WITHOUT_SECOND));
}

/* The rest is as with a session of its own. */
static void test_spawn_in_group__the_child__is_reached_by_the_terminal(void **state)
{
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	COSMO_AUTO_FD int ours = -1;
	int theirs = -1;
	char told[1024] = "";

	(void)state;
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	assert_int_equal(spawn_in_group(probe(), "x", theirs, &child), COSMO_OK);
	close(theirs);
	read_to_end(ours, told, sizeof(told));
	spawn_finish(&child, FAR);
	assert_string_equal(told, "argv: 2 spawn_probe x\nenvironment: 0\n"
				  "session: inherited group: inherited\n"
				  "ignored: 0 blocked: 0\nfds: " WITHOUT_SECOND "\n");
}

static void test_spawn_program__second_socket__is_descriptor_4(void **state)
{
	COSMO_AUTO_FD int ours = -1;
	COSMO_AUTO_FD int second_ours = -1;
	COSMO_AUTO_FD int second_theirs = -1;
	int theirs = -1;
	char told[1024] = "";
	char second_told[64] = "";

	(void)state;
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	assert_int_equal(spawn_socketpair(&second_ours, &second_theirs), COSMO_OK);
	assert_true(probe_tells("second", ours, theirs, second_theirs, told));
	assert_string_equal(told, REPORT("2 spawn_probe second", WITH_SECOND));
	assert_true(read(second_ours, second_told, sizeof(second_told) - 1) > 0);
	assert_string_equal(second_told, "this is the second\n");
}

/* What a host program may look like: everything that could be inherited is there. */
static void test_spawn_program__nothing_of_the_host__is_inherited(void **state)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction old_term = {0};
	struct sigaction old_child = {0};
	sigset_t all;
	sigset_t old_mask;
	int left[40] = {0};
	COSMO_AUTO_FD int ours = -1;
	int theirs = -1;
	char told[1024] = "";
	bool started = false;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(left); i++)
		left[i] = fcntl(STDERR_FILENO, F_DUPFD, i % 2 ? 3 : 200);
	setenv("LD_DEBUG_OUTPUT", "/nonexistent", 1);
	sigaction(SIGTERM, &ignore, &old_term);
	sigaction(SIGCHLD, &ignore, &old_child);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old_mask);
	if (spawn_socketpair(&ours, &theirs) == COSMO_OK)
		started = probe_tells("x", ours, theirs, -1, told);
	sigprocmask(SIG_SETMASK, &old_mask, NULL);
	sigaction(SIGCHLD, &old_child, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	unsetenv("LD_DEBUG_OUTPUT");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(left); i++)
		close(left[i]);
	assert_true(started);
	assert_string_equal(told, REPORT("2 spawn_probe x", WITHOUT_SECOND));
}

/* In a child of the test, which can do without its standard descriptors. */
static bool tells_with_low_fds(int peer_fd, int second_fd)
{
	int ours = -1;
	int theirs = -1;
	int second_ours = -1;
	int second_theirs = -1;
	char told[1024] = "";

	if (spawn_socketpair(&ours, &theirs) || spawn_socketpair(&second_ours, &second_theirs))
		return false;
	ours = fcntl(ours, F_DUPFD, 100);
	theirs = fcntl(theirs, F_DUPFD, 100);
	second_ours = fcntl(second_ours, F_DUPFD, 100);
	second_theirs = fcntl(second_theirs, F_DUPFD, 100);
	for (int fd = 0; fd < 20; fd++)
		close(fd);
	if (dup2(theirs, peer_fd) < 0 || dup2(second_theirs, second_fd) < 0)
		return false;
	close(theirs);
	close(second_theirs);
	if (!probe_tells("second", ours, peer_fd, second_fd, told))
		return false;
	if (strcmp(told, REPORT("2 spawn_probe second", WITH_SECOND)) != 0)
		return false;
	close(second_fd);
	read_to_end(second_ours, told, sizeof(told));
	return strcmp(told, "this is the second\n") == 0;
}

static void test_spawn_program__low_descriptors_given__arrive_in_place(void **state)
{
	(void)state;
	for (int peer_fd = 0; peer_fd < 6; peer_fd++) {
		for (int second_fd = 0; second_fd < 6; second_fd++) {
			int status = 0;
			pid_t pid = -1;

			if (peer_fd == second_fd)
				continue;
			print_message("peer %d, second %d\n", peer_fd, second_fd);
			pid = fork();
			if (pid == 0)
				_exit(tells_with_low_fds(peer_fd, second_fd) ? 0 : 1);
			assert_int_equal(waitpid(pid, &status, 0), pid);
			assert_int_equal(status, 0);
		}
	}
}

static void test_spawn_program__descriptors_of_the_caller__stay_as_they_are(void **state)
{
	COSMO_AUTO_FD int ours = -1;
	COSMO_AUTO_FD int theirs = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	int before = 0;

	(void)state;
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	assert_int_equal(fcntl(ours, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(theirs, F_GETFD), FD_CLOEXEC);
	before = lowest_free_fd();
	assert_int_equal(spawn_program(probe(), "stay", theirs, -1, &child), COSMO_OK);
	assert_int_equal(fcntl(theirs, F_GETFD), FD_CLOEXEC);
	spawn_kill(&child);
	assert_int_equal(lowest_free_fd(), before);
}

static void test_spawn_program__no_such_program__is_an_error(void **state)
{
	static const char *const paths[] = {"/nonexistent/program", "/etc/passwd", "/", ""};
	COSMO_AUTO_FD int ours = -1;
	COSMO_AUTO_FD int theirs = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -7};
	int before = 0;

	(void)state;
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	before = lowest_free_fd();
	for (size_t i = 0; i < COSMO_ARRAY_LEN(paths); i++)
		assert_int_equal(spawn_program(paths[i], NULL, theirs, -1, &child), COSMO_E_SPAWN);
	assert_int_equal(spawn_program(probe(), NULL, 1 << 20, -1, &child), COSMO_E_SPAWN);
	assert_int_equal(spawn_program(probe(), NULL, theirs, 1 << 20, &child), COSMO_E_SPAWN);
	assert_int_equal(child.pid_fd, -7);
	assert_int_equal(lowest_free_fd(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_spawn_program__no_descriptors_left__is_an_error(void **state)
{
	COSMO_AUTO_FD int ours = -1;
	COSMO_AUTO_FD int theirs = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	struct rlimit old = {0};
	struct rlimit none = {0};
	enum cosmo_err err = COSMO_OK;

	(void)state;
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){.rlim_cur = 8, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	err = spawn_program(probe(), NULL, theirs, -1, &child);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(err, COSMO_E_SPAWN);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* A probe that stays, after it has said that it does. */
static pid_t start_staying(int *ret_ours, struct spawn_child *ret_child)
{
	int theirs = -1;
	char ready[8] = "";

	assert_int_equal(spawn_socketpair(ret_ours, &theirs), COSMO_OK);
	assert_int_equal(spawn_program(probe(), "stay", theirs, -1, ret_child), COSMO_OK);
	close(theirs);
	assert_int_equal(read(*ret_ours, ready, sizeof(ready)), 6);
	assert_false(is_gone(ret_child->pid));
	return ret_child->pid;
}

static void assert_forgotten(const struct spawn_child *child)
{
	assert_int_equal(child->pid, -1);
	assert_int_equal(child->pid_fd, -1);
}

static void test_spawn_finish__child_that_ends__is_reaped(void **state)
{
	int ours = -1;
	int theirs = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	pid_t pid = -1;

	(void)state;
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	assert_int_equal(spawn_program(probe(), "until-closed", theirs, -1, &child), COSMO_OK);
	pid = child.pid;
	close(theirs);
	close(ours);
	spawn_finish(&child, FAR);
	assert_forgotten(&child);
	assert_true(is_gone(pid));
}

static void test_spawn_finish__child_that_stays__is_killed_at_the_deadline(void **state)
{
	COSMO_AUTO_FD int ours = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	pid_t pid = start_staying(&ours, &child);
	int64_t deadline = fdio_boot_ms() + 20;

	(void)state;
	spawn_finish(&child, deadline);
	assert_true(fdio_boot_ms() >= deadline);
	assert_forgotten(&child);
	assert_true(is_gone(pid));
	pid = start_staying(&ours, &child);
	spawn_finish(&child, INT64_MIN);
	assert_true(is_gone(pid));
}

static void test_spawn_kill__child_that_stays__is_gone_at_once(void **state)
{
	COSMO_AUTO_FD int ours = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	pid_t pid = start_staying(&ours, &child);

	(void)state;
	spawn_kill(&child);
	assert_forgotten(&child);
	assert_true(is_gone(pid));
	spawn_kill(&child);
	spawn_finish(&child, FAR);
	assert_forgotten(&child);
}

static void test_spawn_kill__host_ignores_sigchld__is_gone_all_the_same(void **state)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction old = {0};
	COSMO_AUTO_FD int ours = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	pid_t pid = -1;

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, &ignore, &old), 0);
	pid = start_staying(&ours, &child);
	spawn_kill(&child);
	assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
	assert_forgotten(&child);
	assert_true(is_gone(pid));
}

static void reap_any(int number)
{
	int saved_errno = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved_errno;
}

static void test_spawn_finish__host_reaps_by_itself__does_not_hang(void **state)
{
	const struct sigaction reaper = {.sa_handler = reap_any};
	struct sigaction old = {0};
	int ours = -1;
	int theirs = -1;
	struct spawn_child child = {.pid = -1, .pid_fd = -1};

	(void)state;
	assert_int_equal(sigaction(SIGCHLD, &reaper, &old), 0);
	assert_int_equal(spawn_socketpair(&ours, &theirs), COSMO_OK);
	assert_int_equal(spawn_program(probe(), "until-closed", theirs, -1, &child), COSMO_OK);
	close(theirs);
	close(ours);
	spawn_finish(&child, FAR);
	assert_int_equal(sigaction(SIGCHLD, &old, NULL), 0);
	assert_forgotten(&child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spawn_program__the_child__has_what_it_needs_alone),
		cmocka_unit_test(test_spawn_in_group__the_child__is_reached_by_the_terminal),
		cmocka_unit_test(test_spawn_program__second_socket__is_descriptor_4),
		cmocka_unit_test(test_spawn_program__nothing_of_the_host__is_inherited),
		cmocka_unit_test(test_spawn_program__low_descriptors_given__arrive_in_place),
		cmocka_unit_test(test_spawn_program__descriptors_of_the_caller__stay_as_they_are),
		cmocka_unit_test(test_spawn_program__no_such_program__is_an_error),
		cmocka_unit_test(test_spawn_program__no_descriptors_left__is_an_error),
		cmocka_unit_test(test_spawn_finish__child_that_ends__is_reaped),
		cmocka_unit_test(test_spawn_finish__child_that_stays__is_killed_at_the_deadline),
		cmocka_unit_test(test_spawn_kill__child_that_stays__is_gone_at_once),
		cmocka_unit_test(test_spawn_kill__host_ignores_sigchld__is_gone_all_the_same),
		cmocka_unit_test(test_spawn_finish__host_reaps_by_itself__does_not_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
