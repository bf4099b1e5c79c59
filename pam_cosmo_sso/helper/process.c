/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/folder.h"

/* Fields of /proc/PID/stat behind the command's ")", counted from 0 (proc(5) counts from 3). */
#define STAT_STATE   0
#define STAT_PPID    1
#define STAT_SID     3
#define STAT_TTY     4
#define STAT_THREADS 17
#define STAT_START   19
#define STAT_FIELDS  20

#define FIRST_ROOM ((size_t)256)

/* Its session, where the kernel let go of the process while its line was written. */
#define SID_RELEASED (-1)

/* So often one line is read anew. */
#define MAX_READS 8

static enum cosmo_err read_file(pid_t pid, const char *name, char *ret, size_t ret_size)
{
	char path[64] = "";
	COSMO_AUTO_FD int fd = -1;
	ssize_t len = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ESRCH ? COSMO_E_NOT_FOUND : COSMO_E_IO;
	len = read(fd, ret, ret_size - 1);
	if (len <= 0)
		return len < 0 && errno != ESRCH ? COSMO_E_IO : COSMO_E_NOT_FOUND;
	ret[len] = '\0';
	return COSMO_OK;
}

static enum cosmo_err parse_stat(char *stat, struct process *ret)
{
	/* The command may hold anything, blanks and brackets included: its end is the last ')'. */
	char *rest = strrchr(stat, ')');
	const char *fields[STAT_FIELDS] = {NULL};
	char *cursor = NULL;
	uint64_t ppid = 0;
	int64_t sid = 0;
	int64_t terminal = 0;
	uint64_t threads = 0;

	if (!rest)
		return COSMO_E_FORMAT;
	for (int i = 0; i < STAT_FIELDS; i++) {
		fields[i] = strtok_r(i ? NULL : rest + 1, " ", &cursor);
		if (!fields[i])
			return COSMO_E_FORMAT;
	}
	if (parse_u64(fields[STAT_PPID], 0, INT32_MAX, &ppid) ||
		parse_i64(fields[STAT_SID], SID_RELEASED, INT32_MAX, &sid) ||
		parse_i64(fields[STAT_TTY], INT32_MIN, INT32_MAX, &terminal) ||
		parse_u64(fields[STAT_THREADS], 0, INT32_MAX, &threads) ||
		parse_u64(fields[STAT_START], 0, UINT64_MAX, &ret->start))
		return COSMO_E_FORMAT;
	ret->ppid = (pid_t)ppid;
	ret->sid = (pid_t)sid;
	ret->terminal = (uint32_t)(int32_t)terminal; /* shown with a sign, by an oversight of old */
	/* A first thread that has ended looks like a zombie while the others go on. */
	ret->ended = strchr("ZXx", fields[STAT_STATE][0]) && threads <= 1;
	return COSMO_OK;
}

static enum cosmo_err parse_uids(char *status, struct process *ret)
{
	char *cursor = NULL;
	/* The command, further up, has its line feeds escaped by the kernel. */
	char *line = strstr(status, "\nUid:\t");

	if (!line)
		return COSMO_E_FORMAT;
	line += strlen("\nUid:\t");
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < COSMO_ARRAY_LEN(ret->uids); i++) {
		const char *field = strtok_r(i ? NULL : line, "\t", &cursor);

		if (!field || parse_id(field, 0, UINT32_MAX, &ret->uids[i]))
			return COSMO_E_FORMAT;
	}
	return COSMO_OK;
}

/*
 * A process that was let go of meanwhile has no session in its line. Mostly it is gone, which
 * reading anew tells. But where a thread calls execve(2) it is the first thread that is let go of,
 * and the process goes on under the same number.
 */
static enum cosmo_err read_stat(struct process *ret)
{
	for (int i = 0; i < MAX_READS; i++) {
		char text[4096] = "";
		enum cosmo_err err = read_file(ret->pid, "stat", text, sizeof(text));

		if (!err)
			err = parse_stat(text, ret);
		if (err || ret->sid != SID_RELEASED)
			return err;
	}
	return COSMO_E_IO;
}

enum cosmo_err process_read(pid_t pid, struct process *ret)
{
	char text[4096] = "";
	struct process process = {.pid = pid};
	enum cosmo_err err = read_stat(&process);

	if (!err)
		err = read_file(pid, "status", text, sizeof(text));
	if (!err)
		err = parse_uids(text, &process);
	if (!err)
		*ret = process;
	return err;
}

bool process_runs(pid_t pid, uint64_t start)
{
	struct process now = {0};

	return process_read(pid, &now) == COSMO_OK && now.start == start && !now.ended;
}

bool process_is_gone(pid_t pid, uint64_t start)
{
	struct process now = {0};
	enum cosmo_err err = process_read(pid, &now);

	/* Without a /proc of this host nobody is found. */
	if (err == COSMO_E_NOT_FOUND)
		return process_read(getpid(), &now) == COSMO_OK;
	return !err && (now.start != start || now.ended);
}

/* Child first: as long as the parent is there its number is nobody else's. */
bool process_is_child(const struct process *child, const struct process *parent)
{
	struct process now = {0};

	return child->start >= parent->start && process_read(child->pid, &now) == COSMO_OK &&
	       now.start == child->start && now.ppid == parent->pid &&
	       process_runs(parent->pid, parent->start);
}

/*
 * The descriptor comes first: if the number still shows the same process afterwards, it did so all
 * the time, and the descriptor is that process's.
 */
enum cosmo_err process_open(const struct process *process, int *ret_fd)
{
	struct process now = {0};
	COSMO_AUTO_FD int fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	enum cosmo_err err = COSMO_OK;

	if (fd < 0)
		return errno == ESRCH ? COSMO_E_NOT_FOUND : COSMO_E_IO;
	err = process_read(process->pid, &now);
	if (err)
		return err;
	if (now.start != process->start || now.ended ||
		memcmp(now.uids, process->uids, sizeof(now.uids)) != 0)
		return COSMO_E_NOT_FOUND;
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

static enum cosmo_err list_add(
	struct process_list *list, size_t *room, const struct process *process)
{
	if (list->count == *room) {
		size_t more = *room ? *room * 2 : FIRST_ROOM;
		void *items = reallocarray(list->items, more, sizeof(*list->items));

		if (!items)
			return COSMO_E_NOMEM;
		list->items = items;
		*room = more;
	}
	list->items[list->count++] = *process;
	return COSMO_OK;
}

/* Processes come and go while the folder is read. One that is there and cannot be read may be one
 * that somebody looks for. */
static void note_missed(struct process_list *list, enum cosmo_err err)
{
	if (err == COSMO_E_NOT_FOUND)
		list->missed++;
	else
		list->is_whole = false;
}

static enum cosmo_err list_fill(struct process_list *list, DIR *dir, int64_t deadline_boot_ms)
{
	const char *name = NULL;
	size_t room = 0;
	enum cosmo_err err = folder_next(dir, &name);

	while (!err && name) {
		struct process process = {0};
		uint64_t pid = 0;
		enum cosmo_err missing = COSMO_OK;

		if (parse_u64(name, 1, INT32_MAX, &pid) == COSMO_OK)
			missing = process_read((pid_t)pid, &process);
		if (missing)
			note_missed(list, missing);
		else if (pid && !process.ended)
			err = list_add(list, &room, &process);
		if (!err && fdio_boot_ms() >= deadline_boot_ms)
			err = COSMO_E_DEADLINE;
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

static int compare(const void *a, const void *b)
{
	const struct process *one = a;
	const struct process *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

enum cosmo_err process_list_take_until(int64_t deadline_boot_ms, struct process_list *ret)
{
	struct process_list list = {.is_whole = true};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	COSMO_AUTO_FD int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum cosmo_err err = fd < 0 ? COSMO_E_IO : folder_open(fd, &dir);

	if (!err)
		err = list_fill(owned, dir, deadline_boot_ms);
	if (err)
		return err;
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(*list.items), compare);
	list.is_whole = list.is_whole && process_list_find(owned, getpid());
	*ret = list;
	list.items = NULL;
	return COSMO_OK;
}

enum cosmo_err process_list_take(struct process_list *ret)
{
	return process_list_take_until(INT64_MAX, ret);
}

void process_list_done(struct process_list *list)
{
	if (!list)
		return;
	free(list->items);
	*list = (struct process_list){0};
}

struct process *process_list_find(const struct process_list *list, pid_t pid)
{
	const struct process wanted = {.pid = pid};

	if (list->count == 0)
		return NULL;
	return bsearch(&wanted, list->items, list->count, sizeof(*list->items), compare);
}
