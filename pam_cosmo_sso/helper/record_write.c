/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/record_write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/record_text.h"
#include "pam_cosmo_sso/helper/seed.h"

#define TOKEN_CHUNK_BYTES ((size_t)1024) /* escaped it stays below the reader's line limit */

enum cosmo_err record_replace(
	struct store *store, const char *folder, const char *name, const void *data, size_t len)
{
	COSMO_AUTO_FD int fd = openat(
		store_private_fd(store), folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return COSMO_E_IO;
	return fdio_replace_file(fd, name, data, len, 0600);
}

static void put_token(FILE *out, const struct cosmo_secret *token)
{
	size_t len = token ? secret_len(token) : 0;
	char chunk[TOKEN_CHUNK_BYTES + 1];

	for (size_t at = 0; at < len; at += TOKEN_CHUNK_BYTES) {
		size_t part = len - at < TOKEN_CHUNK_BYTES ? len - at : TOKEN_CHUNK_BYTES;

		memcpy(chunk, secret_peek(token) + at, part);
		chunk[part] = '\0';
		record_text_put(out, "refresh_token", chunk);
	}
	explicit_bzero(chunk, sizeof(chunk));
}

static void put_record(FILE *out, const struct record *record)
{
	fputs("[user]\n", out);
	record_text_put(out, "name", record->name);
	record_text_put_number(out, "uid", record->uid);
	record_text_put_number(out, "gid", record->gid);
	record_text_put(out, "issuer", record->issuer);
	record_text_put(out, "sub", record->sub);
	record_text_put(out, "display_name", record->display_name);
	record_text_put(out, "home", record->home);
	record_text_put(out, "shell", record->shell);
	for (uint32_t i = 0; i < record->role_count; i++)
		record_text_put(out, "role", record->roles[i]);
	record_text_put_hex(out, "integration", record->integration, INTEGRATION_BYTES);
	record_text_put_number(out, "enrolled", record->enrolled_s);
	record_text_put_number(out, "signed_in", record->signed_in_s);
	record_text_put_number(out, "confirmed", record->confirmed_s);
	record_text_put_number(out, "flags", record->flags);
	record_text_put_number(out, "reason", (int64_t)record->reason);
	record_text_put(out, "acr", record->acr);
	record_text_put_number(out, "auth_time", record->auth_time_s);
	record_text_put_number(out, "refresh_expires", record->refresh_expires_s);
	put_token(out, record->refresh_token);
	fputs("end = yes\n", out);
}

enum cosmo_err record_write(struct store *store, const struct record *record)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = NULL;
	enum cosmo_err err = COSMO_E_NOMEM;

	if (!login_name_is_valid(record->name, true))
		return COSMO_E_INVALID;
	out = open_memstream(&text, &len);
	if (!out)
		return COSMO_E_NOMEM;
	put_record(out, record);
	if (fclose(out) == 0)
		err = record_replace(store, "users", record->name, text, len);
	if (text)
		explicit_bzero(text, len);
	free(text);
	return err;
}

enum cosmo_err record_link_name(struct store *store, const char *issuer, const char *sub, char *ret)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	COSMO_AUTO(free) char *text = NULL;
	uint64_t hashes[2] = {0};
	int len = asprintf(&text, "?%s%c%s", issuer, '\0', sub);
	enum cosmo_err err = seed_read(store, seed);

	if (len < 0) {
		text = NULL;
		return COSMO_E_NOMEM;
	}
	if (err)
		return err;
	for (size_t i = 0; i < 2; i++) {
		text[0] = (char)('1' + i);
		hashes[i] = siphash24(seed, text, (size_t)len);
	}
	explicit_bzero(seed, sizeof(seed));
	format_hex((const unsigned char *)hashes, sizeof(hashes), ret);
	return COSMO_OK;
}

enum cosmo_err record_link(struct store *store, const struct record *record)
{
	char name[33] = "";
	char line[COSMO_MAX_NAME_BYTES + 2] = "";
	int len = snprintf(line, sizeof(line), "%s\n", record->name);
	enum cosmo_err err = record_link_name(store, record->issuer, record->sub, name);

	if (err)
		return err;
	return len < 0 ? COSMO_E_INTERNAL
		       : record_replace(store, "subjects", name, line, (size_t)len);
}
