/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/rebind.h"

#include <stdlib.h>
#include <string.h>

bool rebind_is_holder(const struct record *record, const char *issuer, const char *sub)
{
	return streq(record->issuer, issuer) && streq(record->sub, sub);
}

bool rebind_is_pending(const struct record *record, int64_t now_s)
{
	return record->rebind_issuer && now_s >= record->rebind_asked_s &&
	       now_s < record->rebind_until_s;
}

bool rebind_is_open(const struct record *record, const char *issuer, int64_t now_s)
{
	return rebind_is_pending(record, now_s) && streq(record->rebind_issuer, issuer);
}

bool rebind_is_whole(const struct record *record)
{
	if (!record->rebind_issuer)
		return record->rebind_asked_s == 0 && record->rebind_until_s == 0;
	return record->rebind_asked_s > 0 && record->rebind_until_s > record->rebind_asked_s;
}

void rebind_forget(struct record *record)
{
	free(record->rebind_issuer);
	record->rebind_issuer = NULL;
	record->rebind_asked_s = 0;
	record->rebind_until_s = 0;
}

enum cosmo_err rebind_allow(struct record *record, const char *issuer, int64_t for_s, int64_t now_s)
{
	char *copy = strdup(issuer);

	if (!copy)
		return COSMO_E_NOMEM;
	rebind_forget(record);
	record->rebind_issuer = copy;
	record->rebind_asked_s = now_s;
	record->rebind_until_s = now_s + for_s;
	return COSMO_OK;
}

static void replace_text(char **text, char *value)
{
	free(*text);
	*text = value;
}

enum cosmo_err rebind_assign(
	struct record *record, const char *issuer, const char *sub, int64_t now_s)
{
	COSMO_AUTO(free) char *new_issuer = strdup(issuer);
	COSMO_AUTO(free) char *new_sub = strdup(sub);

	if (!new_issuer || !new_sub)
		return COSMO_E_NOMEM;
	replace_text(&record->issuer, COSMO_STEAL(&new_issuer));
	replace_text(&record->sub, COSMO_STEAL(&new_sub));
	record_forget_sign_ins(record);
	rebind_forget(record);
	record->bound_s = now_s;
	return COSMO_OK;
}
