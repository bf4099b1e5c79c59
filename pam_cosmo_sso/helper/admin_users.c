/* SPDX-License-Identifier: MIT */
/* user list, show and add. */
#include <stdio.h>

#include "common/base/effective_roles.h"
#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/user_change.h"

struct listing {
	struct admin *admin;
	struct users_db_settings settings;
	bool has_settings;
	struct gate_view gate;
	struct integration *integration; /* NULL: not known */
	const char *not_of; /* leave out persons of this issuer, and names of nobody; NULL: none */
	int64_t now_s;
};

static void listing_done(struct listing *listing)
{
	integration_free(listing->integration);
}
COSMO_AUTO_DEFINE(struct listing *, listing_done);

static void listing_init(struct listing *listing, struct admin *admin)
{
	listing->admin = admin;
	listing->now_s = fdio_now_s();
	gate_read(store_gate(admin->store), &listing->gate);
	listing->has_settings =
		users_db_settings(store_users_db(admin->store), &listing->settings) == COSMO_OK;
	if (integration_load(admin->store, &listing->integration))
		listing->integration = NULL; /* status tells what is wrong with it */
}

/* Is the name's person one whom this host's IdP does not know? */
static bool needs_rebind(const struct listing *listing, const struct record *record)
{
	return listing->integration && listing->integration->issuer &&
	       !streq(record->issuer, listing->integration->issuer);
}

/* 0: nothing has confirmed any roles, so that there is no lease. */
static uint64_t lease_until_s(const struct record *record, const struct users_db_settings *settings)
{
	return record->confirmed_s ? (uint64_t)(record->confirmed_s + settings->role_lease_s) : 0;
}

/* What look-ups show at this moment: the roles that count, and why they differ from the stored
 * ones. */
static void put_effective(
	struct message *item, const struct listing *listing, const struct record *record)
{
	const struct users_db_settings *settings = &listing->settings;
	struct users_db_user user = {0};
	struct effective_roles effective = {0};
	enum cosmo_err err =
		users_db_find_ever(store_users_db(listing->admin->store), record->name, &user);

	if (err || !listing->has_settings) {
		message_put_err(item, err ? err : COSMO_E_STORE_DAMAGED);
		return;
	}
	effective = effective_roles(&user, &listing->gate, settings->role_lease_s, listing->now_s);
	for (uint32_t i = 0; i < settings->role_count; i++)
		if (effective.roles >> i & 1 && effective.reason != COSMO_E_REMOVED)
			message_put_str(item, FIELD_EFFECTIVE_ROLE, settings->roles[i].name);
	if (effective.reason)
		message_put_err(item, effective.reason);
	message_put_u64(item, FIELD_LEASE_UNTIL_S, lease_until_s(record, settings));
}

/* What an administrator did to the person, as long as it counts. */
static void put_change(struct message *item, const struct record *record)
{
	if (!(record->flags & (USERS_DB_LOCKED | USERS_DB_REMOVED)) &&
		record->reason != COSMO_E_SIGNED_OUT)
		return;
	message_put_u64(item, FIELD_SINCE_S, (uint64_t)record->changed_s);
	message_put_str(item, FIELD_REASON, record->changed_why);
}

static void put_record(struct message *item, const struct record *record, int64_t now_s)
{
	message_put_str(item, FIELD_USER, record->name);
	message_put_u64(item, FIELD_UID, record->uid);
	message_put_str(item, FIELD_DISPLAY_NAME, record->display_name);
	message_put_str(item, FIELD_HOME, record->home);
	message_put_str(item, FIELD_SHELL, record->shell);
	message_put_str(item, FIELD_ISSUER, record->issuer);
	message_put_str(item, FIELD_SUB, record->sub);
	for (uint32_t i = 0; i < record->role_count; i++)
		message_put_str(item, FIELD_ROLE, record->roles[i]);
	message_put_u64(item, FIELD_CONFIRMED_S, (uint64_t)record->confirmed_s);
	message_put_u64(item, FIELD_SIGNED_IN_S, (uint64_t)record->signed_in_s);
	message_put_u64(item, FIELD_LOCKED, (record->flags & USERS_DB_LOCKED) != 0);
	message_put_u64(item, FIELD_BOUND_S,
		(uint64_t)(record->bound_s ? record->bound_s : record->enrolled_s));
	if (rebind_is_pending(record, now_s))
		message_put_u64(item, FIELD_REBIND_UNTIL_S, (uint64_t)record->rebind_until_s);
	put_change(item, record);
}

static enum cosmo_err send_user(
	struct listing *listing, const char *name, const struct record *record)
{
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_USER_ITEM, &item);

	if (err)
		return err;
	if (record) {
		put_record(item, record, listing->now_s);
		if (needs_rebind(listing, record))
			message_put_u64(item, FIELD_REBIND_NEEDED, 1);
		put_effective(item, listing, record);
	} else {
		message_put_str(item, FIELD_USER, name);
		message_put_err(item, COSMO_E_STORE_DAMAGED);
	}
	return admin_send(listing->admin, item);
}

enum cosmo_err admin_send_user(struct admin *admin, const char *name, const struct record *record)
{
	struct listing listing = {0};
	COSMO_AUTO(listing_done) struct listing *owned = &listing;

	listing_init(owned, admin);
	return send_user(owned, name, record);
}

static enum cosmo_err visit(void *context, const char *name, const struct record *record)
{
	struct listing *listing = context;

	if (record && record->flags & USERS_DB_REMOVED)
		return COSMO_OK;
	if (listing->not_of && (!record || streq(record->issuer, listing->not_of)))
		return COSMO_OK;
	return send_user(listing, name, record);
}

static enum cosmo_err send_listed(struct admin *admin, const char *name)
{
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_USER_ITEM, &item);

	if (err)
		return err;
	message_put_str(item, FIELD_USER, name);
	message_put_u64(item, FIELD_LISTED, 1);
	return admin_send(admin, item);
}

/* Listed, and not enrolled yet. */
static enum cosmo_err list_expected(struct admin *admin)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_open(store_folder_fd(admin->store, STORE_LISTED), &dir);

	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		COSMO_AUTO(record_free) struct record *record = NULL;

		if (record_load(admin->store, name, &record) == COSMO_E_NOT_FOUND)
			err = send_listed(admin, name);
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

enum cosmo_err admin_user_list(struct admin *admin)
{
	struct listing listing = {.not_of = message_str(admin->request, FIELD_ISSUER)};
	COSMO_AUTO(listing_done) struct listing *owned = &listing;
	enum cosmo_err err = COSMO_OK;

	listing_init(owned, admin);
	err = records_each(admin->store, visit, owned);
	return err || owned->not_of ? err : list_expected(admin);
}

enum cosmo_err admin_user_show(struct admin *admin)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	const char *name = message_str(admin->request, FIELD_USER);
	bool listed = false;
	enum cosmo_err err = COSMO_OK;

	if (!login_name_is_valid(name, true)) {
		snprintf(admin->detail, sizeof(admin->detail),
			"this is not the form of a login name");
		return COSMO_E_INVALID;
	}
	err = record_load(admin->store, name, &record);
	if (err == COSMO_E_NOT_FOUND &&
		records_is_listed(admin->store, name, &listed) == COSMO_OK && listed)
		return send_listed(admin, name);
	if (err == COSMO_E_NOT_FOUND)
		snprintf(admin->detail, sizeof(admin->detail),
			"nobody is enrolled or listed under this name; see `cosmo-ssoctl user list`");
	if (err)
		return err;
	return admin_send_user(admin, name, record);
}

/* Could the name be enrolled, and is it not yet? */
static enum cosmo_err check_addable(
	struct admin *admin, const struct config *config, const char *name)
{
	enum cosmo_err err = enrol_check_name(config, &enrol_default_files, name);

	if (err == COSMO_E_NAME_RESERVED)
		snprintf(admin->detail, sizeof(admin->detail),
			"it is the name of a local user or group, of a role's group, of a package's account "
			"or group, or reserved in the configuration");
	return err;
}

static enum cosmo_err list_name(struct admin *admin, const struct config *config, const char *name)
{
	enum cosmo_err err = check_addable(admin, config, name);

	if (!err)
		err = records_list_name(admin->store, name);
	if (err == COSMO_E_EXISTS)
		snprintf(admin->detail, sizeof(admin->detail), "this name is listed already");
	return err;
}

/* A removed name is nobody else's: it goes back to whom it was taken from. */
static enum cosmo_err take_back(struct admin *admin, const struct config *config, const char *name)
{
	enum cosmo_err err = enrol_check_known_name(&enrol_default_files, name);

	if (err == COSMO_E_NAME_RESERVED)
		snprintf(admin->detail, sizeof(admin->detail),
			"a local user has this name; nobody else can sign in under it");
	if (!err)
		err = user_change_take_back(admin->store, config, name);
	return err;
}

static void log_add(const struct admin *admin, const struct record *record, const char *name)
{
	const struct audit_line line = {.event = AUDIT_USER_ADDED,
		.user = name,
		.user_known = true,
		.by = admin->by,
		.has_uid = record != NULL,
		.uid = record ? record->uid : 0};

	audit_send(&line);
}

/* Lock held. *ret_record: of a removed user who was taken back. */
static enum cosmo_err add_locked(struct admin *admin, const struct config *config, const char *name,
	struct record **ret_record)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(admin->store, name, &record);

	if (err == COSMO_E_NOT_FOUND)
		return list_name(admin, config, name);
	if (err)
		return err;
	if (!(record->flags & USERS_DB_REMOVED)) {
		snprintf(admin->detail, sizeof(admin->detail),
			"this user is enrolled; see `cosmo-ssoctl user show`");
		return COSMO_E_EXISTS;
	}
	err = take_back(admin, config, name);
	return err ? err : record_load(admin->store, name, ret_record);
}

enum cosmo_err admin_user_add(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	COSMO_AUTO(record_free) struct record *record = NULL;
	const char *name = message_str(admin->request, FIELD_USER);
	enum cosmo_err err = admin_load_config(admin, &config);

	if (err)
		return err;
	if (!login_name_is_valid(name, config->keep_domains)) {
		snprintf(admin->detail, sizeof(admin->detail),
			"a login name is up to 32 of a-z 0-9 _ . - and starts with a letter");
		return COSMO_E_NAME_FORM;
	}
	err = store_lock(admin->store, STORE_LOCK_MS);
	if (err)
		return err;
	err = add_locked(admin, config, name, &record);
	store_unlock(admin->store);
	if (err)
		return err;
	log_add(admin, record, name);
	return record ? admin_send_user(admin, name, record) : COSMO_OK;
}
