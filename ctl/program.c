/* SPDX-License-Identifier: MIT */
#include "ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
static char locale_variable[] = "LC_ALL=C.UTF-8";
static char *const environment[] = {path_variable, locale_variable, NULL};

/* Our own signals may be held back; the program's are not. */
static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	return posix_spawnattr_setflags(
		       attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ||
	       posix_spawnattr_setsigmask(attributes, &none) ||
	       posix_spawnattr_setsigdefault(attributes, &all);
}

static int set_files(posix_spawn_file_actions_t *actions, int out_fd)
{
	return posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0) ||
	       posix_spawn_file_actions_adddup2(actions, out_fd, 1) ||
	       posix_spawn_file_actions_adddup2(actions, out_fd, 2) ||
	       posix_spawn_file_actions_addclosefrom_np(actions, 3);
}

static enum cosmo_err start(char *const argv[], int out_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed)
		return COSMO_E_SPAWN;
	failed = posix_spawnattr_init(&attributes);
	if (!failed) {
		failed = set_files(&actions, out_fd) || set_signals(&attributes) ||
			 posix_spawn(ret_pid, argv[0], &actions, &attributes, argv, environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return failed ? COSMO_E_SPAWN : COSMO_OK;
}

static enum cosmo_err read_output(int fd, char **ret_output)
{
	COSMO_AUTO(free) char *output = malloc(PROGRAM_MAX_OUTPUT_BYTES + 1);
	size_t len = 0;

	if (!output)
		return COSMO_E_NOMEM;
	for (;;) {
		ssize_t got = read(fd, output + len, PROGRAM_MAX_OUTPUT_BYTES - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
		if (len == PROGRAM_MAX_OUTPUT_BYTES)
			return COSMO_E_TOO_BIG;
	}
	output[len] = '\0';
	*ret_output = COSMO_STEAL(&output);
	return COSMO_OK;
}

enum cosmo_err program_run(char *const argv[], char **ret_output, int *ret_code)
{
	int ends[2] = {-1, -1};
	pid_t pid = -1;
	int status = 0;
	enum cosmo_err err = COSMO_OK;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return COSMO_E_SPAWN;
	err = start(argv, ends[1], &pid);
	close(ends[1]);
	if (!err)
		err = read_output(ends[0], ret_output);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return err;
}
