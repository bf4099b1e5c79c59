/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/shown_user.h"

#include <string.h>

#include "common/base/home_template.h"

/* A field of passwd: never empty where it must say something, no separator, no control character.
 */
static bool copy_field(char ret[USERS_DB_MAX_TEXT], const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len >= USERS_DB_MAX_TEXT)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] == ':' || (unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	memcpy(ret, text, len + 1);
	return true;
}

/* Cut where a character ends; whatever passwd could not hold becomes a blank. */
static void copy_gecos(char ret[USERS_DB_MAX_TEXT], const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= USERS_DB_MAX_TEXT) {
		len = USERS_DB_MAX_TEXT - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	for (size_t i = 0; i < len; i++) {
		bool shows = text[i] != ':' && (unsigned char)text[i] >= ' ' && text[i] != 0x7f;

		ret[i] = ' ';
		if (shows)
			ret[i] = text[i];
	}
	ret[len] = '\0';
}

static uint64_t role_bit(
	const struct users_db_settings *settings, const struct config *config, const char *role)
{
	if (config && config_role_index(config, role) < 0)
		return 0;
	for (uint32_t i = 0; i < settings->role_count; i++)
		if (streq(settings->roles[i].name, role))
			return 1ULL << i;
	return 0;
}

enum cosmo_err shown_user(const struct users_db_settings *settings, const struct config *config,
	const struct record *record, struct users_db_user *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->name, record->name, sizeof(ret->name));
	ret->uid = record->uid;
	ret->gid = record->gid;
	ret->flags = record->flags;
	ret->reason = (uint32_t)record->reason;
	ret->confirmed_s = record->confirmed_s;
	ret->signed_in_s = record->signed_in_s;
	memcpy(ret->integration, record->integration, INTEGRATION_BYTES);
	for (uint32_t i = 0; i < record->role_count; i++)
		ret->roles |= role_bit(settings, config, record->roles[i]);
	copy_gecos(ret->gecos, record->display_name);
	if (!copy_field(ret->home, record->home) || !copy_field(ret->shell, record->shell))
		return COSMO_E_INVALID;
	return COSMO_OK;
}

enum cosmo_err shown_user_damaged(const struct users_db_settings *settings, const char *name,
	uint32_t uid, struct users_db_user *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!login_name_is_valid(name, true))
		return COSMO_E_INVALID;
	memcpy(ret->name, name, strlen(name) + 1);
	ret->uid = uid;
	ret->gid = uid;
	ret->flags = USERS_DB_LOCKED;
	ret->reason = COSMO_E_STORE_DAMAGED;
	memcpy(ret->shell, settings->shell, sizeof(ret->shell));
	return home_template_expand(settings->home, name, ret->home, sizeof(ret->home));
}
