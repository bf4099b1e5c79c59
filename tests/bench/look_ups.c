/* SPDX-License-Identifier: MIT */
/*
 * What look-ups cost, asked of the module's entry points directly, in thread CPU time:
 *
 *   look_ups cells MODULE CONSTANT TOUCHED COUNT [WHAT WHOSE]   a line of JSON per cell, or the one
 *   look_ups first MODULE NUMBER             this process's first look-up, and its loading
 *
 * CONSTANT is a module that answers one record always, TOUCHED a file as large as users.1.db: the
 * two floors. Keys are drawn at random from COUNT users and stand in memory in the order they are
 * asked for. Each call's argument depends on the answer before, so that none overlap: a program
 * waits for its answer too. Cells take turns, so that what else the machine does meets them all.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/population.h"

#define KEYS         (1U << 20) /* a power of two */
#define ROUND_CALLS  (1U << 19)
#define ROUNDS       9 /* and one that does not count */
#define BUFFER_BYTES 1024
#define MAX_GIDS     64
#define LINE_BYTES   64

struct module {
	enum nss_status (*getpwnam_r)(const char *, struct passwd *, char *, size_t, int *);
	enum nss_status (*getpwuid_r)(uid_t, struct passwd *, char *, size_t, int *);
	enum nss_status (*getgrgid_r)(gid_t, struct group *, char *, size_t, int *);
	enum nss_status (*initgroups_dyn)(
		const char *, gid_t, long *, long *, gid_t **, long, int *);
};

struct keys {
	char (*names)[POPULATION_NAME_BYTES];
	uint32_t *uids;
};

struct touched {
	const volatile uint64_t *words;
	uint64_t lines;
};

struct cell {
	const char *what;
	const char *whose;
	/* Returns how many answers were wrong. */
	uint64_t (*run)(const struct cell *cell, uint32_t first);
	const struct module *module;
	const struct keys *keys;
	enum nss_status expected;
	const struct touched *touched;
	double round_ns[ROUNDS];
};

/* Always 0, which the compiler does not know. */
static volatile uint64_t nothing;

static void fail(const char *what)
{
	fprintf(stderr, "look_ups: %s\n", what);
	exit(1);
}

static double clock_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static uint64_t run_getpwnam(const struct cell *cell, uint32_t first)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	uint64_t zero = nothing;
	uint64_t last = 0;
	uint64_t wrong = 0;
	int code = 0;

	for (uint32_t i = 0; i < ROUND_CALLS; i++) {
		const char *name = cell->keys->names[(first + i) % KEYS] + (last & zero);
		enum nss_status status =
			cell->module->getpwnam_r(name, &pw, buffer, sizeof(buffer), &code);

		wrong += status != cell->expected;
		last = pw.pw_uid + (uint64_t)status;
	}
	return wrong;
}

static uint64_t run_getpwuid(const struct cell *cell, uint32_t first)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	uint64_t zero = nothing;
	uint64_t last = 0;
	uint64_t wrong = 0;
	int code = 0;

	for (uint32_t i = 0; i < ROUND_CALLS; i++) {
		uid_t uid = cell->keys->uids[(first + i) % KEYS] + (uid_t)(last & zero);
		enum nss_status status =
			cell->module->getpwuid_r(uid, &pw, buffer, sizeof(buffer), &code);

		wrong += status != cell->expected;
		last = pw.pw_uid + (uint64_t)status;
	}
	return wrong;
}

static uint64_t run_getgrgid(const struct cell *cell, uint32_t first)
{
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	uint64_t zero = nothing;
	uint64_t last = 0;
	uint64_t wrong = 0;
	int code = 0;

	for (uint32_t i = 0; i < ROUND_CALLS; i++) {
		gid_t gid = cell->keys->uids[(first + i) % KEYS] + (gid_t)(last & zero);
		enum nss_status status =
			cell->module->getgrgid_r(gid, &gr, buffer, sizeof(buffer), &code);

		wrong += status != cell->expected;
		last = gr.gr_gid + (uint64_t)status;
	}
	return wrong;
}

static uint64_t run_initgroups(const struct cell *cell, uint32_t first)
{
	static gid_t space[MAX_GIDS];
	gid_t *gids = space;
	uint64_t zero = nothing;
	uint64_t last = 0;
	uint64_t wrong = 0;
	int code = 0;

	for (uint32_t i = 0; i < ROUND_CALLS; i++) {
		const char *name = cell->keys->names[(first + i) % KEYS] + (last & zero);
		long count = 0;
		long size = MAX_GIDS;
		enum nss_status status = cell->module->initgroups_dyn(
			name, (gid_t)-1, &count, &size, &gids, -1, &code);

		wrong += status != cell->expected;
		last = gids[0] + (uint64_t)status;
	}
	return wrong;
}

/* One random touch after the other; where the next one goes depends on what was read. */
static uint64_t run_touch(const struct cell *cell, uint32_t first)
{
	const struct touched *touched = cell->touched;
	uint64_t zero = nothing;
	uint64_t state = first;
	uint64_t last = 0;

	for (uint32_t i = 0; i < ROUND_CALLS; i++) {
		uint64_t at =
			((population_random(&state) + (last & zero)) >> 32) * touched->lines >> 32;

		last = touched->words[at * (LINE_BYTES / sizeof(uint64_t))];
	}
	return last & zero;
}

static void *symbol(void *library, const char *prefix, const char *name)
{
	char full[64] = "";
	void *found = NULL;

	snprintf(full, sizeof(full), "_nss_%s_%s", prefix, name);
	found = dlsym(library, full);
	if (!found)
		fail(full);
	return found;
}

static void load(const char *path, const char *prefix, struct module *ret)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		fail(dlerror());
	*(void **)&ret->getpwnam_r = symbol(library, prefix, "getpwnam_r");
	*(void **)&ret->getpwuid_r = symbol(library, prefix, "getpwuid_r");
	*(void **)&ret->getgrgid_r = symbol(library, prefix, "getgrgid_r");
	*(void **)&ret->initgroups_dyn = symbol(library, prefix, "initgroups_dyn");
}

static void draw(struct keys *keys, uint32_t from, uint32_t count)
{
	uint64_t state = from;

	keys->names = malloc(KEYS * sizeof(*keys->names));
	keys->uids = malloc(KEYS * sizeof(*keys->uids));
	if (!keys->names || !keys->uids)
		fail("no memory");
	for (uint32_t i = 0; i < KEYS; i++) {
		uint32_t number =
			from + (uint32_t)((population_random(&state) >> 32) * count >> 32);

		population_name(number, keys->names[i]);
		keys->uids[i] = population_uid(number);
	}
}

static void map_touched(const char *path, struct touched *ret)
{
	struct stat st = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *words = MAP_FAILED;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail(path);
	words = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (words == MAP_FAILED)
		fail("mmap");
	ret->words = words;
	ret->lines = (uint64_t)st.st_size / LINE_BYTES;
}

static void run_all(struct cell *cells, size_t count)
{
	for (int round = -1; round < ROUNDS; round++) {
		for (size_t i = 0; i < count; i++) {
			uint32_t first = (uint32_t)(round + 1) * ROUND_CALLS;
			double began = clock_ns(CLOCK_THREAD_CPUTIME_ID);

			if (cells[i].run(&cells[i], first))
				fail(cells[i].what);
			if (round >= 0)
				cells[i].round_ns[round] =
					(clock_ns(CLOCK_THREAD_CPUTIME_ID) - began) / ROUND_CALLS;
		}
	}
}

static void print_cell(const struct cell *cell)
{
	printf("{\"what\": \"%s\", \"whose\": \"%s\", \"rounds_ns\": [", cell->what, cell->whose);
	for (int i = 0; i < ROUNDS; i++)
		printf("%s%.2f", i ? ", " : "", cell->round_ns[i]);
	printf("]}\n");
}

/* For profiling: one cell alone. */
static size_t keep_asked(struct cell *cells, size_t count, char **what_whose)
{
	if (!what_whose[0])
		return count;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(cells[i].what, what_whose[0]) == 0 &&
			strcmp(cells[i].whose, what_whose[1]) == 0) {
			cells[0] = cells[i];
			return 1;
		}
	}
	fail("no such cell");
	return 0;
}

static int measure_cells(char **argv)
{
	static const struct {
		const char *what;
		uint64_t (*run)(const struct cell *cell, uint32_t first);
	} kinds[] = {
		{"getpwnam", run_getpwnam},
		{"getpwuid", run_getpwuid},
		{"getgrgid", run_getgrgid},
		{"initgroups", run_initgroups},
	};
	uint32_t count = (uint32_t)strtoul(argv[3], NULL, 10);
	struct cell cells[3 * 4 + 1] = {0};
	struct module cosmo = {0};
	struct module constant = {0};
	struct keys known = {0};
	struct keys unknown = {0};
	struct touched touched = {0};
	size_t used = 0;

	load(argv[0], "cosmo", &cosmo);
	load(argv[1], "constant", &constant);
	map_touched(argv[2], &touched);
	draw(&known, 0, count);
	draw(&unknown, count, count);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct cell cell = {.what = kinds[i].what, .run = kinds[i].run, .keys = &known};

		cell.expected = NSS_STATUS_SUCCESS;
		cell.whose = "constant";
		cell.module = &constant;
		cells[used++] = cell;
		cell.whose = "hit";
		cell.module = &cosmo;
		cells[used++] = cell;
		cell.whose = "miss";
		cell.keys = &unknown;
		cell.expected = NSS_STATUS_NOTFOUND;
		cells[used++] = cell;
	}
	cells[used++] = (struct cell){
		.what = "touch", .whose = "floor", .run = run_touch, .touched = &touched};
	used = keep_asked(cells, used, argv + 4);
	run_all(cells, used);
	for (size_t i = 0; i < used; i++)
		print_cell(&cells[i]);
	return 0;
}

static int measure_first(char **argv)
{
	char name[POPULATION_NAME_BYTES] = "";
	char buffer[BUFFER_BYTES];
	struct module cosmo = {0};
	struct passwd pw = {0};
	double began = 0;
	double loaded = 0;
	double asked = 0;
	int code = 0;

	population_name(strtoul(argv[1], NULL, 10), name);
	began = clock_ns(CLOCK_MONOTONIC);
	load(argv[0], "cosmo", &cosmo);
	loaded = clock_ns(CLOCK_MONOTONIC);
	if (cosmo.getpwnam_r(name, &pw, buffer, sizeof(buffer), &code) != NSS_STATUS_SUCCESS)
		fail("the first look-up");
	asked = clock_ns(CLOCK_MONOTONIC);
	printf("{\"load_ns\": %.0f, \"first_ns\": %.0f}\n", loaded - began, asked - loaded);
	return 0;
}

int main(int argc, char **argv)
{
	if ((argc == 6 || argc == 8) && strcmp(argv[1], "cells") == 0)
		return measure_cells(argv + 2);
	if (argc == 4 && strcmp(argv[1], "first") == 0)
		return measure_first(argv + 2);
	return 2;
}
