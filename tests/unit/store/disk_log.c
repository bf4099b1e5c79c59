/* SPDX-License-Identifier: MIT */
#include "tests/unit/store/disk_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"

#define MAX_MAPS 8
#define UNKNOWN  UINT32_MAX
#ifndef DISK_SEED
#define DISK_SEED 0x9e3779b97f4a7c15ULL
#endif

/* As they are called where files may be large. */
int __real_openat64(int dir_fd, const char *path, int flags, ...);
int __wrap_openat64(int dir_fd, const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __real_pwrite64(int fd, const void *data, size_t len, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t len, off_t offset);
int __real_posix_fallocate64(int fd, off_t offset, off_t len);
int __wrap_posix_fallocate64(int fd, off_t offset, off_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_syncfs(int fd);
int __wrap_syncfs(int fd);
int __real_msync(void *address, size_t len, int flags);
int __wrap_msync(void *address, size_t len, int flags);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_mkdirat(int dir_fd, const char *path, mode_t mode);
int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags);
int __real_unlinkat(int dir_fd, const char *path, int flags);
int __wrap_unlinkat(int dir_fd, const char *path, int flags);
int __real_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
void *__real_mmap64(void *address, size_t len, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *address, size_t len, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t len);
int __wrap_munmap(void *address, size_t len);
ssize_t __wrap_getrandom(void *ret, size_t len, unsigned int flags);

static struct disk_log *log_now; /* NULL: nothing is noted */
static struct disk_fault fault_now = {.nth = DISK_NO_FAULTS};
static unsigned int fault_calls;

/* What is stored through a mapping is seen when it matters. */
static struct {
	const unsigned char *address;
	size_t len;
	unsigned int node;
} maps[MAX_MAPS];

static void *grow(void *array, size_t count, size_t bytes)
{
	/* Sizes that are powers of two are those at which there is no room left. */
	void *larger =
		count & (count - 1) ? array : realloc(array, (count ? 2 * count : 1) * bytes);

	assert_non_null(larger);
	return larger;
}

static void make_room(unsigned char **data, size_t *size, size_t wanted)
{
	if (wanted <= *size)
		return;
	*data = realloc(*data, wanted);
	assert_non_null(*data);
	memset(*data + *size, 0, wanted - *size);
	*size = wanted;
}

static unsigned int add_node(const struct stat *st)
{
	struct disk_log *log = log_now;

	log->nodes = grow(log->nodes, log->node_count, sizeof(*log->nodes));
	log->nodes[log->node_count] = (struct disk_node){
		.is_folder = S_ISDIR(st->st_mode),
		.mode = st->st_mode & 07777,
		.device = st->st_dev,
		.inode = st->st_ino,
	};
	return log->node_count++;
}

static unsigned int add_node_of(int fd)
{
	struct stat st = {0};

	assert_int_equal(fstat(fd, &st), 0);
	return add_node(&st);
}

/* The youngest: a number may have been another's before. */
static unsigned int find_node(int fd)
{
	struct stat st = {0};

	if (!log_now || fstat(fd, &st) < 0)
		return UNKNOWN;
	for (unsigned int i = log_now->node_count; i > 0; i--)
		if (log_now->nodes[i - 1].inode == st.st_ino &&
			log_now->nodes[i - 1].device == st.st_dev)
			return i - 1;
	return UNKNOWN;
}

static struct disk_event *add_event(enum disk_kind kind, unsigned int node)
{
	struct disk_log *log = log_now;

	log->events = grow(log->events, log->event_count, sizeof(*log->events));
	log->events[log->event_count] = (struct disk_event){.kind = kind, .node = node};
	return &log->events[log->event_count++];
}

static void copy_name(char ret[DISK_MAX_NAME], const char *name)
{
	assert_null(strchr(name, '/'));
	assert_true(strlen(name) < DISK_MAX_NAME);
	snprintf(ret, DISK_MAX_NAME, "%s", name);
}

static void note_store(unsigned int node, const void *data, size_t len, size_t offset)
{
	struct disk_node *file = &log_now->nodes[node];
	struct disk_event *event = add_event(DISK_STORE, node);

	event->data = malloc(len ? len : 1);
	assert_non_null(event->data);
	memcpy(event->data, data, len);
	event->size = len;
	event->offset = offset;
	make_room(&file->mirror, &file->mirror_size, offset + len);
	memcpy(file->mirror + offset, data, len);
}

static void note_maps(void)
{
	for (size_t i = 0; i < MAX_MAPS && log_now; i++) {
		const struct disk_node *file = &log_now->nodes[maps[i].node];

		for (size_t at = 0; maps[i].address && at < maps[i].len; at += DISK_PAGE)
			if (memcmp(file->mirror + at, maps[i].address + at, DISK_PAGE) != 0)
				note_store(maps[i].node, maps[i].address + at, DISK_PAGE, at);
	}
}

/* Before each call that may change something. */
static bool fails(bool needs_room)
{
	unsigned int call = fault_calls++;

	note_maps();
	if (fault_now.nth == DISK_NO_FAULTS || fault_now.error == 0 || call < fault_now.nth)
		return false;
	if (call > fault_now.nth &&
		(!fault_now.for_good || (fault_now.error == ENOSPC && !needs_room)))
		return false;
	errno = fault_now.error;
	return true;
}

static void count_call(void)
{
	if (log_now)
		log_now->calls++;
}

static void note_name(int dir_fd, const char *path, unsigned int node)
{
	unsigned int folder = find_node(dir_fd);
	struct disk_event *event = NULL;

	if (folder == UNKNOWN)
		return;
	event = add_event(DISK_NAME, node);
	event->folder = folder;
	copy_name(event->name, path);
}

static void note_open(int dir_fd, const char *path, int flags, int fd)
{
	if (!log_now || fd < 0)
		return;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		(void)add_node_of(fd);
	else if (find_node(dir_fd) != UNKNOWN)
		note_name(dir_fd, path, add_node_of(fd));
}

int __wrap_openat64(int dir_fd, const char *path, int flags, ...)
{
	bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
	struct stat st = {0};
	bool is_new = false;
	mode_t mode = 0;
	va_list list;
	int fd = -1;

	va_start(list, flags);
	if (creates)
		mode = va_arg(list, mode_t);
	va_end(list);
	if (flags & O_CREAT)
		count_call();
	if ((creates || (flags & O_ACCMODE) != O_RDONLY) && fails(creates))
		return -1;
	is_new = (flags & O_TMPFILE) == O_TMPFILE ||
		 (creates && fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0);
	assert_false((flags & O_TRUNC) && find_node(dir_fd) != UNKNOWN);
	fd = __real_openat64(dir_fd, path, flags, mode);
	if (is_new)
		note_open(dir_fd, path, flags, fd);
	return fd;
}

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	off_t offset = 0;
	unsigned int node = UNKNOWN;
	ssize_t done = 0;

	count_call();
	if (fails(true))
		return -1;
	node = find_node(fd);
	if (node != UNKNOWN)
		offset = lseek(fd, 0, SEEK_CUR);
	done = __real_write(fd, data, len);
	if (done > 0 && node != UNKNOWN)
		note_store(node, data, (size_t)done, (size_t)offset);
	return done;
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t len, off_t offset)
{
	unsigned int node = UNKNOWN;
	ssize_t done = 0;

	count_call();
	if (fails(true))
		return -1;
	node = find_node(fd);
	done = __real_pwrite64(fd, data, len, offset);
	if (done > 0 && node != UNKNOWN)
		note_store(node, data, (size_t)done, (size_t)offset);
	return done;
}

int __wrap_posix_fallocate64(int fd, off_t offset, off_t len)
{
	unsigned int node = UNKNOWN;
	int error = 0;

	count_call();
	if (fails(true))
		return fault_now.error;
	node = find_node(fd);
	error = __real_posix_fallocate64(fd, offset, len);
	if (error == 0 && node != UNKNOWN) {
		struct disk_node *file = &log_now->nodes[node];

		assert_int_equal(offset, 0);
		add_event(DISK_SIZE, node)->size = (size_t)len;
		make_room(&file->mirror, &file->mirror_size, (size_t)len);
	}
	return error;
}

static int note_sync(int fd, int result)
{
	unsigned int node = find_node(fd);

	if (result == 0 && node != UNKNOWN)
		(void)add_event(
			log_now->nodes[node].is_folder ? DISK_SYNC_FOLDER : DISK_SYNC, node);
	return result;
}

int __wrap_fsync(int fd)
{
	count_call();
	return fails(true) ? -1 : note_sync(fd, __real_fsync(fd));
}

int __wrap_fdatasync(int fd)
{
	count_call();
	return fails(true) ? -1 : note_sync(fd, __real_fdatasync(fd));
}

int __wrap_syncfs(int fd)
{
	int result = 0;

	count_call();
	if (fails(true))
		return -1;
	result = __real_syncfs(fd);
	if (log_now && result == 0)
		(void)add_event(DISK_SYNC_ALL, DISK_ROOT);
	return result;
}

int __wrap_msync(void *address, size_t len, int flags)
{
	int result = 0;

	count_call();
	if (fails(true))
		return -1;
	result = __real_msync(address, len, flags);
	for (size_t i = 0; i < MAX_MAPS && log_now && result == 0 && flags & MS_SYNC; i++)
		if (maps[i].address == address)
			(void)add_event(DISK_SYNC, maps[i].node);
	return result;
}

int __wrap_fchmod(int fd, mode_t mode)
{
	unsigned int node = UNKNOWN;
	int result = 0;

	count_call();
	if (fails(false))
		return -1;
	node = find_node(fd);
	result = __real_fchmod(fd, mode);
	if (result == 0 && node != UNKNOWN)
		log_now->nodes[node].mode = mode;
	return result;
}

int __wrap_mkdirat(int dir_fd, const char *path, mode_t mode)
{
	struct stat st = {0};
	int result = 0;

	count_call();
	if (fails(true))
		return -1;
	result = __real_mkdirat(dir_fd, path, mode);
	if (result == 0 && log_now && dir_fd != AT_FDCWD && find_node(dir_fd) != UNKNOWN) {
		assert_int_equal(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
		note_name(dir_fd, path, add_node(&st));
	}
	return result;
}

static unsigned int find_at(int dir_fd, const char *path)
{
	COSMO_AUTO_FD int fd = -1;

	if (!log_now || find_node(dir_fd) == UNKNOWN)
		return UNKNOWN;
	fd = __real_openat64(dir_fd, path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? UNKNOWN : find_node(fd);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	unsigned int node = UNKNOWN;
	int result = 0;

	count_call();
	if (fails(false))
		return -1;
	node = find_at(from_fd, from);
	result = __real_renameat(from_fd, from, to_fd, to);
	if (result == 0 && node != UNKNOWN) {
		struct disk_event *event = add_event(DISK_MOVE, node);

		event->folder = find_node(to_fd);
		assert_int_equal(event->folder, find_node(from_fd)); /* else it is not modelled */
		copy_name(event->name, to);
		copy_name(event->from, from);
	}
	return result;
}

int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
	count_call();
	if (fails(false))
		return -1;
	assert_int_equal(find_at(from_fd, from), UNKNOWN); /* not modelled */
	return __real_renameat2(from_fd, from, to_fd, to, flags);
}

int __wrap_unlinkat(int dir_fd, const char *path, int flags)
{
	int result = 0;

	count_call();
	if (fails(false))
		return -1;
	result = __real_unlinkat(dir_fd, path, flags);
	if (result == 0 && find_node(dir_fd) != UNKNOWN) {
		struct disk_event *event = add_event(DISK_UNNAME, DISK_ROOT);

		event->folder = find_node(dir_fd);
		copy_name(event->name, path);
	}
	return result;
}

int __wrap_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	int result = 0;

	count_call();
	if (fails(true))
		return -1;
	result = __real_linkat(from_fd, from, to_fd, to, flags);
	if (result == 0 && find_at(to_fd, to) != UNKNOWN)
		note_name(to_fd, to, find_at(to_fd, to));
	return result;
}

void *__wrap_mmap64(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
	void *made = __real_mmap64(address, len, protection, flags, fd, offset);
	unsigned int node = fd >= 0 && made != MAP_FAILED ? find_node(fd) : UNKNOWN;
	size_t i = 0;

	if (node == UNKNOWN || !(protection & PROT_WRITE) || !(flags & MAP_SHARED))
		return made;
	while (i < MAX_MAPS && maps[i].address)
		i++;
	assert_true(i < MAX_MAPS);
	assert_true(log_now->nodes[node].mirror_size >= len);
	maps[i].address = made;
	maps[i].len = len;
	maps[i].node = node;
	return made;
}

int __wrap_munmap(void *address, size_t len)
{
	for (size_t i = 0; i < MAX_MAPS; i++) {
		if (!maps[i].address || maps[i].address != address)
			continue;
		note_maps();
		maps[i].address = NULL;
	}
	return __real_munmap(address, len);
}

/* The same in each run, so that one that fails can be run again. */
ssize_t __wrap_getrandom(void *ret, size_t len, unsigned int flags)
{
	static uint64_t state = DISK_SEED;
	unsigned char *bytes = ret;

	(void)flags;
	for (size_t i = 0; i < len; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		bytes[i] = (unsigned char)(state >> 56);
	}
	return (ssize_t)len;
}

unsigned int disk_fault_set(const struct disk_fault *fault)
{
	unsigned int calls = fault_calls;

	fault_now = *fault;
	fault_calls = 0;
	return calls;
}

static void load_file(int fd, struct disk_node *node)
{
	struct stat st = {0};

	assert_int_equal(fstat(fd, &st), 0);
	make_room(&node->data, &node->size, (size_t)st.st_size);
	assert_int_equal(pread(fd, node->data, node->size, 0), node->size);
	make_room(&node->mirror, &node->mirror_size, node->size);
	if (node->size)
		memcpy(node->mirror, node->data, node->size);
}

/* Folders that were found and not yet looked into: no recursion. */
static void load_entry(unsigned int folder, int folder_fd, const char *name)
{
	struct disk_log *log = log_now;
	COSMO_AUTO_FD int fd = __real_openat64(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unsigned int node = 0;

	assert_true(fd >= 0);
	node = add_node_of(fd);
	if (!log->nodes[node].is_folder)
		load_file(fd, &log->nodes[node]);
	log->entries = grow(log->entries, log->entry_count, sizeof(*log->entries));
	log->entries[log->entry_count] = (struct disk_entry){.folder = folder, .node = node};
	copy_name(log->entries[log->entry_count++].name, name);
}

static void load_folder(unsigned int folder, const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry = NULL;
	unsigned int first = log_now->entry_count;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			load_entry(folder, dirfd(dir), entry->d_name);
	closedir(dir);
	for (unsigned int i = first; i < log_now->entry_count; i++) {
		const struct disk_entry below = log_now->entries[i];
		char deeper[512] = "";

		if (below.folder != folder || !log_now->nodes[below.node].is_folder)
			continue;
		snprintf(deeper, sizeof(deeper), "%s/%s", path, below.name);
		load_folder(below.node, deeper); /* NOLINT(misc-no-recursion): three deep */
	}
}

void disk_log_begin(struct disk_log *log, const char *dir)
{
	struct stat st = {0};

	assert_null(log_now);
	memset(log, 0, sizeof(*log));
	memset(maps, 0, sizeof(maps));
	log_now = log;
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(add_node(&st), DISK_ROOT);
	load_folder(DISK_ROOT, dir);
}

void disk_log_end(void)
{
	log_now = NULL;
}

void disk_log_mark(void)
{
	note_maps();
	(void)add_event(DISK_END, DISK_ROOT);
}

void disk_log_done(struct disk_log *log)
{
	for (unsigned int i = 0; i < log->node_count; i++) {
		free(log->nodes[i].data);
		free(log->nodes[i].mirror);
	}
	for (unsigned int i = 0; i < log->event_count; i++)
		free(log->events[i].data);
	free(log->nodes);
	free(log->entries);
	free(log->events);
	memset(log, 0, sizeof(*log));
}
