/* SPDX-License-Identifier: MIT */
/*
 * Fills the store where it is installed with COUNT users by the product's writer, and says as JSON
 * how long that took:
 *
 *   fill_store COUNT records     everything: uid register, private records, users.1.db
 *   fill_store COUNT index       users.1.db alone, as a rebuild makes it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/fdio.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/shown_user.h"
#include "pam_cosmo_sso/helper/store.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
#include "tests/bench/population.h"

/* dialout is conferred, so that initgroups has something to add beside the role's group. */
#define CONFIG_TEXT                                                                                \
	"[integration]\nissuer = https://idp.example.org\nclient_id = host\n"                      \
	"[role developer]\nlocal_groups = dialout\n"                                               \
	"[rules]\nadmin = admins\ndeveloper = devs\n"

struct filler {
	struct store *store;
	struct config *config;
	struct integration *integration;
	double assign_s;
	double commit_s;
};

static double now_s(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void check(enum cosmo_err err, const char *what)
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

static void connect_store(struct filler *filler)
{
	struct config_problem problem = {0};

	check(config_parse(CONFIG_TEXT, strlen(CONFIG_TEXT), &filler->config, &problem), "config");
	check(store_open(&store_default_paths, &filler->store), "store");
	check(store_lock(filler->store, STORE_LOCK_MS), "lock");
	check(integration_seed_ensure(filler->store, NULL), "seed");
	check(integration_connect(
		      filler->store, "https://idp.example.org", "host", true, &filler->integration),
		"connect");
	check(commit_settings(filler->store, filler->config, -1), "settings");
}

static struct record *make_record(const struct filler *filler, uint32_t number)
{
	static const char *const roles[] = {"viewer", "developer", "developer", "admin"};
	struct record *record = must(calloc(1, sizeof(*record)));
	char home[64] = "";

	memcpy(record->integration, filler->integration->id, sizeof(record->integration));
	population_name(number, record->name);
	snprintf(home, sizeof(home), "/home/%s", record->name);
	record->uid = record->gid = population_uid(number);
	record->issuer = must(strdup("https://idp.example.org"));
	record->sub = must(strdup(record->name));
	record->display_name = must(strdup("Some Body"));
	record->home = must(strdup(home));
	record->shell = must(strdup("/bin/bash"));
	record->roles[record->role_count++] = must(strdup(roles[number % 4]));
	record->enrolled_s = record->signed_in_s = record->confirmed_s = fdio_now_s();
	return record;
}

static void commit_batch(struct filler *filler, struct record **records, size_t count)
{
	double began = now_s();
	double assigned = 0;

	for (size_t i = 0; i < count; i++)
		check(uid_register_assign(filler->store, records[i]->name, POPULATION_UID_MIN,
			      POPULATION_UID_MAX, records[i]->uid, &records[i]->uid),
			"uid");
	assigned = now_s();
	check(commit_users(
		      filler->store, filler->config, (const struct record *const *)records, count),
		"users");
	filler->assign_s += assigned - began;
	filler->commit_s += now_s() - assigned;
	for (size_t i = 0; i < count; i++)
		record_free(COSMO_STEAL(&records[i]));
}

static void fill_records(struct filler *filler, uint32_t count)
{
	static struct record *batch[COMMIT_MAX_USERS];
	size_t held = 0;

	for (uint32_t i = 0; i < count; i++) {
		batch[held++] = make_record(filler, i);
		if (held == COMMIT_MAX_USERS || i + 1 == count) {
			commit_batch(filler, batch, held);
			held = 0;
		}
	}
}

static void fill_index(struct filler *filler, uint32_t count)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	struct users_db_size size = {.users = count, .generation = 2};
	struct users_db_settings settings;

	check(users_db_settings(store_users_db(filler->store), &settings), "settings");
	check(users_db_file_make(filler->store, &settings, &size, &file), "make");
	for (uint32_t i = 0; i < count; i++) {
		COSMO_AUTO(record_free) struct record *record = make_record(filler, i);
		struct users_db_user user;

		check(shown_user(&settings, filler->config, record, &user), "user");
		check(users_db_file_put(file, &user), "put");
	}
	check(users_db_file_publish(filler->store, file), "publish");
}

int main(int argc, char **argv)
{
	struct filler filler = {0};
	uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	double began = now_s();

	if (count == 0 || count > POPULATION_UIDS / 2)
		return 2;
	connect_store(&filler);
	if (streq(argv[2], "records"))
		fill_records(&filler, count);
	else
		fill_index(&filler, count);
	printf("{\"users\": %u, \"seconds\": %.3f, \"assign_s\": %.3f, \"commit_s\": %.3f}\n",
		count, now_s() - began, filler.assign_s, filler.commit_s);
	store_unlock(filler.store);
	integration_free(filler.integration);
	store_free(filler.store);
	config_free(filler.config);
	return 0;
}
