/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/identity.h"

#include <string.h>

/* The end of the year 9999: larger numbers are no times. */
#define MAX_TIME_S ((uint64_t)253402300799)

static enum cosmo_err read_list(const struct message *message, enum message_field field,
	size_t max_count, const char **ret_items, size_t *ret_count)
{
	size_t count = message_count(message, field);

	if (count > max_count)
		return COSMO_E_PROTOCOL;
	for (size_t i = 0; i < count; i++) {
		ret_items[i] = message_str_nth(message, field, i);
		if (!ret_items[i])
			return COSMO_E_PROTOCOL;
	}
	*ret_count = count;
	return COSMO_OK;
}

static enum cosmo_err read_number(
	const struct message *message, enum message_field field, uint64_t max, uint64_t *ret)
{
	uint64_t value = message_u64(message, field, 0);

	if (value > max)
		return COSMO_E_PROTOCOL;
	*ret = value;
	return COSMO_OK;
}

static enum cosmo_err read_numbers(const struct message *message, struct identity *who)
{
	uint64_t claim = 0;
	uint64_t auth_time_s = 0;
	uint64_t idp_time_s = 0;
	uint64_t refresh_expires_in_s = 0;
	uint64_t uid = 0;

	if (read_number(message, FIELD_CLAIM_STATE, CLAIM_MISSING, &claim) ||
		read_number(message, FIELD_AUTH_TIME_S, MAX_TIME_S, &auth_time_s) ||
		read_number(message, FIELD_IDP_TIME_S, MAX_TIME_S, &idp_time_s) ||
		read_number(
			message, FIELD_REFRESH_EXPIRES_IN_S, MAX_TIME_S, &refresh_expires_in_s) ||
		read_number(message, FIELD_UID, UINT32_MAX, &uid))
		return COSMO_E_PROTOCOL;
	who->claim = (enum claim_state)claim;
	who->auth_time_s = (int64_t)auth_time_s;
	who->idp_time_s = (int64_t)idp_time_s;
	who->refresh_expires_in_s = (int64_t)refresh_expires_in_s;
	who->uid = (uint32_t)uid;
	return COSMO_OK;
}

static bool is_empty(const char *text)
{
	return !text || text[0] == '\0';
}

/* A record holds it as text: with a NUL inside it could not be written. */
static bool has_odd_token(const struct message *message)
{
	size_t len = 0;
	const void *token = message_bytes(message, FIELD_REFRESH_TOKEN, &len);

	return token && memchr(token, '\0', len);
}

enum cosmo_err identity_read_refreshed(const struct message *message, struct identity *ret)
{
	struct identity who = {
		.issuer = message_str(message, FIELD_ISSUER),
		.sub = message_str(message, FIELD_SUB),
		.username = message_str(message, FIELD_USERNAME),
		.display_name = message_str(message, FIELD_DISPLAY_NAME),
		.detail = message_str(message, FIELD_DETAIL),
		.acr = message_str(message, FIELD_ACR),
		.message = message,
	};

	if (message_type(message) != MESSAGE_JUDGE_IDENTITY || is_empty(who.issuer) ||
		is_empty(who.sub) || !who.username)
		return COSMO_E_PROTOCOL;
	if (read_list(message, FIELD_ROLE, IDENTITY_MAX_ROLES, who.roles, &who.role_count) ||
		read_list(message, FIELD_AMR, IDENTITY_MAX_AMR, who.amr, &who.amr_count) ||
		read_numbers(message, &who))
		return COSMO_E_PROTOCOL;
	if ((who.claim != CLAIM_PRESENT && who.role_count > 0) || has_odd_token(message))
		return COSMO_E_PROTOCOL;
	*ret = who;
	return COSMO_OK;
}

enum cosmo_err identity_read(const struct message *message, struct identity *ret)
{
	struct identity who = {.message = NULL};
	enum cosmo_err err = identity_read_refreshed(message, &who);

	if (err)
		return err;
	if (is_empty(who.username))
		return COSMO_E_PROTOCOL;
	*ret = who;
	return COSMO_OK;
}
