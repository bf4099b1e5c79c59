/* SPDX-License-Identifier: MIT */
#include "tests/bench/filler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/fdio.h"
#include "common/base/users_db_map.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
#include "tests/bench/population.h"

#define ISSUER "https://idp.example.org"
/* dialout is conferred, so that initgroups has something to add beside the role's group. */
#define CONFIG_TEXT                                                                                \
	"[integration]\nissuer = " ISSUER "\nclient_id = host\n"                                   \
	"[role developer]\nlocal_groups = dialout\n"                                               \
	"[rules]\nadmin = admins\ndeveloper = devs\n"

double filler_now_s(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void filler_check(enum cosmo_err err, const char *what)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, cosmo_err_id(err));
		exit(1);
	}
}

static void *must(void *made)
{
	if (!made)
		exit(1);
	return made;
}

void filler_open(struct filler *ret)
{
	struct config_problem problem = {0};

	*ret = (struct filler){0};
	filler_check(
		config_parse(CONFIG_TEXT, strlen(CONFIG_TEXT), &ret->config, &problem), "config");
	filler_check(store_open(&store_default_paths, &ret->store), "store");
	filler_check(store_lock(ret->store, STORE_LOCK_MS), "lock");
}

void filler_connect(struct filler *filler)
{
	static const struct integration_partner idp = {
		.issuer = ISSUER, .client_id = "host", .offline_access = true};

	filler_check(integration_seed_ensure(filler->store, NULL), "seed");
	filler_check(integration_connect(filler->store, &idp, &filler->integration), "connect");
	filler_check(commit_settings(filler->store, filler->config, -1), "settings");
}

void filler_load(struct filler *filler)
{
	filler_check(integration_load(filler->store, &filler->integration), "integration");
}

void filler_done(struct filler *filler)
{
	store_unlock(filler->store);
	integration_free(filler->integration);
	store_free(filler->store);
	config_free(filler->config);
}

struct record *filler_record(const struct filler *filler, uint32_t number)
{
	static const char *const roles[] = {"viewer", "developer", "developer", "admin"};
	struct record *record = must(calloc(1, sizeof(*record)));
	char home[64] = "";

	memcpy(record->integration, filler->integration->id, sizeof(record->integration));
	population_name(number, record->name);
	snprintf(home, sizeof(home), "/home/%s", record->name);
	record->uid = record->gid = population_uid(number);
	record->issuer = must(strdup(filler->integration->issuer));
	record->sub = must(strdup(record->name));
	record->display_name = must(strdup("Some Body"));
	record->home = must(strdup(home));
	record->shell = must(strdup("/bin/bash"));
	if (filler->has_tokens)
		filler_check(secret_new(record->name, strlen(record->name), &record->refresh_token),
			"token");
	record->roles[record->role_count++] = must(strdup(roles[number % 4]));
	record->enrolled_s = record->signed_in_s = record->confirmed_s = fdio_now_s();
	return record;
}

static void commit_batch(struct filler *filler, struct record **records, size_t count)
{
	double began = filler_now_s();
	double assigned = 0;

	for (size_t i = 0; i < count; i++)
		filler_check(
			uid_register_assign(filler->store, records[i]->name, POPULATION_UID_MIN,
				POPULATION_UID_MAX, records[i]->uid, &records[i]->uid),
			"uid");
	assigned = filler_now_s();
	filler_check(commit_users(filler->store, filler->config,
			     (const struct record *const *)records, count),
		"users");
	filler->assign_s += assigned - began;
	filler->commit_s += filler_now_s() - assigned;
	for (size_t i = 0; i < count; i++)
		record_free(COSMO_STEAL(&records[i]));
}

void filler_commit(struct filler *filler, uint32_t first, uint32_t count)
{
	static struct record *batch[COMMIT_MAX_USERS];
	size_t held = 0;

	for (uint32_t i = 0; i < count; i++) {
		batch[held++] = filler_record(filler, first + i);
		if (held == COMMIT_MAX_USERS || i + 1 == count) {
			commit_batch(filler, batch, held);
			held = 0;
		}
	}
}

void filler_grow(struct filler *filler)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *present = NULL;
	COSMO_AUTO(users_db_file_free) struct users_db_file *larger = NULL;

	filler_check(users_db_file_open(filler->store, &present), "open");
	filler_check(users_db_file_grow(filler->store, present, &larger), "grow");
	filler_check(users_db_file_publish(filler->store, larger), "publish");
}

void filler_shrink(struct filler *filler, uint32_t users)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *present = NULL;
	COSMO_AUTO(users_db_file_free) struct users_db_file *smaller = NULL;
	struct users_db *db = store_users_db(filler->store);
	struct users_db_settings settings;
	struct users_db_size size = {.users = users};
	struct users_db_user user;
	uint64_t cursor = 0;

	filler_check(users_db_file_open(filler->store, &present), "open");
	size.generation = users_db_file_map(present)->header.generation + 1;
	filler_check(users_db_settings(db, &settings), "settings");
	filler_check(users_db_file_make(filler->store, &settings, &size, &smaller), "make");
	for (;;) {
		enum cosmo_err err = users_db_next(db, &cursor, &user);

		if (err == COSMO_E_NOT_FOUND)
			break;
		filler_check(err, "next");
		filler_check(users_db_file_put(smaller, &user), "put");
	}
	filler_check(users_db_file_publish(filler->store, smaller), "publish");
	users_db_done(db);
}
