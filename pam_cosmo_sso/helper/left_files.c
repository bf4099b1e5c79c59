/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/left_files.h"

#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/setgid_searcher.h"

/* One home of many, all of them together, and each of the folders. */
#define HOME_MS   ((int64_t)2000)
#define HOMES_MS  ((int64_t)20000)
#define FOLDER_MS ((int64_t)3000)

/* Whoever wants the bits off waits longer for it; far below what ctl waits for an answer. */
#define STRIP_TIMES 6

const char *const left_folders[] = {"/tmp", "/var/tmp", "/dev/shm", NULL};

struct looking {
	struct our_uids *ours;
	struct setgid_searcher *searcher;
	int64_t home_ms;
	int64_t homes_deadline_boot_ms;
	struct left_files *found;
	bool is_full; /* .places of it */
};

#define MORE ", ..."

/* How many there are in all is told beside them. */
static void add_place(struct looking *looking, const char *place)
{
	char *places = looking->found->places;
	size_t len = strlen(places);
	size_t room = sizeof(looking->found->places) - len;

	if (looking->is_full)
		return;
	looking->is_full = strlen(", ") + strlen(place) + sizeof(MORE) > room;
	if (looking->is_full)
		(void)snprintf(places + len, room, "%s", MORE);
	else
		(void)snprintf(places + len, room, "%s%s", len ? ", " : "", place);
}

static void note_unseen(struct looking *looking, const char *place, enum cosmo_err err)
{
	if (!err)
		return;
	looking->found->unseen++;
	if (!looking->found->why)
		looking->found->why = err;
	add_place(looking, place);
}

static enum cosmo_err is_theirs(void *context, uint32_t uid, bool *ret)
{
	return our_uids_have(context, uid, ret, NULL);
}

static int64_t time_for_home(const struct looking *looking)
{
	int64_t left_ms = looking->homes_deadline_boot_ms - fdio_boot_ms();

	return left_ms < looking->home_ms ? left_ms : looking->home_ms;
}

static enum cosmo_err visit(void *context, const char *name, const struct record *record)
{
	struct looking *looking = context;
	char place[COSMO_MAX_NAME_BYTES + sizeof("'s home")] = "";
	bool ours = false;
	enum cosmo_err err = COSMO_OK;

	(void)snprintf(place, sizeof(place), "%s's home", name);
	if (!record) {
		note_unseen(looking, place, COSMO_E_STORE_DAMAGED);
		return COSMO_OK;
	}
	err = our_uids_have(looking->ours, record->uid, &ours, NULL);
	if (!err && ours)
		note_unseen(looking, place,
			setgid_searcher_look(
				looking->searcher, record->home, time_for_home(looking)));
	return err;
}

static enum cosmo_err look_through_homes(
	struct looking *looking, struct store *store, const char *user)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!user)
		return records_each(store, visit, looking);
	err = record_load(store, user, &record);
	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK;
	return err && err != COSMO_E_STORE_DAMAGED ? err : visit(looking, user, record);
}

/* Groups of roles, and the local ones that roles confer. */
static size_t list_gids(const struct users_db_numbers *numbers, uint32_t *ret_gids)
{
	size_t count = 0;

	ret_gids[count++] = numbers->users_gid;
	for (uint32_t i = 0; i < numbers->role_count; i++)
		ret_gids[count++] = numbers->role_gid[i];
	for (uint32_t i = 0; i < numbers->conferred_count; i++)
		ret_gids[count++] = numbers->conferred_gid[i];
	return count;
}

static enum cosmo_err find_all(
	struct looking *looking, struct store *store, const struct left_scope *scope)
{
	int64_t times = scope->strip ? STRIP_TIMES : 1;
	enum cosmo_err err = COSMO_OK;

	/* The home of one user may take as long as those of all. */
	looking->home_ms = times * (scope->user ? HOMES_MS : HOME_MS);
	looking->homes_deadline_boot_ms = fdio_boot_ms() + times * HOMES_MS;
	err = look_through_homes(looking, store, scope->user);
	for (size_t i = 0; scope->folders[i]; i++)
		note_unseen(looking, scope->folders[i],
			setgid_searcher_look(
				looking->searcher, scope->folders[i], times * FOLDER_MS));
	return err;
}

enum cosmo_err left_files_find(struct store *store, struct our_uids *ours,
	const struct left_scope *scope, struct left_files *ret)
{
	struct users_db_numbers numbers = {0};
	uint32_t gids[USERS_DB_MAX_ROLES + USERS_DB_MAX_CONFERRED + 1] = {0};
	struct setgid_search search = {.is_theirs = is_theirs, .context = ours, .gids = gids};
	struct setgid_searcher searcher;
	COSMO_AUTO(setgid_searcher_done) struct setgid_searcher *owned = &searcher;
	struct looking looking = {.ours = ours, .searcher = owned, .found = ret};
	enum cosmo_err err = COSMO_OK;

	*ret = (struct left_files){0};
	setgid_searcher_init(owned, &search);
	err = users_db_numbers(store_users_db(store), &numbers);
	if (err)
		return err == COSMO_E_STORE_MISSING ? COSMO_OK : err;
	search.gid_count = list_gids(&numbers, gids);
	search.strip = scope->strip;
	err = find_all(&looking, store, scope);
	ret->found = search.found;
	ret->stripped = search.stripped;
	return err;
}
