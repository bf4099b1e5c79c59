/* SPDX-License-Identifier: MIT */
/*
 * What writing costs in the store where it is installed, filled here with COUNT users by the
 * product's own writer, private records and all:
 *
 *   store_cost COUNT ROUNDS
 *
 * A line of JSON for each of ROUNDS enrolments, later commits of a user there is, disconnects, and
 * for some growths of users.1.db: what it took, and how much of that to have it on the disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/commit.h"
#include "tests/bench/filler.h"
#include "tests/bench/population.h"
#include "tests/bench/syncs.h"

#define GROWTHS 3

struct cost {
	struct filler *filler;
	uint32_t count; /* users by now */
	uint64_t random;
	struct record *record; /* of the commit that is next */
};

static void enrol(struct cost *cost)
{
	filler_commit(cost->filler, cost->count++, 1);
}

static void prepare_known(struct cost *cost)
{
	uint64_t drawn = (population_random(&cost->random) >> 32) * cost->count >> 32;

	cost->record = filler_record(cost->filler, (uint32_t)drawn);
}

static void commit_known(struct cost *cost)
{
	filler_check(commit_user(cost->filler->store, cost->filler->config, cost->record), "user");
}

static void forget_known(struct cost *cost)
{
	record_free(COSMO_STEAL(&cost->record));
}

static void disconnect(struct cost *cost)
{
	filler_check(integration_disconnect(cost->filler->store, NULL), "disconnect");
}

static void reconnect(struct cost *cost)
{
	integration_free(COSMO_STEAL(&cost->filler->integration));
	filler_connect(cost->filler);
}

static void grow(struct cost *cost)
{
	filler_grow(cost->filler);
}

static void shrink(struct cost *cost)
{
	filler_shrink(cost->filler, cost->count);
}

static const struct step {
	const char *what;
	void (*before)(struct cost *cost); /* not measured, as with what comes after */
	void (*run)(struct cost *cost);
	void (*after)(struct cost *cost);
} steps[] = {
	{"enrol", NULL, enrol, NULL},
	{"commit", prepare_known, commit_known, forget_known},
	{"disconnect", NULL, disconnect, reconnect},
	{"grow", NULL, grow, shrink},
};

static double clock_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void take(const struct step *step, struct cost *cost)
{
	struct syncs_cost before;
	struct syncs_cost after;
	double wall_ns = 0;
	double cpu_ns = 0;

	if (step->before)
		step->before(cost);
	before = syncs_cost();
	wall_ns = clock_ns(CLOCK_MONOTONIC);
	cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	step->run(cost);
	wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
	cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
	after = syncs_cost();
	printf("{\"what\": \"%s\", \"wall_ns\": %.0f, \"cpu_ns\": %.0f, \"synced_wall_ns\": %.0f, "
	       "\"synced_cpu_ns\": %.0f}\n",
		step->what, wall_ns, cpu_ns, after.wall_ns - before.wall_ns,
		after.cpu_ns - before.cpu_ns);
	if (step->after)
		step->after(cost);
}

int main(int argc, char **argv)
{
	struct filler filler;
	struct cost cost = {.filler = &filler, .random = 1};
	uint32_t rounds = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	if (rounds == 0)
		return 2;
	cost.count = (uint32_t)strtoul(argv[1], NULL, 10);
	filler_open(&filler);
	filler_connect(&filler);
	syncs_skip(true);
	filler_commit(&filler, 0, cost.count);
	syncs_skip(false);
	/* With room for all who are to come: a growth in between would be measured with them. Nor
	 * is anything of this to be written yet when they come. */
	filler_shrink(&filler, cost.count + rounds);
	syncfs(store_state_fd(filler.store));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		for (uint32_t round = 0; round < (steps[i].run == grow ? GROWTHS : rounds); round++)
			take(&steps[i], &cost);
	filler_done(&filler);
	return 0;
}
