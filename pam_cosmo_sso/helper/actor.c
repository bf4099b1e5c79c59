/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/actor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/local_names.h"
#include "common/base/log.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/process.h"

#define SUDO_USER         "SUDO_USER="
#define MAX_ENVIRON_BYTES ((size_t)256 * 1024)
#define MAX_LINE_BYTES    ((size_t)4096)
#define NAME_BYTES        ((size_t)48)

/* Numbers of Documentation/admin-guide/devices.txt in Linux. */
#define CONSOLE_MAJOR   4
#define FIRST_SERIAL    64
#define FIRST_PTS_MAJOR 136
#define LAST_PTS_MAJOR  143

static void file_close(FILE *file)
{
	if (file)
		(void)fclose(file);
}
COSMO_AUTO_DEFINE(FILE *, file_close);

/* At most @size - 1 bytes, with a NUL behind them; the number of them. */
static size_t read_file(pid_t pid, const char *name, char *ret, size_t size)
{
	char path[64] = "";
	COSMO_AUTO_FD int fd = -1;
	size_t len = 0;
	ssize_t got = 1;

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && got > 0 && len < size - 1) {
		got = read(fd, ret + len, size - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	ret[len] = '\0';
	return len;
}

/* The files alone: NSS would ask whatever service it is made of, which may be down. */
static void find_name(uint32_t uid, char ret[NAME_BYTES])
{
	COSMO_AUTO(file_close) FILE *file = fopen(LOCAL_PASSWD_FILE, "re");
	char line[MAX_LINE_BYTES] = "";
	struct passwd entry = {0};
	struct passwd *found = NULL;

	(void)snprintf(ret, NAME_BYTES, "uid %" PRIu32, uid);
	while (file && fgetpwent_r(file, &entry, line, sizeof(line), &found) == 0 && found)
		if (entry.pw_uid == uid) {
			log_filter(entry.pw_name, false, ret, NAME_BYTES);
			return;
		}
}

static void read_login(pid_t pid, char ret[NAME_BYTES])
{
	char text[24] = "";
	uint32_t uid = 0;

	/* The largest one stands for none. */
	(void)read_file(pid, "loginuid", text, sizeof(text));
	if (parse_id(text, 0, UINT32_MAX - 1, &uid) == COSMO_OK)
		find_name(uid, ret);
}

/* A value must not look like more than one. */
static void take_claim(const char *value, char ret[NAME_BYTES])
{
	log_filter(value, false, ret, NAME_BYTES);
	for (char *c = ret; *c; c++)
		if (strchr("(),:", *c))
			*c = '?';
}

static void read_sudo(pid_t pid, char ret[NAME_BYTES])
{
	COSMO_AUTO(free) char *text = malloc(MAX_ENVIRON_BYTES);
	size_t len = text ? read_file(pid, "environ", text, MAX_ENVIRON_BYTES) : 0;

	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		if (strncmp(text + at, SUDO_USER, strlen(SUDO_USER)) == 0) {
			take_claim(text + at + strlen(SUDO_USER), ret);
			return;
		}
}

/* As the kernel packs it: the minor's upper bits stand above the major. */
static void name_terminal(uint32_t device, char ret[NAME_BYTES])
{
	uint32_t major = device >> 8 & 0xfff;
	uint32_t minor = (device & 0xff) | (device >> 12 & 0xfff00);

	if (device == 0)
		return;
	if (major >= FIRST_PTS_MAJOR && major <= LAST_PTS_MAJOR)
		(void)snprintf(
			ret, NAME_BYTES, "pts/%" PRIu32, (major - FIRST_PTS_MAJOR) * 256 + minor);
	else if (major == CONSOLE_MAJOR)
		(void)snprintf(ret, NAME_BYTES,
			minor < FIRST_SERIAL ? "tty%" PRIu32 : "ttyS%" PRIu32,
			minor < FIRST_SERIAL ? minor : minor - FIRST_SERIAL);
	else
		(void)snprintf(ret, NAME_BYTES, "%" PRIu32 ":%" PRIu32, major, minor);
}

static void append(char ret[ACTOR_BYTES], const char *text)
{
	size_t len = strlen(ret);

	(void)snprintf(ret + len, ACTOR_BYTES - len, "%s", text);
}

static void describe(const struct process *process, char ret[ACTOR_BYTES])
{
	struct {
		const char *label;
		char value[NAME_BYTES];
	} parts[] = {{"login: ", ""}, {"sudo: ", ""}, {"tty: ", ""}};
	const char *before = " (";

	read_login(process->pid, parts[0].value);
	read_sudo(process->pid, parts[1].value);
	name_terminal(process->terminal, parts[2].value);
	find_name(process->uids[0], ret);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(parts); i++) {
		if (!parts[i].value[0])
			continue;
		append(ret, before);
		append(ret, parts[i].label);
		append(ret, parts[i].value);
		before = ", ";
	}
	append(ret, streq(before, ", ") ? ")" : "");
}

void actor_describe(pid_t peer, char ret[ACTOR_BYTES])
{
	struct process process = {0};
	int saved_errno = errno;

	(void)snprintf(ret, ACTOR_BYTES, "unknown");
	if (peer > 0 && process_read(peer, &process) == COSMO_OK)
		describe(&process, ret);
	errno = saved_errno;
}
