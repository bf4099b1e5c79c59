/* SPDX-License-Identifier: MIT */
/* A program that tells, on descriptor 3, what it was started with. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/spawn.h"

extern char **environ;

static const char *kind(int fd)
{
	struct stat st = {0};
	struct stat null = {0};

	if (fstat(fd, &st) < 0)
		return "closed";
	if (S_ISSOCK(st.st_mode))
		return "socket";
	if (stat("/dev/null", &null) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == null.st_rdev)
		return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR ? "null" : "null-half";
	return "other";
}

static void tell_descriptors(FILE *out)
{
	DIR *folder = opendir("/proc/self/fd");
	int highest = 0;

	if (!folder)
		_exit(2);
	for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		int fd = atoi(entry->d_name);

		if (fd != dirfd(folder) && fd > highest)
			highest = fd;
	}
	closedir(folder);
	fprintf(out, "fds:");
	for (int fd = 0; fd <= highest; fd++)
		fprintf(out, " %s", kind(fd));
	fprintf(out, "\n");
}

static void tell_signals(FILE *out)
{
	sigset_t blocked;
	int ignored = 0;
	int held = 0;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number <= SIGRTMAX; number++) {
		struct sigaction action = {0};

		if (sigaction(number, NULL, &action) < 0)
			continue;
		ignored += action.sa_handler == SIG_IGN;
		held += sigismember(&blocked, number) == 1;
	}
	fprintf(out, "ignored: %d blocked: %d\n", ignored, held);
}

static void tell_all(int argc, char **argv, FILE *out)
{
	int variables = 0;

	for (char **variable = environ; variable && *variable; variable++)
		variables++;
	fprintf(out, "argv: %d %s %s\n", argc, argv[0], argc > 1 ? argv[1] : "-");
	fprintf(out, "environment: %d\n", variables);
	fprintf(out, "session: %s group: %s\n", getsid(0) == getpid() ? "own" : "inherited",
		getpgrp() == getpid() ? "own" : "inherited");
	tell_signals(out);
	tell_descriptors(out);
}

int main(int argc, char **argv)
{
	FILE *out = NULL;
	char *text = NULL;
	size_t len = 0;
	char byte = 0;

	if (argc > 1 && strcmp(argv[1], "stay") == 0) {
		signal(SIGTERM, SIG_IGN);
		if (write(SPAWN_PEER_FD, "ready\n", 6) != 6)
			return 1;
		for (;;)
			pause();
	}
	if (argc > 1 && strcmp(argv[1], "until-closed") == 0)
		return read(SPAWN_PEER_FD, &byte, 1) == 0 ? 0 : 1;
	if (argc > 1 && strcmp(argv[1], "second") == 0)
		dprintf(SPAWN_SECOND_FD, "this is the second\n");
	out = open_memstream(&text, &len);
	if (!out)
		return 1;
	tell_all(argc, argv, out);
	fclose(out);
	dprintf(SPAWN_PEER_FD, "%s", text);
	free(text);
	return 0;
}
