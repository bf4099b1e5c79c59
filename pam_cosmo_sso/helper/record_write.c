/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/record_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/seed.h"
#include "pam_cosmo_sso/helper/staged_file.h"

#define TOKEN_CHUNK_BYTES ((size_t)1024) /* escaped it stays below the reader's line limit */
#define LINK_HEX_LEN      ((size_t)32)

static void put_token(struct record_text *text, const struct cosmo_secret *token)
{
	size_t len = token ? secret_len(token) : 0;
	char chunk[TOKEN_CHUNK_BYTES + 1];

	for (size_t at = 0; at < len; at += TOKEN_CHUNK_BYTES) {
		size_t part = len - at < TOKEN_CHUNK_BYTES ? len - at : TOKEN_CHUNK_BYTES;

		memcpy(chunk, secret_peek(token) + at, part);
		chunk[part] = '\0';
		record_text_put(text, "refresh_token", chunk);
	}
	explicit_bzero(chunk, sizeof(chunk));
}

static void put_record(struct record_text *text, const struct record *record)
{
	record_text_put(text, "name", record->name);
	record_text_put_number(text, "uid", record->uid);
	record_text_put_number(text, "gid", record->gid);
	record_text_put(text, "issuer", record->issuer);
	record_text_put(text, "sub", record->sub);
	record_text_put(text, "display_name", record->display_name);
	record_text_put(text, "home", record->home);
	record_text_put(text, "shell", record->shell);
	for (uint32_t i = 0; i < record->role_count; i++)
		record_text_put(text, "role", record->roles[i]);
	record_text_put_hex(text, "integration", record->integration, INTEGRATION_BYTES);
	record_text_put_number(text, "enrolled", record->enrolled_s);
	record_text_put_number(text, "signed_in", record->signed_in_s);
	record_text_put_number(text, "confirmed", record->confirmed_s);
	record_text_put_number(text, "flags", record->flags);
	record_text_put_number(text, "reason", (int64_t)record->reason);
	record_text_put(text, "acr", record->acr);
	record_text_put_number(text, "auth_time", record->auth_time_s);
	record_text_put_number(text, "refresh_expires", record->refresh_expires_s);
	if (record->refresh_asked_s)
		record_text_put_number(text, "refresh_asked", record->refresh_asked_s);
	record_text_put_number(text, "bound", record->bound_s);
	record_text_put(text, "rebind_issuer", record->rebind_issuer);
	if (record->rebind_issuer) {
		record_text_put_number(text, "rebind_asked", record->rebind_asked_s);
		record_text_put_number(text, "rebind_until", record->rebind_until_s);
	}
	if (record->sign_outs)
		record_text_put_number(text, "sign_outs", record->sign_outs);
	if (record->changed_s)
		record_text_put_number(text, "changed", record->changed_s);
	record_text_put(text, "changed_why", record->changed_why);
	for (uint32_t i = 0; i < record->seen_from_count; i++)
		record_text_put_hex(
			text, "seen_from", record->seen_from[i], RECORD_SEEN_FROM_BYTES);
	put_token(text, record->refresh_token);
}

static bool fits(const char *text)
{
	return !text || strnlen(text, RECORD_MAX_TEXT_BYTES + 1) <= RECORD_MAX_TEXT_BYTES;
}

static bool roles_fit(const struct record *record)
{
	if (record->role_count > USERS_DB_MAX_ROLES)
		return false;
	for (uint32_t i = 0; i < record->role_count; i++)
		if (!record->roles[i] || !fits(record->roles[i]))
			return false;
	return true;
}

static bool numbers_fit(const struct record *record)
{
	return record->uid != 0 && record->gid != 0 && record->enrolled_s >= 0 &&
	       record->signed_in_s >= 0 && record->confirmed_s >= 0 && record->auth_time_s >= 0 &&
	       record->refresh_expires_s >= 0 && record->refresh_asked_s >= 0 &&
	       record->bound_s >= 0 && record->changed_s >= 0 && rebind_is_whole(record) &&
	       record->seen_from_count <= RECORD_MAX_SEEN_FROM &&
	       (record->flags & ~(uint32_t)(USERS_DB_LOCKED | USERS_DB_REMOVED)) == 0;
}

/* Nothing is written that could not be read again: the person would be locked out by it. */
static enum cosmo_err check_record(const struct record *record)
{
	if (!login_name_is_valid(record->name, true) || !numbers_fit(record) || !roles_fit(record))
		return COSMO_E_INVALID;
	if (!record->issuer || !record->sub || !record->home || !record->shell)
		return COSMO_E_INVALID;
	if (!fits(record->issuer) || !fits(record->sub) || !fits(record->display_name) ||
		!fits(record->home) || !fits(record->shell) || !fits(record->acr) ||
		!fits(record->rebind_issuer) || !fits(record->changed_why))
		return COSMO_E_INVALID;
	return record->refresh_token && strlen(secret_peek(record->refresh_token)) !=
						secret_len(record->refresh_token)
		       ? COSMO_E_INVALID
		       : COSMO_OK;
}

enum cosmo_err record_format(const struct record *record, struct record_text *ret)
{
	enum cosmo_err err = check_record(record);

	if (!err)
		err = record_text_init(ret, "user", RECORD_MAX_BYTES);
	if (err)
		return err;
	put_record(ret, record);
	return record_text_end(ret);
}

enum cosmo_err record_stage(struct store *store, const struct record *record, bool sync)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	enum cosmo_err err = record_format(record, owned);

	if (err)
		return err;
	return staged_file_write(
		store_folder_fd(store, STORE_USERS), record->name, text.data, text.len, sync);
}

enum cosmo_err record_settle(struct store *store, const struct record *record)
{
	return staged_file_settle(store_folder_fd(store, STORE_USERS), record->name);
}

/* Issuer and subject with a NUL between, so that neither can reach into the other. */
static enum cosmo_err link_text(const char *issuer, const char *sub, char **ret, size_t *ret_len)
{
	size_t issuer_size = strlen(issuer) + 1;
	size_t sub_size = strlen(sub) + 1;
	size_t len = 1 + issuer_size + sub_size - 1;
	char *text = calloc(1, len + 1);

	if (!text)
		return COSMO_E_NOMEM;
	memcpy(text + 1, issuer, issuer_size);
	memcpy(text + 1 + issuer_size, sub, sub_size);
	*ret = text;
	*ret_len = len;
	return COSMO_OK;
}

/* The first byte tells the two halves apart. */
static enum cosmo_err link_name(
	struct store *store, const char *issuer, const char *sub, char ret[LINK_HEX_LEN + 1])
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	unsigned char bytes[LINK_HEX_LEN / 2] = {0};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = link_text(issuer, sub, &text, &len);

	if (!err)
		err = seed_read(store, seed);
	if (err)
		return err;
	for (size_t half = 0; half < 2; half++) {
		uint64_t hash = 0;

		text[0] = (char)('1' + half);
		hash = siphash24(seed, text, len);
		for (size_t i = 0; i < 8; i++)
			bytes[8 * half + i] = (unsigned char)(hash >> (8 * i));
	}
	explicit_bzero(seed, sizeof(seed));
	format_hex(bytes, sizeof(bytes), ret);
	return COSMO_OK;
}

static enum cosmo_err read_link(struct store *store, const char *link, char *ret_name)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = COSMO_MAX_NAME_BYTES + 1};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err =
		fdio_read_file(store_folder_fd(store, STORE_SUBJECTS), link, &demands, &text, &len);

	if (err)
		return err == COSMO_E_TOO_BIG ? COSMO_E_STORE_DAMAGED : err;
	if (len < 2 || text[len - 1] != '\n')
		return COSMO_E_STORE_DAMAGED;
	text[len - 1] = '\0';
	if (!login_name_is_valid(text, true))
		return COSMO_E_STORE_DAMAGED;
	memcpy(ret_name, text, strlen(text) + 1);
	return COSMO_OK;
}

enum cosmo_err record_link_read(
	struct store *store, const char *issuer, const char *sub, char *ret_name)
{
	char link[LINK_HEX_LEN + 1] = "";
	enum cosmo_err err = link_name(store, issuer, sub, link);

	return err ? err : read_link(store, link, ret_name);
}

enum cosmo_err record_link(struct store *store, const struct record *record, bool sync)
{
	int dir_fd = store_folder_fd(store, STORE_SUBJECTS);
	char link[LINK_HEX_LEN + 1] = "";
	char held[COSMO_MAX_NAME_BYTES + 1] = "";
	char line[COSMO_MAX_NAME_BYTES + 2] = "";
	enum cosmo_err err = link_name(store, record->issuer, record->sub, link);

	if (err)
		return err;
	if (read_link(store, link, held) == COSMO_OK && streq(held, record->name))
		return COSMO_OK;
	snprintf(line, sizeof(line), "%s\n", record->name);
	err = staged_file_write(dir_fd, link, line, strlen(line), sync);
	if (!err)
		err = staged_file_settle(dir_fd, link);
	if (!err && sync && fsync(dir_fd) < 0)
		err = COSMO_E_IO;
	return err;
}
