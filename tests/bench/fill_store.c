/* SPDX-License-Identifier: MIT */
/*
 * Fills the store where it is installed with COUNT users by the product's writer, and says as JSON
 * how long that took:
 *
 *   fill_store COUNT records     everything: uid register, private records, users.1.db
 *   fill_store COUNT tokens      the same, with a refresh token in each record
 *   fill_store COUNT joined      as with tokens, in the store of a host that is connected already
 *   fill_store COUNT index       users.1.db alone, as a rebuild makes it
 */
#include <stdio.h>
#include <stdlib.h>

#include "pam_cosmo_sso/helper/shown_user.h"
#include "pam_cosmo_sso/helper/users_db_write.h"
#include "tests/bench/filler.h"
#include "tests/bench/population.h"

static void fill_index(struct filler *filler, uint32_t count)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	struct users_db_size size = {.users = count, .generation = 2};
	struct users_db_settings settings;

	filler_check(users_db_settings(store_users_db(filler->store), &settings), "settings");
	filler_check(users_db_file_make(filler->store, &settings, &size, &file), "make");
	for (uint32_t i = 0; i < count; i++) {
		COSMO_AUTO(record_free) struct record *record = filler_record(filler, i);
		struct users_db_user user;

		filler_check(shown_user(&settings, filler->config, record, &user), "user");
		filler_check(users_db_file_put(file, &user), "put");
	}
	filler_check(users_db_file_publish(filler->store, file), "publish");
}

int main(int argc, char **argv)
{
	struct filler filler;
	uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	double began = filler_now_s();
	bool is_joined = false;

	if (count == 0 || count > POPULATION_UIDS / 2)
		return 2;
	is_joined = streq(argv[2], "joined");
	filler_open(&filler);
	if (is_joined)
		filler_load(&filler);
	else
		filler_connect(&filler);
	filler.has_tokens = is_joined || streq(argv[2], "tokens");
	if (streq(argv[2], "index"))
		fill_index(&filler, count);
	else
		filler_commit(&filler, 0, count);
	printf("{\"users\": %u, \"seconds\": %.3f, \"assign_s\": %.3f, \"commit_s\": %.3f}\n",
		count, filler_now_s() - began, filler.assign_s, filler.commit_s);
	filler_done(&filler);
	return 0;
}
