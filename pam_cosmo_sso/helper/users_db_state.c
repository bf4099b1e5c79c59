/* SPDX-License-Identifier: MIT */
/* The writer's own notes in users.1.db: counts, and what a commit is about to do. Their pair has no
 * "current" word: after damage older notes are better than none. */
#include <string.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/users_db_file.h"

static struct users_db_pair state_pair(const struct users_db_file *file)
{
	return users_db_state_pair(file->map->words, file->map->header.key);
}

enum cosmo_err users_db_state_load(struct users_db_file *file)
{
	const struct users_db_pair pair = state_pair(file);
	struct users_db_state *state = &file->state;
	uint64_t words[USERS_DB_STATE_WORDS] = {0};

	if (users_db_pair_load(&pair, USERS_DB_STATE_WORDS, words) < 0)
		return COSMO_E_STORE_DAMAGED;
	if (words[1] >> 32 > USERS_DB_BATCH_PENDING)
		return COSMO_E_STORE_DAMAGED;
	state->pending = (enum users_db_pending)(words[1] >> 32);
	state->shown = words[USERS_DB_STATE_AT_SHOWN];
	state->used = words[USERS_DB_STATE_AT_USED];
	state->longs = words[USERS_DB_STATE_AT_LONGS];
	state->was = (uint32_t)words[USERS_DB_STATE_AT_WAS];
	memcpy(state->name, words + USERS_DB_STATE_AT_NAME, COSMO_MAX_NAME_BYTES);
	state->name[COSMO_MAX_NAME_BYTES] = '\0';
	return COSMO_OK;
}

enum cosmo_err users_db_state_save(struct users_db_file *file)
{
	const struct users_db_pair pair = state_pair(file);
	const struct users_db_state *state = &file->state;
	uint64_t words[USERS_DB_STATE_WORDS] = {0};
	int newest = users_db_pair_load(&pair, USERS_DB_STATE_WORDS, words);

	memset(words, 0, sizeof(words));
	words[1] = (uint64_t)state->pending << 32;
	words[USERS_DB_STATE_AT_SHOWN] = state->shown;
	words[USERS_DB_STATE_AT_USED] = state->used;
	words[USERS_DB_STATE_AT_LONGS] = state->longs;
	words[USERS_DB_STATE_AT_WAS] = state->was;
	memcpy(words + USERS_DB_STATE_AT_NAME, state->name, strlen(state->name));
	return users_db_file_overwrite(file, &pair, words, USERS_DB_STATE_WORDS, newest);
}

struct users_db_state *users_db_file_state(struct users_db_file *file)
{
	return &file->state;
}
