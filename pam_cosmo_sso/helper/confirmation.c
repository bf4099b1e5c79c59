/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/confirmation.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/effective_roles.h"
#include "common/base/log.h"
#include "common/base/users_db_read.h"

int64_t confirmation_time_s(int64_t now_s, int64_t idp_time_s)
{
	if (idp_time_s <= 0)
		return now_s;
	return idp_time_s + CONFIRMED_AHEAD_MAX_S < now_s ? idp_time_s + CONFIRMED_AHEAD_MAX_S
							  : now_s;
}

static enum cosmo_err replace_text(char **text, const char *value)
{
	char *copy = NULL;

	if (value) {
		copy = strdup(value);
		if (!copy)
			return COSMO_E_NOMEM;
	}
	free(*text);
	*text = copy;
	return COSMO_OK;
}

/* The real name as the fifth field of passwd can hold it. */
static enum cosmo_err replace_display_name(struct record *record, const char *value)
{
	char clean[USERS_DB_MAX_TEXT] = "";

	log_filter(value, true, clean, sizeof(clean));
	for (char *p = clean; *p; p++)
		if (*p == ':')
			*p = ' ';
	return replace_text(&record->display_name, clean);
}

static void drop_roles(struct record *record)
{
	for (uint32_t i = 0; i < record->role_count; i++)
		free(COSMO_STEAL(&record->roles[i]));
	record->role_count = 0;
}

static enum cosmo_err replace_roles(
	struct record *record, const struct config *config, uint64_t roles)
{
	drop_roles(record);
	for (size_t i = 0; i < config->role_count; i++) {
		char *name = NULL;

		if (!(roles & (1ULL << i)))
			continue;
		name = strdup(config->roles[i].name);
		if (!name)
			return COSMO_E_NOMEM;
		record->roles[record->role_count++] = name;
	}
	return COSMO_OK;
}

static enum cosmo_err replace_refresh_token(
	struct record *record, const struct confirmation *confirmation)
{
	const struct identity *who = confirmation->identity;
	struct cosmo_secret *token = NULL;
	enum cosmo_err err = message_secret(who->message, FIELD_REFRESH_TOKEN, &token);

	if (err)
		return err;
	secret_free(record->refresh_token);
	record->refresh_token = token;
	record->refresh_expires_s = token && who->refresh_expires_in_s > 0
					    ? confirmation->now_s + who->refresh_expires_in_s
					    : 0;
	record->refresh_asked_s = 0;
	return COSMO_OK;
}

static enum cosmo_err replace_texts(struct record *record, const struct identity *who)
{
	enum cosmo_err err = replace_text(&record->issuer, who->issuer);

	if (err)
		return err;
	err = replace_text(&record->sub, who->sub);
	if (err)
		return err;
	err = replace_text(&record->acr, who->acr);
	return err ? err : replace_display_name(record, who->display_name);
}

enum cosmo_err confirmation_apply(const struct confirmation *confirmation, struct record *record)
{
	const struct identity *who = confirmation->identity;
	enum cosmo_err err = replace_texts(record, who);

	if (err)
		return err;
	err = replace_roles(record, confirmation->config, confirmation->roles);
	if (err)
		return err;
	err = replace_refresh_token(record, confirmation);
	if (err)
		return err;
	memcpy(record->integration, confirmation->integration, INTEGRATION_BYTES);
	record->signed_in_s = confirmation->now_s;
	record->confirmed_s = confirmation_time_s(confirmation->now_s, who->idp_time_s);
	record->auth_time_s = who->auth_time_s;
	record->reason = COSMO_OK;
	return COSMO_OK;
}

enum cosmo_err confirmation_refresh(const struct confirmation *confirmation, struct record *record)
{
	const struct identity *who = confirmation->identity;
	enum cosmo_err err = COSMO_OK;

	/* Not every refresh tells it; then it is as it was. */
	if (who->display_name)
		err = replace_display_name(record, who->display_name);
	if (!err)
		err = replace_roles(record, confirmation->config, confirmation->roles);
	if (err)
		return err;
	record->confirmed_s = confirmation_time_s(confirmation->now_s, who->idp_time_s);
	record->refresh_asked_s = 0;
	record->reason = COSMO_OK;
	return COSMO_OK;
}

void confirmation_refuse(struct record *record, enum cosmo_err reason)
{
	drop_roles(record);
	record->refresh_asked_s = 0;
	record->reason = reason;
}
