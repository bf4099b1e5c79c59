/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/rebuild.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/seed.h"
#include "pam_cosmo_sso/helper/staged_file.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

struct looking {
	struct store *store;
	struct repair_report *report;
};

static void note_damaged(struct repair_report *report, const char *name, enum cosmo_err err)
{
	if (report->damaged < REPAIR_MAX_NAMED) {
		(void)snprintf(report->named[report->damaged].name, sizeof(report->named[0].name),
			"%s", name);
		report->named[report->damaged].err = err;
	}
	report->damaged++;
}

/* Why it cannot be read: the visit does not say. */
static enum cosmo_err reason_of(struct store *store, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(store, name, &record);

	return err && err != COSMO_E_NOT_FOUND ? err : COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err look_at_record(void *context, const char *name, const struct record *record)
{
	const struct looking *looking = context;
	struct repair_report *report = looking->report;
	enum cosmo_err err = COSMO_OK;

	if (!record) {
		note_damaged(report, name, reason_of(looking->store, name));
		return COSMO_OK;
	}
	err = uid_register_check(looking->store, name, record->uid);
	if (err == COSMO_E_NOMEM)
		return err;
	if (err && err != COSMO_E_NOT_FOUND) {
		note_damaged(report, name, err);
		return COSMO_OK;
	}
	report->records++;
	report->unregistered += err == COSMO_E_NOT_FOUND;
	return COSMO_OK;
}

static enum cosmo_err look_at_names(struct store *store, struct repair_report *report)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_open(store_folder_fd(store, STORE_NAMES), &dir);

	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		report->names++;
		if (faccessat(store_folder_fd(store, STORE_USERS), name, F_OK,
			    AT_SYMLINK_NOFOLLOW) < 0)
			report->recordless += errno == ENOENT;
		err = folder_next(dir, &name);
	}
	return err;
}

/* Where nobody ever was, nothing is lost. */
static void forgive_newness(struct repair_report *report)
{
	if (report->seed == COSMO_E_STORE_MISSING)
		report->seed = COSMO_OK;
	if (report->integration == COSMO_E_NOT_FOUND)
		report->integration = COSMO_OK;
}

enum cosmo_err repair_look(struct store *store, struct repair_report *ret)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct looking looking = {.store = store, .report = ret};
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	enum cosmo_err err = COSMO_OK;

	memset(ret, 0, sizeof(*ret));
	ret->users_db = users_db_file_inspect(store);
	ret->integration = integration_load(store, &integration);
	ret->seed = seed_read(store, seed);
	explicit_bzero(seed, sizeof(seed));
	err = records_each(store, look_at_record, &looking);
	if (!err)
		err = look_at_names(store, ret);
	if (!err && ret->records + ret->damaged + ret->names == 0)
		forgive_newness(ret);
	return err;
}

/* Where the register says something else, the record counts as damaged. */
static enum cosmo_err register_again(void *context, const char *name, const struct record *record)
{
	struct store *store = context;
	enum cosmo_err err = COSMO_OK;

	if (record)
		err = uid_register_restore(store, name, record->uid);
	return err == COSMO_E_IO || err == COSMO_E_NOMEM ? err : COSMO_OK;
}

/* What is on its way belongs to a writer, and there is none: the lock is held. */
static enum cosmo_err drop_stages(struct store *store)
{
	enum cosmo_err err = COSMO_OK;

	for (int folder = 0; folder < STORE_FOLDERS && !err; folder++)
		err = staged_file_drop_all(store_folder_fd(store, (enum store_folder)folder));
	return err;
}

static enum cosmo_err mend(struct store *store, const struct config *config,
	const struct repair_report *found, struct rebuild_ahead *ahead)
{
	enum cosmo_err err = drop_stages(store);

	/* Without it nobody's link can be made, and a new one would be another host's. */
	if (!err && found->seed && found->records + found->damaged > 0)
		return found->seed;
	if (!err && found->unregistered > 0)
		err = records_each(store, register_again, store);
	return err ? err : commit_rebuild_with(store, config, ahead);
}

enum cosmo_err repair_run(
	struct store *store, const struct config *config, struct repair_report *ret)
{
	COSMO_AUTO(rebuild_ahead_free) struct rebuild_ahead *ahead = NULL;
	enum cosmo_err err = repair_look(store, ret);

	/* Without it all is done under the lock. */
	if (!err && commit_rebuild_ahead(store, config, &ahead) == COSMO_E_NOMEM)
		err = COSMO_E_NOMEM;
	if (!err)
		err = store_lock(store, STORE_LOCK_MS);
	if (err)
		return err;
	err = mend(store, config, ret, ahead);
	store_unlock(store);
	return err;
}
