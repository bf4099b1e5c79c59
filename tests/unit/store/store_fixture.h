/* SPDX-License-Identifier: MIT */
/* A store in a folder of its own, and people to put into it. */
#pragma once

#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/store.h"

#define FIXTURE_UID_MIN 1879049000U
#define FIXTURE_UID_MAX 1879948999U

struct fixture {
	char dir[64];
	char state_dir[96];
	char cache_dir[96];
	char run_dir[96];
	char machine_id[96];
	char users_db[128];
	char gate[128];
	struct store_paths paths;
	struct store *store;
	struct config config;
};

/* cmocka's setup and teardown; tests that need root are skipped loudly without it. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* A store with a seed and an empty users.db, its lock held. */
int fixture_setup_ready(void **state);

/* The same on a tmpfs, where there is one, so that a sync costs nothing: for many commits. */
int fixture_setup_in_memory(void **state);

/* There too: the folders alone, nothing open, no lock held. Root only. */
int fixture_setup_bare(void **state);

/* Remove all that is in a folder. */
void fixture_empty(const char *dir);

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
#define WITH_READY_FIXTURE(test)                                                                   \
	cmocka_unit_test_setup_teardown(test, fixture_setup_ready, fixture_teardown)
#define WITH_MEMORY_FIXTURE(test)                                                                  \
	cmocka_unit_test_setup_teardown(test, fixture_setup_in_memory, fixture_teardown)

/* The fixture of a test; skips it, loudly, if there is none for lack of root. */
struct fixture *fixture_of(void **state);

/* A record of @name without ids; the caller owns it, record_free(). */
struct record *fixture_person(const struct config *config, const char *name);

/* The same with its uid registered. */
struct record *fixture_record(struct fixture *fixture, const char *name);

/* Commit such a record, as is. */
void fixture_enrol(struct fixture *fixture, const char *name);

/* Every field of @record derived from @version. */
void fixture_version(struct record *record, uint32_t version);

/* What users.db says of the version in @user, or UINT32_MAX if its fields disagree. */
uint32_t fixture_version_of(const struct users_db_user *user);

/* How often users.db was made anew. */
uint64_t fixture_generation(const struct fixture *fixture);
