/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/helper/actor.h"

/* A process as somebody may have started it, which waits until its end of the pipe is closed. */
struct asker {
	const char *login_uid; /* NULL: not signed in */
	const char *sudo_user; /* NULL: not through sudo */
	bool has_terminal;
	pid_t pid;
	int terminal_fd; /* the master's side */
	int spare_fd;
	int pipe_fd;
};

static bool write_text(const char *path, const char *text)
{
	COSMO_AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void take_terminal(const struct asker *asker)
{
	char name[64] = "";

	if (ptsname_r(asker->terminal_fd, name, sizeof(name)) != 0 || open(name, O_RDWR) < 0)
		_exit(3);
}

/* The child: cat runs as long as there is something to read. */
static void become(const struct asker *asker, int pipe_fd)
{
	char sudo[128] = "";
	char *const argv[] = {(char[]){"cat"}, NULL};
	char *const envp[] = {(char[]){"XSUDO_USER=eve"}, (char[]){"LOGNAME=SUDO_USER=eve"},
		asker->sudo_user ? sudo : NULL, NULL};

	(void)snprintf(
		sudo, sizeof(sudo), "SUDO_USER=%s", asker->sudo_user ? asker->sudo_user : "");
	if (setsid() < 0)
		_exit(2);
	if (asker->has_terminal)
		take_terminal(asker);
	if (asker->login_uid && !write_text("/proc/self/loginuid", asker->login_uid))
		_exit(4);
	if (dup2(pipe_fd, STDIN_FILENO) < 0)
		_exit(5);
	execve("/bin/cat", argv, envp);
	_exit(6);
}

/* Its environment is its own once it is cat. */
static void wait_for_cat(pid_t pid)
{
	char path[64] = "";
	char name[64] = "";

	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	while (!streq(name, "cat\n")) {
		COSMO_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);

		assert_true(len > 0);
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		name[len] = '\0';
	}
}

static void asker_start(struct asker *asker)
{
	int fds[2] = {-1, -1};

	/* The first one may have the number 0, which tells nothing. */
	asker->spare_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	asker->terminal_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(asker->terminal_fd >= 0 && grantpt(asker->terminal_fd) == 0 &&
		    unlockpt(asker->terminal_fd) == 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	asker->pipe_fd = fds[1];
	asker->pid = fork();
	assert_true(asker->pid >= 0);
	if (asker->pid == 0)
		become(asker, fds[0]);
	(void)close(fds[0]);
	wait_for_cat(asker->pid);
}

static void asker_end(struct asker *asker)
{
	(void)close(asker->pipe_fd);
	assert_int_equal(waitpid(asker->pid, NULL, 0), asker->pid);
	(void)close(asker->terminal_fd);
	(void)close(asker->spare_fd);
}

static void expect_terminal(const struct asker *asker, char *ret, size_t ret_size)
{
	int number = -1;

	assert_int_equal(ioctl(asker->terminal_fd, TIOCGPTN, &number), 0);
	(void)snprintf(ret, ret_size, "tty: pts/%d", number);
}

static void test_actor_describe__each_kind__what_is_known(void **state)
{
	static const struct {
		const char *login_uid;
		const char *sudo_user;
		bool has_terminal;
		const char *before; /* the terminal, */
		const char *after;  /* if there is one */
	} rows[] = {
		{NULL, NULL, false, "root", ""},
		{NULL, NULL, true, "root (", ")"},
		{"0", NULL, false, "root (login: root)", ""},
		{"1", "vic", true, "root (login: daemon, sudo: vic, ", ")"},
		{"1879048213", "vic", false, "root (login: uid 1879048213, sudo: vic)", ""},
		{NULL, "", false, "root", ""},
		{NULL, "v\033[2Jc\n, tty: (pts/9)", false, "root (sudo: v?[2Jc?? tty? ?pts/9?)",
			""},
		{NULL, "a-name-that-is-longer-than-any-login-name-on-this-host", false,
			"root (sudo: a-name-that-is-longer-than-any-login-name-on...)", ""},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct asker asker = {
			rows[i].login_uid, rows[i].sudo_user, rows[i].has_terminal, 0, -1, -1, -1};
		char terminal[64] = "";
		char expected[2 * ACTOR_BYTES] = "";
		char actor[ACTOR_BYTES] = "";

		print_message("%s\n", rows[i].before);
		asker_start(&asker);
		if (rows[i].has_terminal)
			expect_terminal(&asker, terminal, sizeof(terminal));
		(void)snprintf(expected, sizeof(expected), "%s%s%s", rows[i].before, terminal,
			rows[i].after);
		errno = 77;
		actor_describe(asker.pid, actor);
		assert_int_equal(errno, 77);
		assert_string_equal(actor, expected);
		asker_end(&asker);
	}
}

static void test_actor_describe__nobody_there__unknown(void **state)
{
	struct asker asker = {NULL, "vic", false, 0, -1, -1, -1};
	char actor[ACTOR_BYTES] = "";

	(void)state;
	actor_describe(0, actor);
	assert_string_equal(actor, "unknown");
	asker_start(&asker);
	asker_end(&asker);
	actor_describe(asker.pid, actor);
	assert_string_equal(actor, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actor_describe__each_kind__what_is_known),
		cmocka_unit_test(test_actor_describe__nobody_there__unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
