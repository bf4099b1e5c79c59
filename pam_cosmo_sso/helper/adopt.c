/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/adopt.h"

#include <unistd.h>

#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/restore.h"
#include "pam_cosmo_sso/helper/token_revoke.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

static enum cosmo_err count_record(void *context, const char *name, const struct record *record)
{
	struct adopt_report *report = context;

	(void)name;
	report->users++;
	report->left += !record;
	report->tokens += record && record->refresh_token;
	return COSMO_OK;
}

/* Whose it is stands in both: what a repair or a restore has made anew is no proof. */
static enum cosmo_err check_ours(struct store *store, bool *ret_ours)
{
	uint64_t machine_hash = 0;
	enum cosmo_err err = store_machine_hash(store, &machine_hash);

	if (err)
		return err;
	err = integration_check_machine(store);
	if (err && err != COSMO_E_MACHINE)
		return err;
	*ret_ours = !err && users_db_file_inspect(store) != COSMO_E_MACHINE;
	return COSMO_OK;
}

/* A record that nobody can read keeps nobody from adopting the others. */
static enum cosmo_err drop_tokens(struct store *store)
{
	struct token_tally tally = {0};
	enum cosmo_err err = token_revoke(store, NULL, NULL, 0, NULL, NULL, &tally);

	if (err == COSMO_E_STORE_DAMAGED || err == COSMO_E_UNSAFE_FILE || err == COSMO_E_INVALID)
		return COSMO_OK;
	return err;
}

static enum cosmo_err take_over(struct store *store, const struct config *config)
{
	const struct integration_end end = {.reason = "adopted", .lock_ms = STORE_LOCK_MS};
	enum cosmo_err gate_err = integration_close(store);
	enum cosmo_err err = integration_end(store, &end);

	/* A gate that is not ours is closed to everybody who reads it. */
	if (err && !(gate_err && err == gate_err))
		return err;
	err = commit_rebuild(store, config);
	if (!err)
		err = drop_tokens(store);
	if (!err)
		err = restore_drop_remains(store);
	/* The links of persons, which were made with users.db, must be there when it is ours. */
	if (!err && syncfs(store_private_fd(store)) < 0)
		err = COSMO_E_IO;
	return err ? err : integration_adopt(store);
}

enum cosmo_err adopt(
	struct store *store, const struct config *config, bool dry_run, struct adopt_report *ret)
{
	enum cosmo_err err = store_lock(store, STORE_LOCK_MS);

	*ret = (struct adopt_report){.is_ours = false};
	if (err)
		return err;
	err = check_ours(store, &ret->is_ours);
	if (!err)
		err = records_each(store, count_record, ret);
	if (!err && !ret->is_ours && !dry_run)
		err = take_over(store, config);
	store_unlock(store);
	return err;
}
