/* SPDX-License-Identifier: MIT */
/* What writers do to a store, for tests that let them come to grief. */
#pragma once

#include "tests/unit/store/store_fixture.h"

#define DEED_MAX_RECORDS 8
#define DEED_MAX_STEPS   3

/* What one process is to do, or has done, to a store. */
struct deed {
	const struct store_paths *paths;
	struct config config;
	struct record *records[DEED_MAX_RECORDS];
	size_t count;
	enum cosmo_err (*act)(struct deed *deed, struct store *store);
};

void deed_done(struct deed *deed);

/* Somebody whom it is about, in the state of that version (store_fixture.h). */
void deed_add(struct deed *deed, const char *name, uint32_t version);

/* The work of a process with the lock; @context is a deed. Returns an enum cosmo_err. Nothing of
 * cmocka in it. */
int deed_do(void *context);

/* The same in a child; returns its exit code. */
int deed_do_elsewhere(struct deed *deed);

/* A new user named dan; everything repaired. The caller ends them: deed_done(). */
struct deed deed_of_next_writer(const struct store_paths *paths, const struct config *config);
struct deed deed_of_repair(const struct store_paths *paths, const struct config *config);

struct deed_step {
	void (*plan)(struct deed *deed);
	enum cosmo_err (*act)(struct deed *deed, struct store *store);
};

enum scenario_trait {
	SCENARIO_LARGE = 1U << 0,     /* hundreds of files */
	SCENARIO_UNSHOWN = 1U << 1,   /* users.db does not say what is under way */
	SCENARIO_RECOVERED = 1U << 2, /* one of each kind that the next writer has to finish */
};

/* A store, and what is done to it, one deed after the other. */
struct scenario {
	const char *label;
	void (*prepare)(struct fixture *fixture);
	struct deed_step steps[DEED_MAX_STEPS]; /* up to the first without act */
	unsigned int traits;
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* The @step-th deed of a scenario, to be done to the store at @paths. */
struct deed scenario_deed(const struct scenario *scenario, size_t step,
	const struct store_paths *paths, const struct config *config);
