/* SPDX-License-Identifier: MIT */
#include "tests/integration/process_state.h"

#include <dirent.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

const struct process_limit process_limits[] = {
	{"AS", RLIMIT_AS},
	{"CORE", RLIMIT_CORE},
	{"CPU", RLIMIT_CPU},
	{"DATA", RLIMIT_DATA},
	{"FSIZE", RLIMIT_FSIZE},
	{"MEMLOCK", RLIMIT_MEMLOCK},
	{"NOFILE", RLIMIT_NOFILE},
	{"NPROC", RLIMIT_NPROC},
	{"STACK", RLIMIT_STACK},
	{NULL, RLIMIT_NLIMITS},
};

/* The entries of @path and, where they are links, what they lead to; but for the folder's own. */
static void add_folder(char *state, const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry = NULL;

	while (folder && (entry = readdir(folder))) {
		size_t used = strlen(state);
		char target[256] = "";

		if (readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1) > 0 &&
			strncmp(target, "/proc/", 6) == 0)
			continue;
		snprintf(state + used, PROCESS_STATE_SIZE - used, " %s:%s", entry->d_name, target);
	}
	if (folder)
		closedir(folder);
}

static void add(char *state, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(char *state, const char *format, ...)
{
	size_t used = strlen(state);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(state + used, PROCESS_STATE_SIZE - used, format, arguments);
	va_end(arguments);
}

static void add_signals(char *state)
{
	sigset_t mask, pending;
	stack_t stack = {0};

	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigpending(&pending);
	sigaltstack(NULL, &stack);
	add(state, " altstack %p", stack.ss_sp);
	for (int signal = 1; signal < NSIG; signal++) {
		struct sigaction action = {0};

		sigaction(signal, NULL, &action);
		add(state, " %d:%d:%d:%p:%x", signal, sigismember(&mask, signal),
			signal != SIGCHLD && sigismember(&pending, signal),
			(void *)(size_t)action.sa_handler, (unsigned int)action.sa_flags);
	}
}

static void add_limits(char *state)
{
	for (size_t i = 0; process_limits[i].name; i++) {
		struct rlimit limit = {0};

		getrlimit(process_limits[i].resource, &limit);
		add(state, " %s %llx:%llx", process_limits[i].name,
			(unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
	}
}

/* Whose process it is, and how it runs. */
static void add_standing(char *state)
{
	struct itimerval timer = {0};
	uid_t uids[3] = {0};
	gid_t gids[3] = {0};
	int death_signal = 0;

	getresuid(&uids[0], &uids[1], &uids[2]);
	getresgid(&gids[0], &gids[1], &gids[2]);
	getitimer(ITIMER_REAL, &timer);
	prctl(PR_GET_PDEATHSIG, &death_signal);
	add(state, " uids %u %u %u gids %u %u %u groups %d", uids[0], uids[1], uids[2], gids[0],
		gids[1], gids[2], getgroups(0, NULL));
	add(state, " group %d session %d nice %d timer %ld:%ld death %d", getpgrp(), getsid(0),
		getpriority(PRIO_PROCESS, 0), (long)timer.it_value.tv_sec,
		(long)timer.it_interval.tv_sec, death_signal);
	add(state, " dumpable %d privileges %d subreaper %d", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_CHILD_SUBREAPER, 0, 0, 0, 0));
}

/* One that a library had made and kept would move the next one. */
static void add_thread_key(char *state)
{
	pthread_key_t key = 0;

	if (pthread_key_create(&key, NULL) != 0)
		exit(96);
	pthread_key_delete(key);
	add(state, " key %u", (unsigned int)key);
}

void process_state_read(char *state)
{
	mode_t mode = umask(077);
	char cwd[4096] = "gone";

	umask(mode);
	state[0] = 0;
	add(state, "umask %o locale %s", mode, setlocale(LC_ALL, NULL));
	add(state, " cwd %s fds", getcwd(cwd, sizeof(cwd)) ? cwd : "gone");
	add_folder(state, "/proc/self/fd");
	add(state, " tasks");
	add_folder(state, "/proc/self/task");
	add_signals(state);
	add_limits(state);
	add_standing(state);
	add_thread_key(state);
	for (char **variable = environ; *variable; variable++)
		add(state, " %s", *variable);
}
