/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/records.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/enrollable.h"
#include "common/base/fdio.h"
#include "common/ini.h"
#include "pam_cosmo_sso/helper/record_text.h"
#include "pam_cosmo_sso/helper/record_write.h"

#define MAX_RECORD_BYTES ((size_t)128 * 1024)

static const struct fdio_demands private_demands = {
	.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_RECORD_BYTES};

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
	secret_free(record->refresh_token);
	free(record);
}

/* What is read so far; each key once, but for role and refresh_token. */
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

static enum cosmo_err take_token(struct reading *reading, const char *value)
{
	char *part = NULL;
	size_t len = 0;
	enum cosmo_err err = record_text_get(value, &part);

	if (err)
		return err;
	len = strlen(part);
	if (reading->token_len + len > MAX_RECORD_BYTES)
		err = COSMO_E_STORE_DAMAGED;
	else
		memcpy(reading->token + reading->token_len, part, len);
	reading->token_len += len;
	explicit_bzero(part, len);
	free(part);
	return err;
}

static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	struct reading *reading = context;

	if (!streq(line->section, "user") || reading->ended)
		return COSMO_E_STORE_DAMAGED;
	if (!line->key)
		return COSMO_OK;
	if (streq(line->key, "role"))
		return take_role(reading, line->value);
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
	return reading->record->uid == 0 || reading->record->gid == 0 ? COSMO_E_STORE_DAMAGED
								      : COSMO_OK;
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

enum cosmo_err record_load(struct store *store, const char *name, struct record **ret)
{
	COSMO_AUTO(record_free) struct record *record = calloc(1, sizeof(*record));
	COSMO_AUTO(free) char *text = NULL;
	char path[sizeof("users/") + COSMO_MAX_NAME_BYTES] = "";
	struct reading reading = {.record = record};
	size_t len = 0;
	enum cosmo_err err = COSMO_E_NOMEM;

	if (!login_name_is_valid(name, true))
		return COSMO_E_NOT_FOUND;
	snprintf(path, sizeof(path), "users/%s", name);
	reading.token = malloc(MAX_RECORD_BYTES);
	if (record && reading.token)
		err = fdio_read_file(store_private_fd(store), path, &private_demands, &text, &len);
	if (!err)
		err = parse_record(&reading, text, len, name);
	if (text)
		explicit_bzero(text, len);
	if (reading.token)
		explicit_bzero(reading.token, reading.token_len);
	free(reading.token);
	if (!err)
		*ret = COSMO_STEAL(&record);
	return err;
}

enum cosmo_err records_find_subject(
	struct store *store, const char *issuer, const char *sub, char *ret_name)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	COSMO_AUTO(free) char *text = NULL;
	char link[33] = "";
	char path[sizeof("subjects/") + 32] = "";
	size_t len = 0;
	enum cosmo_err err = record_link_name(store, issuer, sub, link);

	if (err)
		return err == COSMO_E_STORE_MISSING ? COSMO_E_NOT_FOUND : err;
	snprintf(path, sizeof(path), "subjects/%s", link);
	err = fdio_read_file(store_private_fd(store), path, &private_demands, &text, &len);
	if (err)
		return err;
	if (len < 2 || text[len - 1] != '\n')
		return COSMO_E_STORE_DAMAGED;
	text[len - 1] = '\0';
	err = record_load(store, text, &record);
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
	int fd = openat(store_private_fd(store), "users", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	enum cosmo_err err = dir ? COSMO_OK : COSMO_E_IO;
	const struct dirent *entry = NULL;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, and a stream of its own */
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			err = visit_one(store, entry->d_name, visit, context);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return err;
}

enum cosmo_err records_is_listed(struct store *store, const char *name, bool *ret_listed)
{
	char path[sizeof(ENROLL_LIST_DIR) + 1 + COSMO_MAX_NAME_BYTES] = "";

	*ret_listed = false;
	if (!login_name_is_valid(name, true))
		return COSMO_OK;
	snprintf(path, sizeof(path), "%s/%s", ENROLL_LIST_DIR, name);
	*ret_listed = faccessat(store_private_fd(store), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
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
	return record_replace(store, ENROLL_LIST_DIR, name, "", 0);
}
