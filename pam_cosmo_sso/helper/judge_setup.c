/* SPDX-License-Identifier: MIT */
/* What the judge is told of the configuration: never a path, never more than the question needs. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/judge_cache.h"
#include "pam_cosmo_sso/helper/judge_client.h"

#define MAX_SECRET_FILE_BYTES ((size_t)4096)
#define MAX_CA_FILE_BYTES     ((size_t)512 * 1024)

struct wiped_file {
	char *data;
	size_t len;
};

static void wiped_file_done(struct wiped_file *file)
{
	if (!file || !file->data)
		return;
	explicit_bzero(file->data, file->len);
	free(file->data);
}
COSMO_AUTO_DEFINE(struct wiped_file *, wiped_file_done);

/* A file that the configuration names and that is not there is a fault of the configuration. */
static enum cosmo_err read_named_file(
	const char *path, mode_t forbidden_mode, size_t max_bytes, struct wiped_file *ret)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = forbidden_mode, .max_bytes = max_bytes};
	enum cosmo_err err = fdio_read_file(AT_FDCWD, path, &demands, &ret->data, &ret->len);

	if (err == COSMO_E_NOT_FOUND || err == COSMO_E_TOO_BIG)
		return COSMO_E_CONFIG;
	return err;
}

/* The file's text without the line end that editors put behind it. */
static enum cosmo_err put_client_secret(struct message *message, const struct config *config)
{
	struct wiped_file file = {0};
	COSMO_AUTO(wiped_file_done) struct wiped_file *file_owned = &file;
	size_t len = 0;
	enum cosmo_err err = COSMO_OK;

	if (!config->client_secret_file)
		return COSMO_OK;
	err = read_named_file(config->client_secret_file, 077, MAX_SECRET_FILE_BYTES, file_owned);
	if (err)
		return err;
	len = file.len;
	while (len > 0 && (file.data[len - 1] == '\n' || file.data[len - 1] == '\r'))
		len--;
	if (len == 0)
		return COSMO_E_CONFIG;
	message_put_bytes(message, FIELD_CLIENT_SECRET, file.data, len);
	return COSMO_OK;
}

static enum cosmo_err put_ca(struct message *message, const struct config *config)
{
	struct wiped_file file = {0};
	COSMO_AUTO(wiped_file_done) struct wiped_file *file_owned = &file;
	enum cosmo_err err = COSMO_OK;

	if (!config->ca_file)
		return COSMO_OK;
	err = read_named_file(config->ca_file, 022, MAX_CA_FILE_BYTES, file_owned);
	if (err)
		return err;
	if (file.len == 0)
		return COSMO_E_CONFIG;
	message_put_bytes(message, FIELD_CA_PEM, file.data, file.len);
	return COSMO_OK;
}

static enum cosmo_err put_cached(struct message *message, const char *issuer, struct store *store,
	const char *name, enum message_field field)
{
	COSMO_AUTO(free) char *bytes = NULL;
	size_t len = 0;
	enum cosmo_err err =
		judge_cache_load(store_cache_fd(store), name, issuer, fdio_now_s(), &bytes, &len);

	if (err == COSMO_OK)
		message_put_bytes(message, field, bytes, len);
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

static enum cosmo_err put_cache(struct message *message, const char *issuer, struct store *store)
{
	enum cosmo_err err =
		put_cached(message, issuer, store, JUDGE_CACHE_DISCOVERY, FIELD_DISCOVERY);

	return err ? err : put_cached(message, issuer, store, JUDGE_CACHE_JWKS, FIELD_JWKS);
}

static void put_list(
	struct message *message, enum message_field field, const struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		message_put_str(message, field, list->items[i]);
}

static enum cosmo_err put_files(
	struct message *message, const struct config *config, struct store *store)
{
	enum cosmo_err err = put_client_secret(message, config);

	if (err)
		return err;
	err = put_ca(message, config);
	return err || !store ? err : put_cache(message, config->issuer, store);
}

enum cosmo_err judge_put_setup(struct message *message, const struct config *config,
	struct store *store, int64_t duration_ms)
{
	message_put_str(message, FIELD_ISSUER, config->issuer);
	message_put_str(message, FIELD_CLIENT_ID, config->client_id);
	message_put_u64(message, FIELD_CLIENT_AUTH, (uint64_t)config->client_auth);
	message_put_str(message, FIELD_SCOPES, config->scopes);
	message_put_str(message, FIELD_AUDIENCE, config->audience);
	message_put_str(message, FIELD_PROXY, config->proxy);
	put_list(message, FIELD_ALG, &config->algs);
	message_put_u64(message, FIELD_SKEW_S, (uint64_t)config->skew_s);
	message_put_u64(message, FIELD_DEADLINE_MS, (uint64_t)duration_ms);
	return put_files(message, config, store);
}

void judge_put_claims(struct message *message, const struct config *config)
{
	message_put_str(message, FIELD_USERNAME_CLAIM, config->username_claim);
	message_put_str(message, FIELD_SUBJECT_CLAIM, config->subject_claim);
	message_put_str(message, FIELD_NAME_CLAIM, config->name_claim);
	message_put_str(message, FIELD_ROLES_CLAIM, config->claim);
	message_put_str(message, FIELD_UID_CLAIM, config->uid_claim);
	message_put_str(message, FIELD_VALUE_STRIP_PREFIX, config->value_strip_prefix);
	for (size_t i = 0; i < config->rule_count; i++)
		message_put_str(message, FIELD_RULE, config->rules[i].text);
	put_list(message, FIELD_STRIP_DOMAIN, &config->strip_domain);
	message_put_u64(message, FIELD_KEEP_DOMAINS, config->keep_domains ? 1 : 0);
}
