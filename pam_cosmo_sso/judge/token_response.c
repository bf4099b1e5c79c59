/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/token_response.h"

#include <strings.h>

void token_response_free(struct token_response *response)
{
	if (!response)
		return;
	secret_free(response->id_token);
	secret_free(response->access_token);
	secret_free(response->refresh_token);
	free(response);
}

/* A token that may be absent: *ret is then left alone. */
static enum cosmo_err read_token(struct json_object *json, const char *name, size_t max_len,
	struct reason *why, struct cosmo_secret **ret)
{
	const char *text = NULL;
	enum cosmo_err err = json_str_opt(json, name, max_len, &text);

	if (err != COSMO_OK)
		return reason_give(why, COSMO_E_IDP_FIELD,
			"token response: %s is no text of at most %zu bytes", name, max_len);
	return text ? secret_new(text, strlen(text), ret) : COSMO_OK;
}

static bool is_bearer(struct json_object *json)
{
	const char *type = json_text(json_member(json, "token_type"));

	return type && strcasecmp(type, "Bearer") == 0;
}

/* Keycloak's extension; 0 stands for "never" there. */
static void read_times(struct json_object *json, int64_t date_s, struct token_response *found)
{
	if (json_seconds(json, "refresh_expires_in", &found->refresh_expires_in_s) != COSMO_OK)
		found->refresh_expires_in_s = 0;
	found->date_s = date_s;
}

static enum cosmo_err read_refresh_token(
	struct json_object *json, struct reason *why, struct token_response *found)
{
	return read_token(json, "refresh_token", TOKEN_RESPONSE_MAX_REFRESH_BYTES, why,
		&found->refresh_token);
}

enum cosmo_err token_response_parse(
	struct json_object *json, int64_t date_s, struct reason *why, struct token_response **ret)
{
	COSMO_AUTO(token_response_free) struct token_response *found = calloc(1, sizeof(*found));
	enum cosmo_err err = COSMO_OK;

	if (!found)
		return COSMO_E_NOMEM;
	err = read_token(json, "id_token", COSMO_MAX_SECRET_BYTES, why, &found->id_token);
	if (err == COSMO_OK && is_bearer(json))
		err = read_token(
			json, "access_token", COSMO_MAX_SECRET_BYTES, why, &found->access_token);
	if (err == COSMO_OK)
		err = read_refresh_token(json, why, found);
	if (err != COSMO_OK)
		return err;
	if (!found->id_token)
		return reason_give(why, COSMO_E_NO_ID_TOKEN,
			"token response without id_token; is scope openid asked for?");
	read_times(json, date_s, found);
	*ret = COSMO_STEAL(&found);
	return COSMO_OK;
}

/* One that cannot be used is as one that is not there. */
static enum cosmo_err read_usable(
	struct json_object *json, const char *name, struct cosmo_secret **ret)
{
	struct reason unused = {.text = ""};
	enum cosmo_err err = read_token(json, name, COSMO_MAX_SECRET_BYTES, &unused, ret);

	return err == COSMO_E_IDP_FIELD ? COSMO_OK : err;
}

enum cosmo_err token_response_parse_refreshed(
	struct json_object *json, int64_t date_s, struct reason *why, struct token_response **ret)
{
	COSMO_AUTO(token_response_free) struct token_response *found = calloc(1, sizeof(*found));
	enum cosmo_err err = COSMO_OK;

	if (!found)
		return COSMO_E_NOMEM;
	err = read_refresh_token(json, why, found);
	if (err == COSMO_OK)
		err = read_usable(json, "id_token", &found->id_token);
	if (err == COSMO_OK && is_bearer(json))
		err = read_usable(json, "access_token", &found->access_token);
	if (err != COSMO_OK)
		return err;
	read_times(json, date_s, found);
	*ret = COSMO_STEAL(&found);
	return COSMO_OK;
}

void token_response_put_refresh(const struct token_response *response, struct message *message)
{
	if (!response->refresh_token)
		return;
	message_put_secret(message, FIELD_REFRESH_TOKEN, response->refresh_token);
	if (response->refresh_expires_in_s > 0)
		message_put_u64(message, FIELD_REFRESH_EXPIRES_IN_S,
			(uint64_t)response->refresh_expires_in_s);
}
