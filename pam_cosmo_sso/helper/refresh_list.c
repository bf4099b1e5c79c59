/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_list.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/effective_roles.h"
#include "pam_cosmo_sso/helper/refresh_due.h"
#include "pam_cosmo_sso/helper/session.h"
#include "pam_cosmo_sso/helper/users_db_walk.h"

#define FIRST_ROOM ((size_t)64)

struct looking {
	struct store *store;
	const struct refresh_wish *wish;
	struct gate_view gate;
	uint32_t *uids; /* of those who have a session open, sorted */
	size_t uid_count;
	size_t uid_room;
	struct refresh_list *list;
};

void refresh_list_done(struct refresh_list *list)
{
	if (!list)
		return;
	free(list->items);
	*list = (struct refresh_list){.items = NULL};
}

static void looking_done(struct looking *looking)
{
	free(looking->uids);
}
COSMO_AUTO_DEFINE(struct looking *, looking_done);

/* Room for one more of @size bytes. */
static enum cosmo_err ensure_room(void **items, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : FIRST_ROOM;
	void *more = NULL;

	if (count < *room)
		return COSMO_OK;
	more = reallocarray(*items, wanted, size);
	if (!more)
		return COSMO_E_NOMEM;
	*items = more;
	*room = wanted;
	return COSMO_OK;
}

static enum cosmo_err note_session(void *context, const struct session *session)
{
	struct looking *looking = context;
	void *uids = looking->uids;
	enum cosmo_err err =
		ensure_room(&uids, looking->uid_count, &looking->uid_room, sizeof(*looking->uids));

	looking->uids = uids;
	if (!err)
		looking->uids[looking->uid_count++] = session->uid;
	return err;
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t first = *(const uint32_t *)a;
	uint32_t second = *(const uint32_t *)b;

	return first < second ? -1 : first > second;
}

static int compare_candidates(const void *a, const void *b)
{
	const struct refresh_candidate *first = a;
	const struct refresh_candidate *second = b;

	if (first->confirmed_s != second->confirmed_s)
		return first->confirmed_s < second->confirmed_s ? -1 : 1;
	return strcmp(first->user, second->user);
}

static bool has_session(const struct looking *looking, uint32_t uid)
{
	return looking->uid_count > 0 && bsearch(&uid, looking->uids, looking->uid_count,
						 sizeof(*looking->uids), compare_uids);
}

static int64_t interval_of(const struct looking *looking, uint32_t uid)
{
	const struct config *config = looking->wish->config;
	int64_t half_s = config->role_lease_s / 2;

	if (has_session(looking, uid) || half_s < config->refresh_after_s)
		return config->refresh_after_s;
	return half_s;
}

/* The half life of the refresh token, which the record alone tells, may be over before. */
static bool is_due_by_record(const struct looking *looking, const char *user, int64_t interval_s)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	const struct config_service service = {.refresh_after_s = interval_s};

	return record_load(looking->store, user, &record) == COSMO_OK &&
	       refresh_is_due(looking->wish->config, &service, record, &looking->gate,
		       looking->wish->now_s);
}

/* A confirmation from the future was made by a wrong clock. */
static bool is_wanted(
	const struct looking *looking, const struct users_db_user *user, int64_t interval_s)
{
	const struct refresh_wish *wish = looking->wish;
	int64_t age_s = wish->now_s - user->confirmed_s;

	if (age_s < -CONFIRMED_AHEAD_MAX_S)
		return true;
	if (wish->before_s)
		return user->confirmed_s < wish->before_s;
	return age_s >= interval_s ||
	       (wish->reads_records && is_due_by_record(looking, user->name, interval_s));
}

static enum cosmo_err consider(void *context, const struct users_db_user *user)
{
	struct looking *looking = context;
	struct refresh_list *list = looking->list;
	void *items = list->items;
	int64_t interval_s = 0;
	enum cosmo_err err = COSMO_OK;

	if (user->flags & (USERS_DB_LOCKED | USERS_DB_REMOVED) || user->reason ||
		memcmp(user->integration, looking->wish->integration, INTEGRATION_BYTES) != 0)
		return COSMO_OK;
	if (!looking->wish->before_s)
		interval_s = interval_of(looking, user->uid);
	if (!is_wanted(looking, user, interval_s))
		return COSMO_OK;
	err = ensure_room(&items, list->count, &list->room, sizeof(*list->items));
	list->items = items;
	if (err)
		return err;
	list->items[list->count] = (struct refresh_candidate){
		.uid = user->uid, .confirmed_s = user->confirmed_s, .interval_s = interval_s};
	memcpy(list->items[list->count++].user, user->name, sizeof(user->name));
	return COSMO_OK;
}

enum cosmo_err refresh_list_make(
	struct store *store, const struct refresh_wish *wish, struct refresh_list *ret)
{
	struct looking looking = {.store = store, .wish = wish, .list = ret};
	COSMO_AUTO(looking_done) struct looking *owned = &looking;
	enum cosmo_err err = COSMO_OK;

	*ret = (struct refresh_list){.items = NULL};
	gate_read(store_gate(store), &looking.gate);
	if (!wish->before_s)
		err = session_each(store_run_fd(store), note_session, owned);
	if (err)
		return err;
	if (looking.uid_count > 0)
		qsort(looking.uids, looking.uid_count, sizeof(*looking.uids), compare_uids);
	err = users_db_walk(store_users_db(store), consider, owned);
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), compare_candidates);
	return err;
}

static enum cosmo_err uids_of(const struct refresh_list *list, size_t count, uint32_t **ret)
{
	uint32_t *uids = calloc(count + 1, sizeof(*uids));

	if (!uids)
		return COSMO_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		uids[i] = list->items[i].uid;
	qsort(uids, count, sizeof(*uids), compare_uids);
	*ret = uids;
	return COSMO_OK;
}

/* Those of @fresh that are not among @uids, sorted. */
static enum cosmo_err take_others(struct refresh_list *list, const struct refresh_list *fresh,
	const uint32_t *uids, size_t uid_count)
{
	size_t at = uid_count;

	if (list->room < uid_count + fresh->count) {
		void *more =
			reallocarray(list->items, uid_count + fresh->count, sizeof(*list->items));

		if (!more)
			return COSMO_E_NOMEM;
		list->items = more;
		list->room = uid_count + fresh->count;
	}
	for (size_t i = 0; i < fresh->count; i++)
		if (!bsearch(&fresh->items[i].uid, uids, uid_count, sizeof(*uids), compare_uids))
			list->items[at++] = fresh->items[i];
	list->count = at;
	return COSMO_OK;
}

enum cosmo_err refresh_list_renew(struct store *store, const struct refresh_wish *wish, size_t done,
	struct refresh_list *list)
{
	struct refresh_list fresh = {.items = NULL};
	COSMO_AUTO(refresh_list_done) struct refresh_list *owned = &fresh;
	COSMO_AUTO(free) uint32_t *uids = NULL;
	enum cosmo_err err = refresh_list_make(store, wish, owned);

	if (!err)
		err = uids_of(list, done, &uids);
	return err ? err : take_others(list, owned, uids, done);
}
