/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/sudo_options.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/auto.h"

/* Options stand in front; no more of them is looked at. */
#define CMDLINE_BYTES 4096

/* As sudo(8) has them. */
static const char with_argument[] = "aCcDghpRrTtUu";
static const char *const long_with_argument[] = {
	"--auth-type",
	"--chdir",
	"--chroot",
	"--close-from",
	"--command-timeout",
	"--group",
	"--host",
	"--login-class",
	"--other-user",
	"--prompt",
	"--role",
	"--type",
	"--user",
};

enum word {
	WORD_OPTION,
	WORD_WITH_NEXT, /* the next word is its argument */
	WORD_N,
	WORD_END, /* from here on it is the command */
};

/* getopt_long(3) takes an abbreviation for the whole; "--" and a letter at least. */
static bool abbreviates(const char *word, const char *option)
{
	return strlen(word) > 2 && strncmp(word, option, strlen(word)) == 0;
}

static enum word read_long(const char *word)
{
	if (word[2] == '\0')
		return WORD_END;
	if (abbreviates(word, "--non-interactive"))
		return WORD_N;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(long_with_argument); i++)
		if (abbreviates(word, long_with_argument[i]))
			return WORD_WITH_NEXT;
	return WORD_OPTION;
}

static enum word read_cluster(const char *letters)
{
	for (; *letters; letters++) {
		if (*letters == 'n')
			return WORD_N;
		if (strchr(with_argument, *letters))
			return letters[1] ? WORD_OPTION : WORD_WITH_NEXT;
	}
	return WORD_OPTION;
}

static enum word read_word(const char *word)
{
	if (strncmp(word, "--", 2) == 0)
		return read_long(word);
	if (word[0] == '-' && word[1])
		return read_cluster(word + 1);
	/* A variable for the command may stand between options. */
	return strchr(word, '=') ? WORD_OPTION : WORD_END;
}

/* Where the word behind this one begins; @end: there is none. */
static const char *next(const char *word, const char *end)
{
	const char *stop = memchr(word, '\0', (size_t)(end - word));

	return stop ? stop + 1 : end;
}

bool sudo_options_have_n(const char *cmdline, size_t len)
{
	const char *end = cmdline + len;
	const char *word = next(cmdline, end); /* behind its own name */

	while (word < end && memchr(word, '\0', (size_t)(end - word))) {
		enum word kind = read_word(word);

		if (kind == WORD_N || kind == WORD_END)
			return kind == WORD_N;
		word = next(word, end);
		if (kind == WORD_WITH_NEXT && word < end)
			word = next(word, end);
	}
	return false;
}

bool sudo_options_forbid_asking(void)
{
	COSMO_AUTO_FD int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	char cmdline[CMDLINE_BYTES] = "";
	ssize_t len = fd < 0 ? -1 : read(fd, cmdline, sizeof(cmdline));

	return len > 0 && sudo_options_have_n(cmdline, (size_t)len);
}
