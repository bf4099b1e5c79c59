/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/account.h"

#include <stdio.h>

#include "common/base/user_text.h"
#include "pam_cosmo_sso/module/helper_client.h"

/* The longest refresh_timeout, and the steps that wait for a lock. */
#define ACCOUNT_MS ((int64_t)60 * 1000)
#define SESSION_MS ((int64_t)5 * 1000)

void account(const struct caller *caller, const struct ours *who, struct answer *ret)
{
	if (who->kind != OURS_ENROLLED)
		ret->err = COSMO_E_NOT_ENROLLED;
	else if (!caller->is_root)
		ret->err = ours_account(who);
	else
		helper_client_ask(caller, MESSAGE_ACCOUNT, ACCOUNT_MS, ret);
}

static void session(const struct caller *caller, const struct ours *who, enum message_type type,
	struct answer *ret)
{
	if (who->kind != OURS_ENROLLED)
		ret->err = COSMO_E_NOT_ENROLLED;
	else if (caller->is_root)
		helper_client_ask(caller, type, SESSION_MS, ret);
}

void session_open(const struct caller *caller, const struct ours *who, struct answer *ret)
{
	session(caller, who, MESSAGE_OPEN_SESSION, ret);
}

void session_close(const struct caller *caller, const struct ours *who, struct answer *ret)
{
	session(caller, who, MESSAGE_CLOSE_SESSION, ret);
}

void password_change(const struct caller *caller, const struct ours *who, struct answer *ret)
{
	(void)caller;
	(void)who;
	ret->err = COSMO_E_SERVICE;
	ret->from_helper = true; /* not a fault to be logged */
	snprintf(ret->text, sizeof(ret->text), "%s", user_text(USER_TEXT_PASSWORD));
}
