/* SPDX-License-Identifier: MIT */
#include "docs/man/scdoc_text.h"

#include <security/pam_modules.h>
#include <stdio.h>

#include "common/base/auto.h"

static const struct {
	int code;
	const char *name;
} pam_codes[] = {
	{PAM_SUCCESS, "SUCCESS"},
	{PAM_SYSTEM_ERR, "SYSTEM_ERR"},
	{PAM_SERVICE_ERR, "SERVICE_ERR"},
	{PAM_BUF_ERR, "BUF_ERR"},
	{PAM_PERM_DENIED, "PERM_DENIED"},
	{PAM_AUTH_ERR, "AUTH_ERR"},
	{PAM_CRED_INSUFFICIENT, "CRED_INSUFFICIENT"},
	{PAM_AUTHINFO_UNAVAIL, "AUTHINFO_UNAVAIL"},
	{PAM_USER_UNKNOWN, "USER_UNKNOWN"},
	{PAM_MAXTRIES, "MAXTRIES"},
	{PAM_ACCT_EXPIRED, "ACCT_EXPIRED"},
	{PAM_CONV_ERR, "CONV_ERR"},
	{PAM_IGNORE, "IGNORE"},
};

void scdoc_put(const char *text)
{
	for (; *text; text++) {
		if (*text == '`')
			putchar('*');
		else if (*text == '_' || *text == '*' || *text == '\\' || *text == '[' ||
			 *text == '#')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

const char *scdoc_pam_name(enum pam_phase phase, enum cosmo_err err)
{
	int code = pam_result(phase, err, false);

	for (size_t i = 0; i < COSMO_ARRAY_LEN(pam_codes); i++)
		if (pam_codes[i].code == code)
			return pam_codes[i].name;
	return NULL;
}
