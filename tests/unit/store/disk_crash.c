/* SPDX-License-Identifier: MIT */
#include "tests/unit/store/disk_crash.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "tests/unit/store/store_fixture.h"

#define SECTOR      ((size_t)512)
#define MAX_SECTORS 16 /* of one file; more are taken by pages */
#define MAX_UNITS   1024
#define MAX_NAMES   1024

/* What reached the disk or not by itself. */
struct unit {
	enum {
		UNIT_SECTOR,
		UNIT_SIZE,
		UNIT_NAME
	} kind;
	unsigned int node;
	size_t offset;
	size_t len;
	unsigned int versions; /* beside that of the last sync */
	unsigned int chosen;   /* 0: that one */
	unsigned int seen;     /* while it is put together */
};

struct file {
	unsigned char *durable;
	size_t durable_size;
	size_t size; /* with all that was done since */
	uint64_t durable_hash;
	bool is_hashed;
	bool is_dirty;
	unsigned char *image; /* what was chosen */
	size_t image_room;
	size_t image_size;
};

struct disk_crash {
	const struct disk_log *log;
	unsigned int next;
	struct file *files;
	bool *is_pending; /* by event */
	struct disk_entry names[MAX_NAMES];
	unsigned int name_count;
	struct unit units[MAX_UNITS];
	unsigned int unit_count;
	struct disk_entry chosen[MAX_NAMES];
	unsigned int chosen_count;
};

static void make_room(unsigned char **data, size_t *room, size_t wanted)
{
	if (wanted <= *room)
		return;
	*data = realloc(*data, wanted);
	assert_non_null(*data);
	memset(*data + *room, 0, wanted - *room);
	*room = wanted;
}

struct disk_crash *disk_crash_new(const struct disk_log *log)
{
	struct disk_crash *crash = calloc(1, sizeof(*crash));

	assert_non_null(crash);
	crash->log = log;
	crash->files = calloc(log->node_count, sizeof(*crash->files));
	crash->is_pending = calloc(log->event_count + 1, sizeof(*crash->is_pending));
	assert_true(crash->files && crash->is_pending && log->entry_count <= MAX_NAMES);
	for (unsigned int i = 0; i < log->node_count; i++) {
		struct file *file = &crash->files[i];

		make_room(&file->durable, &file->durable_size, log->nodes[i].size);
		if (log->nodes[i].size)
			memcpy(file->durable, log->nodes[i].data, log->nodes[i].size);
		file->size = file->durable_size;
	}
	if (log->entry_count)
		memcpy(crash->names, log->entries, log->entry_count * sizeof(*log->entries));
	crash->name_count = log->entry_count;
	return crash;
}

void disk_crash_free(struct disk_crash *crash)
{
	for (unsigned int i = 0; i < crash->log->node_count; i++) {
		free(crash->files[i].durable);
		free(crash->files[i].image);
	}
	free(crash->files);
	free(crash->is_pending);
	free(crash);
}

static void drop_name(
	struct disk_entry *names, unsigned int *count, unsigned int folder, const char *name)
{
	for (unsigned int i = 0; i < *count; i++)
		if (names[i].folder == folder && strcmp(names[i].name, name) == 0) {
			names[i] = names[--*count];
			return;
		}
}

static void put_name(struct disk_entry *names, unsigned int *count, const struct disk_event *event)
{
	drop_name(names, count, event->folder, event->name);
	assert_true(*count < MAX_NAMES);
	names[*count] = (struct disk_entry){.folder = event->folder, .node = event->node};
	memcpy(names[(*count)++].name, event->name, sizeof(event->name));
}

static void change_names(
	struct disk_entry *names, unsigned int *count, const struct disk_event *event)
{
	if (event->kind == DISK_UNNAME) {
		drop_name(names, count, event->folder, event->name);
		return;
	}
	if (event->kind == DISK_MOVE)
		drop_name(names, count, event->folder, event->from);
	put_name(names, count, event);
}

static bool is_of_folder(const struct disk_event *event, unsigned int folder)
{
	return (event->kind == DISK_NAME || event->kind == DISK_UNNAME ||
		       event->kind == DISK_MOVE) &&
	       event->folder == folder;
}

static void settle_file(struct disk_crash *crash, unsigned int node)
{
	struct file *file = &crash->files[node];

	for (unsigned int i = 0; i < crash->next; i++) {
		const struct disk_event *event = &crash->log->events[i];

		if (!crash->is_pending[i] || event->node != node ||
			(event->kind != DISK_STORE && event->kind != DISK_SIZE))
			continue;
		crash->is_pending[i] = false;
		make_room(&file->durable, &file->durable_size, file->size);
		if (event->kind == DISK_STORE)
			memcpy(file->durable + event->offset, event->data, event->size);
	}
	file->is_hashed = file->is_dirty = false;
}

static void settle_folder(struct disk_crash *crash, unsigned int folder)
{
	for (unsigned int i = 0; i < crash->next; i++) {
		const struct disk_event *event = &crash->log->events[i];

		if (!crash->is_pending[i] || !is_of_folder(event, folder))
			continue;
		crash->is_pending[i] = false;
		change_names(crash->names, &crash->name_count, event);
	}
}

static void settle_all(struct disk_crash *crash)
{
	for (unsigned int i = 0; i < crash->log->node_count; i++) {
		settle_file(crash, i);
		settle_folder(crash, i);
	}
}

static void take_event(struct disk_crash *crash, const struct disk_event *event)
{
	struct file *file = &crash->files[event->node];
	size_t end = event->offset + event->size;

	switch (event->kind) {
	case DISK_STORE:
	case DISK_SIZE:
		file->is_dirty = true;
		file->size = end > file->size ? end : file->size;
		crash->is_pending[crash->next] = true;
		break;
	case DISK_NAME:
	case DISK_UNNAME:
	case DISK_MOVE:
		crash->is_pending[crash->next] = true;
		break;
	case DISK_SYNC:
		settle_file(crash, event->node);
		break;
	case DISK_SYNC_FOLDER:
		settle_folder(crash, event->node);
		break;
	case DISK_SYNC_ALL:
		settle_all(crash);
		break;
	case DISK_END:
		break;
	}
}

static struct unit *add_unit(struct disk_crash *crash)
{
	assert_true(crash->unit_count < MAX_UNITS);
	crash->units[crash->unit_count] = (struct unit){.versions = 1};
	return &crash->units[crash->unit_count++];
}

static bool touches(const struct disk_event *event, size_t offset, size_t len)
{
	return event->offset < offset + len && offset < event->offset + event->size;
}

/* How often bytes of a file were stored since its sync. */
static unsigned int count_stores(
	const struct disk_crash *crash, unsigned int node, size_t offset, size_t len)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < crash->next; i++) {
		const struct disk_event *event = &crash->log->events[i];

		count += crash->is_pending[i] && event->kind == DISK_STORE && event->node == node &&
			 touches(event, offset, len);
	}
	return count;
}

static void find_sectors(struct disk_crash *crash, unsigned int node, size_t len)
{
	for (size_t at = 0; at < crash->files[node].size; at += len) {
		unsigned int versions = count_stores(crash, node, at, len);
		struct unit *unit = versions ? add_unit(crash) : NULL;

		if (!unit)
			continue;
		unit->kind = UNIT_SECTOR;
		unit->node = node;
		unit->offset = at;
		unit->len = len;
		unit->versions = versions;
	}
}

static void find_units_of(struct disk_crash *crash, unsigned int node)
{
	const struct file *file = &crash->files[node];
	unsigned int first = crash->unit_count;

	if (file->size != file->durable_size) {
		struct unit *unit = add_unit(crash);

		unit->kind = UNIT_SIZE;
		unit->node = node;
		first++;
	}
	find_sectors(crash, node, SECTOR);
	if (crash->unit_count - first <= MAX_SECTORS)
		return;
	crash->unit_count = first;
	find_sectors(crash, node, DISK_PAGE);
}

static void find_units(struct disk_crash *crash)
{
	crash->unit_count = 0;
	for (unsigned int i = 0; i < crash->next; i++) {
		if (!crash->is_pending[i] || crash->log->events[i].kind == DISK_STORE ||
			crash->log->events[i].kind == DISK_SIZE)
			continue;
		add_unit(crash)->kind = UNIT_NAME;
		crash->units[crash->unit_count - 1].node = i;
	}
	for (unsigned int i = 0; i < crash->log->node_count; i++)
		if (crash->files[i].is_dirty)
			find_units_of(crash, i);
}

const struct disk_event *disk_crash_advance(struct disk_crash *crash)
{
	const struct disk_event *event = &crash->log->events[crash->next];

	if (crash->next >= crash->log->event_count)
		return NULL;
	take_event(crash, event);
	crash->next++;
	find_units(crash);
	return event;
}

uint64_t disk_crash_ways(const struct disk_crash *crash)
{
	uint64_t ways = 1;

	for (unsigned int i = 0; i < crash->unit_count; i++)
		if (__builtin_mul_overflow(ways, crash->units[i].versions + 1, &ways))
			return UINT64_MAX;
	return ways;
}

void disk_crash_choose(struct disk_crash *crash, uint64_t way)
{
	for (unsigned int i = 0; i < crash->unit_count; i++) {
		struct unit *unit = &crash->units[i];

		unit->chosen = (unsigned int)(way % (unit->versions + 1));
		way /= unit->versions + 1;
	}
}

bool disk_crash_choose_edge(struct disk_crash *crash, unsigned int which)
{
	bool alone = which % 2;

	if (which / 2 >= crash->unit_count)
		return false;
	for (unsigned int i = 0; i < crash->unit_count; i++)
		crash->units[i].chosen = alone == (i == which / 2) ? crash->units[i].versions : 0;
	return true;
}

static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

void disk_crash_choose_random(struct disk_crash *crash, uint64_t *seed)
{
	for (unsigned int i = 0; i < crash->unit_count; i++)
		crash->units[i].chosen =
			(unsigned int)((draw(seed) >> 11) % (crash->units[i].versions + 1));
}

static struct unit *find_unit(struct disk_crash *crash, unsigned int kind, unsigned int node)
{
	for (unsigned int i = 0; i < crash->unit_count; i++)
		if ((unsigned int)crash->units[i].kind == kind && crash->units[i].node == node)
			return &crash->units[i];
	return NULL;
}

/* Each sector takes its stores up to the chosen one. */
static void store_chosen(
	struct disk_crash *crash, unsigned int node, const struct disk_event *event)
{
	unsigned char *image = crash->files[node].image;

	for (unsigned int i = 0; i < crash->unit_count; i++) {
		struct unit *unit = &crash->units[i];
		size_t from = 0;
		size_t to = 0;

		if (unit->kind != UNIT_SECTOR || unit->node != node ||
			!touches(event, unit->offset, unit->len) || unit->seen++ >= unit->chosen)
			continue;
		from = event->offset > unit->offset ? event->offset : unit->offset;
		to = event->offset + event->size;
		if (to > unit->offset + unit->len)
			to = unit->offset + unit->len;
		memcpy(image + from, event->data + (from - event->offset), to - from);
	}
}

static void make_image(struct disk_crash *crash, unsigned int node)
{
	struct file *file = &crash->files[node];
	const struct unit *size = find_unit(crash, UNIT_SIZE, node);

	make_room(&file->image, &file->image_room, file->size);
	if (file->size)
		memset(file->image, 0, file->size);
	if (file->durable_size)
		memcpy(file->image, file->durable, file->durable_size);
	for (unsigned int i = 0; i < crash->unit_count; i++)
		crash->units[i].seen = 0;
	for (unsigned int i = 0; i < crash->next; i++) {
		const struct disk_event *event = &crash->log->events[i];

		if (crash->is_pending[i] && event->kind == DISK_STORE && event->node == node)
			store_chosen(crash, node, event);
	}
	file->image_size = size && !size->chosen ? file->durable_size : file->size;
}

static void make_names(struct disk_crash *crash)
{
	memcpy(crash->chosen, crash->names, crash->name_count * sizeof(*crash->names));
	crash->chosen_count = crash->name_count;
	for (unsigned int i = 0; i < crash->unit_count; i++)
		if (crash->units[i].kind == UNIT_NAME && crash->units[i].chosen)
			change_names(crash->chosen, &crash->chosen_count,
				&crash->log->events[crash->units[i].node]);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t word = 0;
	size_t at = 0;

	for (; at + sizeof(word) <= len; at += sizeof(word)) {
		memcpy(&word, bytes + at, sizeof(word));
		hash = mix(hash, word);
	}
	for (; at < len; at++)
		hash = mix(hash, bytes[at]);
	return mix(hash, len);
}

static uint64_t hash_node(struct disk_crash *crash, unsigned int node)
{
	struct file *file = &crash->files[node];

	if (crash->log->nodes[node].is_folder)
		return node;
	if (file->is_dirty)
		return hash_bytes(1, file->image, file->image_size);
	if (!file->is_hashed)
		file->durable_hash = hash_bytes(1, file->durable, file->durable_size);
	file->is_hashed = true;
	return file->durable_hash;
}

uint64_t disk_crash_hash(struct disk_crash *crash)
{
	uint64_t sum = 0;

	make_names(crash);
	for (unsigned int i = 0; i < crash->log->node_count; i++)
		if (crash->files[i].is_dirty)
			make_image(crash, i);
	/* In whatever order the names stand. */
	for (unsigned int i = 0; i < crash->chosen_count; i++) {
		const struct disk_entry *entry = &crash->chosen[i];
		uint64_t hash = hash_bytes(entry->folder, entry->name, strlen(entry->name));
		bool is_stage = entry->name[0] == '.';

		sum += mix(hash, is_stage ? 0 : hash_node(crash, entry->node));
	}
	return sum;
}

static void write_file(const struct disk_crash *crash, unsigned int node, const char *path)
{
	const struct file *file = &crash->files[node];
	const unsigned char *data = file->is_dirty ? file->image : file->durable;
	size_t size = file->is_dirty ? file->image_size : file->durable_size;
	COSMO_AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, crash->log->nodes[node].mode), 0);
	assert_int_equal(size ? write(fd, data, size) : 0, size);
}

static void write_folder(const struct disk_crash *crash, unsigned int folder, const char *dir)
{
	for (unsigned int i = 0; i < crash->chosen_count; i++) {
		const struct disk_entry *entry = &crash->chosen[i];
		char path[512] = "";

		if (entry->folder != folder)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->name);
		if (!crash->log->nodes[entry->node].is_folder) {
			write_file(crash, entry->node, path);
			continue;
		}
		assert_int_equal(mkdir(path, crash->log->nodes[entry->node].mode), 0);
		write_folder(crash, entry->node, path); /* NOLINT(misc-no-recursion): three deep */
	}
}

void disk_crash_write(struct disk_crash *crash, const char *dir)
{
	(void)disk_crash_hash(crash); /* puts it together */
	fixture_empty(dir);
	write_folder(crash, DISK_ROOT, dir);
}
