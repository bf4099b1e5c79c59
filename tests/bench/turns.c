/* SPDX-License-Identifier: MIT */
/*
 * Runs commands by turns, and says how long each took from its start to its end:
 *
 *   turns ROUNDS COMMAND [WORD...] [-- COMMAND [WORD...]]...
 *
 * A line for each: the command's number, from 0, and nanoseconds. Ends with 1 where one fails.
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define MAX_COMMANDS 8

extern char **environ;

static int64_t now_ns(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void take_turn(size_t number, char *const *words)
{
	int64_t began_ns = now_ns();
	pid_t pid = -1;
	int status = -1;

	if (posix_spawn(&pid, words[0], NULL, NULL, words, environ) != 0 ||
		waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "%s ended with %d\n", words[0], status);
		exit(1);
	}
	printf("%zu %lld\n", number, (long long)(now_ns() - began_ns));
}

int main(int argc, char **argv)
{
	char **commands[MAX_COMMANDS] = {argv + 2};
	size_t count = 1;

	if (argc < 3)
		return 2;
	for (int i = 2; i < argc && count < MAX_COMMANDS; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		commands[count++] = argv + i + 1;
	}
	for (long round = strtol(argv[1], NULL, 10); round > 0; round--)
		for (size_t i = 0; i < count; i++)
			take_turn(i, commands[i]);
	return fflush(stdout) == EOF;
}
