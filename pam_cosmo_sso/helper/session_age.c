/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session_age.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/session.h"
#include "pam_cosmo_sso/helper/session_end.h"

#define FIRST_ROOM ((size_t)16)

struct choosing {
	uint32_t uid; /* 0: everybody's that was opened at .since_boot_ms or before */
	int64_t since_boot_ms;
	int64_t ticks_a_second;
	char (*ids)[SESSION_ID_BYTES];
	size_t count;
	size_t room;
};

static void choosing_done(struct choosing *choosing)
{
	free(choosing->ids);
}
COSMO_AUTO_DEFINE(struct choosing *, choosing_done);

/*
 * Its process may be far older: on a console it is the getty, which waits for weeks before somebody
 * signs in, and becomes login(1). By that alone where the record does not tell.
 */
static int64_t opened_boot_ms(const struct choosing *choosing, const struct session *session)
{
	if (session->opened_boot_ms > 0)
		return session->opened_boot_ms;
	if (session->start > (uint64_t)(INT64_MAX / 1000))
		return INT64_MAX;
	return (int64_t)session->start * 1000 / choosing->ticks_a_second;
}

static bool is_chosen(const struct choosing *choosing, const struct session *session)
{
	if (choosing->uid)
		return session->uid == choosing->uid;
	return opened_boot_ms(choosing, session) <= choosing->since_boot_ms;
}

static enum cosmo_err choose(void *context, const struct session *session)
{
	struct choosing *choosing = context;

	if (!is_chosen(choosing, session))
		return COSMO_OK;
	if (choosing->count == choosing->room) {
		size_t room = choosing->room ? 2 * choosing->room : FIRST_ROOM;
		void *more = reallocarray(choosing->ids, room, sizeof(*choosing->ids));

		if (!more)
			return COSMO_E_NOMEM;
		choosing->ids = more;
		choosing->room = room;
	}
	memcpy(choosing->ids[choosing->count++], session->id, SESSION_ID_BYTES);
	return COSMO_OK;
}

/* One that has ended by itself meanwhile is no failure. */
static enum cosmo_err end_chosen(struct store *store, const struct choosing *choosing,
	const struct session_scope *like, uint64_t *ret)
{
	enum cosmo_err first = COSMO_OK;

	for (size_t i = 0; i < choosing->count; i++) {
		struct session_scope scope = *like;
		struct session_tally tally = {0};
		enum cosmo_err err = COSMO_OK;

		scope.session = choosing->ids[i];
		err = session_end(store, &scope, NULL, NULL, &tally);
		*ret += tally.ended;
		if (!first && err != COSMO_E_NOT_FOUND)
			first = err;
	}
	return first;
}

static enum cosmo_err end_by(struct store *store, struct choosing *choosing,
	const struct session_scope *like, uint64_t *ret)
{
	enum cosmo_err err = session_each(store_run_fd(store), choose, choosing);

	*ret = 0;
	return err ? err : end_chosen(store, choosing, like, ret);
}

enum cosmo_err session_age_enforce(
	struct store *store, const struct session_age_limit *limit, uint64_t *ret)
{
	const struct session_scope like = {.by = limit->by, .caller = limit->caller};
	struct choosing choosing = {.since_boot_ms = fdio_boot_ms() - limit->max_s * 1000,
		.ticks_a_second = sysconf(_SC_CLK_TCK)};
	COSMO_AUTO(choosing_done) struct choosing *owned = &choosing;

	*ret = 0;
	return choosing.ticks_a_second > 0 ? end_by(store, owned, &like, ret) : COSMO_E_IO;
}

enum cosmo_err session_age_end_open(
	struct store *store, uint32_t uid, const char *by, uint64_t *ret)
{
	const struct session_scope like = {.by = by};
	struct choosing choosing = {.uid = uid};
	COSMO_AUTO(choosing_done) struct choosing *owned = &choosing;

	return end_by(store, owned, &like, ret);
}
