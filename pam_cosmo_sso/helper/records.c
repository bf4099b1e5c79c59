/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/ini.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/record_text.h"
#include "pam_cosmo_sso/helper/record_write.h"

#define KNOWN_FLAGS (USERS_DB_LOCKED | USERS_DB_REMOVED)

void record_free(struct record *record)
{
	if (!record)
		return;
	free(record->issuer);
	free(record->sub);
	free(record->display_name);
	free(record->home);
	free(record->shell);
	for (uint32_t i = 0; i < record->role_count; i++)
		free(record->roles[i]);
	free(record->acr);
	free(record->rebind_issuer);
	free(record->changed_why);
	secret_free(record->refresh_token);
	free(record);
}

void record_forget_sign_ins(struct record *record)
{
	free(COSMO_STEAL(&record->display_name));
	free(COSMO_STEAL(&record->acr));
	for (uint32_t i = 0; i < record->role_count; i++)
		free(COSMO_STEAL(&record->roles[i]));
	record->role_count = 0;
	secret_free(COSMO_STEAL(&record->refresh_token));
	record->refresh_expires_s = 0;
	record->refresh_asked_s = 0;
	record->signed_in_s = 0;
	record->confirmed_s = 0;
	record->auth_time_s = 0;
	record->seen_from_count = 0;
	record->reason = COSMO_E_NOT_ENROLLED;
}

/* What is read so far; each key once, but for role, seen_from and refresh_token. */
struct reading {
	struct record *record;
	char *token;
	size_t token_len;
	uint64_t seen;
	bool ended;
};

enum value_kind {
	VALUE_TEXT,
	VALUE_NAME,
	VALUE_ID,
	VALUE_TIME,
	VALUE_REASON,
	VALUE_HEX,
};

static const struct {
	const char *key;
	enum value_kind kind;
	size_t offset;
	bool optional;
} keys[] = {
	{"name", VALUE_NAME, offsetof(struct record, name), false},
	{"uid", VALUE_ID, offsetof(struct record, uid), false},
	{"gid", VALUE_ID, offsetof(struct record, gid), false},
	{"issuer", VALUE_TEXT, offsetof(struct record, issuer), false},
	{"sub", VALUE_TEXT, offsetof(struct record, sub), false},
	{"display_name", VALUE_TEXT, offsetof(struct record, display_name), true},
	{"home", VALUE_TEXT, offsetof(struct record, home), false},
	{"shell", VALUE_TEXT, offsetof(struct record, shell), false},
	{"integration", VALUE_HEX, offsetof(struct record, integration), false},
	{"enrolled", VALUE_TIME, offsetof(struct record, enrolled_s), false},
	{"signed_in", VALUE_TIME, offsetof(struct record, signed_in_s), false},
	{"confirmed", VALUE_TIME, offsetof(struct record, confirmed_s), false},
	{"flags", VALUE_ID, offsetof(struct record, flags), false},
	{"reason", VALUE_REASON, offsetof(struct record, reason), false},
	{"acr", VALUE_TEXT, offsetof(struct record, acr), true},
	{"auth_time", VALUE_TIME, offsetof(struct record, auth_time_s), false},
	{"refresh_expires", VALUE_TIME, offsetof(struct record, refresh_expires_s), false},
	{"refresh_asked", VALUE_TIME, offsetof(struct record, refresh_asked_s), true},
	{"bound", VALUE_TIME, offsetof(struct record, bound_s), true},
	{"rebind_issuer", VALUE_TEXT, offsetof(struct record, rebind_issuer), true},
	{"rebind_asked", VALUE_TIME, offsetof(struct record, rebind_asked_s), true},
	{"rebind_until", VALUE_TIME, offsetof(struct record, rebind_until_s), true},
	{"sign_outs", VALUE_ID, offsetof(struct record, sign_outs), true},
	{"changed", VALUE_TIME, offsetof(struct record, changed_s), true},
	{"changed_why", VALUE_TEXT, offsetof(struct record, changed_why), true},
};

static enum cosmo_err take_number(enum value_kind kind, const char *value, void *target)
{
	uint64_t number = 0;

	if (parse_u64(value, 0, kind == VALUE_TIME ? INT64_MAX : UINT32_MAX, &number))
		return COSMO_E_STORE_DAMAGED;
	if (kind == VALUE_TIME)
		*(int64_t *)target = (int64_t)number;
	else if (kind == VALUE_REASON)
		*(enum cosmo_err *)target = cosmo_err_from_wire(number);
	else
		*(uint32_t *)target = (uint32_t)number;
	return COSMO_OK;
}

static enum cosmo_err take_value(enum value_kind kind, const char *value, void *target)
{
	switch (kind) {
	case VALUE_TEXT:
		return record_text_get(value, target);
	case VALUE_NAME:
		if (!login_name_is_valid(value, true))
			return COSMO_E_STORE_DAMAGED;
		memcpy(target, value, strlen(value) + 1);
		return COSMO_OK;
	case VALUE_HEX:
		return parse_hex(value, target, INTEGRATION_BYTES) ? COSMO_E_STORE_DAMAGED
								   : COSMO_OK;
	case VALUE_ID:
	case VALUE_TIME:
	case VALUE_REASON:
		return take_number(kind, value, target);
	}
	return COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err take_role(struct reading *reading, const char *value)
{
	struct record *record = reading->record;
	enum cosmo_err err = COSMO_E_STORE_DAMAGED;

	if (record->role_count < USERS_DB_MAX_ROLES)
		err = record_text_get(value, &record->roles[record->role_count]);
	if (!err)
		record->role_count++;
	return err;
}

static enum cosmo_err take_seen_from(struct reading *reading, const char *value)
{
	struct record *record = reading->record;

	if (record->seen_from_count == RECORD_MAX_SEEN_FROM ||
		parse_hex(value, record->seen_from[record->seen_from_count],
			RECORD_SEEN_FROM_BYTES) != COSMO_OK)
		return COSMO_E_STORE_DAMAGED;
	record->seen_from_count++;
	return COSMO_OK;
}

static enum cosmo_err take_token(struct reading *reading, const char *value)
{
	char *part = NULL;
	size_t len = 0;
	enum cosmo_err err = record_text_get(value, &part);

	if (err)
		return err;
	len = strlen(part);
	/* Never longer than the file, in which it was escaped. */
	memcpy(reading->token + reading->token_len, part, len);
	reading->token_len += len;
	explicit_bzero(part, len);
	free(part);
	return COSMO_OK;
}

static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	struct reading *reading = context;

	if (!streq(line->section, "user") || line->argument[0] || reading->ended)
		return COSMO_E_STORE_DAMAGED;
	if (!line->key)
		return COSMO_OK;
	if (streq(line->key, "role"))
		return take_role(reading, line->value);
	if (streq(line->key, "seen_from"))
		return take_seen_from(reading, line->value);
	if (streq(line->key, "refresh_token"))
		return take_token(reading, line->value);
	if (streq(line->key, "end")) {
		reading->ended = true;
		return COSMO_OK;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(keys); i++) {
		if (!streq(line->key, keys[i].key))
			continue;
		if (reading->seen >> i & 1)
			return COSMO_E_STORE_DAMAGED;
		reading->seen |= 1ULL << i;
		return take_value(keys[i].kind, line->value,
			(unsigned char *)reading->record + keys[i].offset);
	}
	return COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err check_whole(const struct reading *reading, const char *name)
{
	if (!reading->ended || !streq(reading->record->name, name))
		return COSMO_E_STORE_DAMAGED;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(keys); i++)
		if (!keys[i].optional && !(reading->seen >> i & 1))
			return COSMO_E_STORE_DAMAGED;
	if (reading->record->uid == 0 || reading->record->gid == 0 ||
		(reading->record->flags & ~(uint32_t)KNOWN_FLAGS) != 0)
		return COSMO_E_STORE_DAMAGED;
	/* Half a permission to take a name over is none. */
	return rebind_is_whole(reading->record) ? COSMO_OK : COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err parse_record(
	struct reading *reading, const char *text, size_t len, const char *name)
{
	unsigned int line = 0;
	const char *problem = NULL;
	enum cosmo_err err = ini_read(text, len, take_line, reading, &line, &problem);

	if (err)
		return err == COSMO_E_NOMEM ? err : COSMO_E_STORE_DAMAGED;
	err = check_whole(reading, name);
	if (!err && reading->token_len)
		err = secret_new(
			reading->token, reading->token_len, &reading->record->refresh_token);
	return err;
}

/* The tokens' pieces are joined in memory as long as the file, and wiped. */
static enum cosmo_err read_record(
	const char *text, size_t len, const char *name, struct record *record)
{
	struct reading reading = {.record = record, .token = malloc(len + 1)};
	enum cosmo_err err = COSMO_E_NOMEM;

	if (!reading.token)
		return COSMO_E_NOMEM;
	err = record_text_is_whole(text, len) ? parse_record(&reading, text, len, name)
					      : COSMO_E_STORE_DAMAGED;
	explicit_bzero(reading.token, reading.token_len);
	free(reading.token);
	return err;
}

enum cosmo_err record_parse(const char *text, size_t len, const char *name, struct record **ret)
{
	COSMO_AUTO(record_free) struct record *record = calloc(1, sizeof(*record));
	enum cosmo_err err = record ? read_record(text, len, name, record) : COSMO_E_NOMEM;

	if (!err)
		*ret = COSMO_STEAL(&record);
	return err;
}

enum cosmo_err record_load(struct store *store, const char *name, struct record **ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = RECORD_MAX_BYTES};
	char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = COSMO_E_NOT_FOUND;

	if (login_name_is_valid(name, true))
		err = fdio_read_file(
			store_folder_fd(store, STORE_USERS), name, &demands, &text, &len);
	if (err)
		return err == COSMO_E_TOO_BIG ? COSMO_E_STORE_DAMAGED : err;
	err = record_parse(text, len, name, ret);
	explicit_bzero(text, len);
	free(text);
	return err;
}

/* A store that has links but no seed has lost it: nobody can say who is whom. */
static enum cosmo_err seedless(struct store *store)
{
	bool empty = false;
	enum cosmo_err err = folder_is_empty(store_folder_fd(store, STORE_SUBJECTS), &empty);

	if (err)
		return err;
	return empty ? COSMO_E_NOT_FOUND : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err records_find_subject(
	struct store *store, const char *issuer, const char *sub, char *ret_name)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	char name[COSMO_MAX_NAME_BYTES + 1] = "";
	enum cosmo_err err = record_link_read(store, issuer, sub, name);

	if (err == COSMO_E_STORE_MISSING)
		return seedless(store);
	if (!err)
		err = record_load(store, name, &record);
	if (err)
		return err;
	/* A link is written before its record: one that was left alone by a crash says nothing. */
	if (!streq(record->issuer, issuer) || !streq(record->sub, sub))
		return COSMO_E_NOT_FOUND;
	memcpy(ret_name, record->name, sizeof(record->name));
	return COSMO_OK;
}

static enum cosmo_err visit_one(
	struct store *store, const char *name, records_visitor visit, void *context)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(store, name, &record);

	if (err == COSMO_E_NOMEM || err == COSMO_E_NOT_FOUND)
		return err == COSMO_E_NOMEM ? err : COSMO_OK;
	return visit(context, name, record);
}

enum cosmo_err records_each(struct store *store, records_visitor visit, void *context)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	const char *name = NULL;
	enum cosmo_err err = folder_open(store_folder_fd(store, STORE_USERS), &dir);

	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		err = visit_one(store, name, visit, context);
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}

enum cosmo_err records_is_listed(struct store *store, const char *name, bool *ret_listed)
{
	*ret_listed = false;
	if (!login_name_is_valid(name, true))
		return COSMO_OK;
	if (faccessat(store_folder_fd(store, STORE_LISTED), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		*ret_listed = true;
	else if (errno != ENOENT)
		return COSMO_E_IO;
	return COSMO_OK;
}

enum cosmo_err records_list_name(struct store *store, const char *name)
{
	bool listed = false;
	enum cosmo_err err = records_is_listed(store, name, &listed);

	if (err)
		return err;
	if (listed)
		return COSMO_E_EXISTS;
	if (!login_name_is_valid(name, true))
		return COSMO_E_INVALID;
	return fdio_replace_file(store_folder_fd(store, STORE_LISTED), name, "", 0, 0600);
}

enum cosmo_err records_unlist_name(struct store *store, const char *name)
{
	int dir_fd = store_folder_fd(store, STORE_LISTED);

	if (!login_name_is_valid(name, true))
		return COSMO_OK;
	if (unlinkat(dir_fd, name, 0) < 0)
		return errno == ENOENT ? COSMO_OK : COSMO_E_IO;
	return fsync(dir_fd) < 0 ? COSMO_E_IO : COSMO_OK;
}
