/* SPDX-License-Identifier: MIT */
#include "common/pam_result.h"

#include <security/pam_modules.h>
#include <stddef.h>

#include "common/base/auto.h"

struct pam_codes {
	int authenticate;
	int account;
};

/* Where PAM has a better word than that of the class. None is a success, an ignore or
 * PAM_NEW_AUTHTOK_REQD, which sshd takes for half a success. */
static const struct {
	enum cosmo_err err;
	struct pam_codes codes;
} particular[] = {
	{COSMO_E_NOMEM, {PAM_BUF_ERR, PAM_BUF_ERR}},
	{COSMO_E_NOT_ROOT, {PAM_CRED_INSUFFICIENT, PAM_PERM_DENIED}},
	{COSMO_E_NO_PROMPT, {PAM_CONV_ERR, PAM_PERM_DENIED}},
	{COSMO_E_CANCELLED, {PAM_CONV_ERR, PAM_PERM_DENIED}},
	{COSMO_E_LOCKED, {PAM_PERM_DENIED, PAM_ACCT_EXPIRED}},
	{COSMO_E_REMOVED, {PAM_USER_UNKNOWN, PAM_ACCT_EXPIRED}},
	{COSMO_E_NOT_ENROLLED, {PAM_USER_UNKNOWN, PAM_USER_UNKNOWN}},
	{COSMO_E_NAME_RESERVED, {PAM_USER_UNKNOWN, PAM_USER_UNKNOWN}},
	{COSMO_E_ENROLL_OFF, {PAM_USER_UNKNOWN, PAM_USER_UNKNOWN}},
	{COSMO_E_INVALID_GRANT, {PAM_AUTH_ERR, PAM_AUTH_ERR}},
	{COSMO_E_LEASE_OVER, {PAM_AUTH_ERR, PAM_AUTH_ERR}},
	{COSMO_E_LOGIN_AGAIN, {PAM_AUTH_ERR, PAM_AUTH_ERR}},
	{COSMO_E_SIGNED_OUT, {PAM_AUTH_ERR, PAM_AUTH_ERR}},
	{COSMO_E_REFRESH_INTERRUPTED, {PAM_AUTH_ERR, PAM_AUTH_ERR}},
	{COSMO_E_SERVICE, {PAM_PERM_DENIED, PAM_PERM_DENIED}},
	{COSMO_E_SERVICE_OFF, {PAM_PERM_DENIED, PAM_PERM_DENIED}},
	{COSMO_E_STEP_UP, {PAM_PERM_DENIED, PAM_PERM_DENIED}},
};

static struct pam_codes codes_of_class(enum cosmo_err_class class)
{
	switch (class) {
	case COSMO_CLASS_OK:
		return (struct pam_codes){PAM_SUCCESS, PAM_SUCCESS};
	case COSMO_CLASS_DENIED:
		return (struct pam_codes){PAM_AUTH_ERR, PAM_PERM_DENIED};
	case COSMO_CLASS_UNREACHABLE:
		return (struct pam_codes){PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL};
	case COSMO_CLASS_MISCONFIGURED:
		return (struct pam_codes){PAM_SERVICE_ERR, PAM_SERVICE_ERR};
	case COSMO_CLASS_BUSY:
		return (struct pam_codes){PAM_MAXTRIES, PAM_MAXTRIES};
	case COSMO_CLASS_INTERNAL:
		return (struct pam_codes){PAM_SYSTEM_ERR, PAM_SYSTEM_ERR};
	case COSMO_CLASS_NOT_OURS:
		return (struct pam_codes){PAM_IGNORE, PAM_PERM_DENIED};
	}
	return (struct pam_codes){PAM_SYSTEM_ERR, PAM_SYSTEM_ERR};
}

static struct pam_codes codes_of(enum cosmo_err err)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(particular); i++)
		if (particular[i].err == err)
			return particular[i].codes;
	return codes_of_class(cosmo_err_class(err));
}

int pam_result(enum pam_phase phase, enum cosmo_err err, bool is_sshd)
{
	struct pam_codes codes = codes_of(err);
	bool is_final = err != COSMO_OK && err != COSMO_E_NOT_OURS;

	switch (phase) {
	case PHASE_AUTHENTICATE:
		return is_sshd && is_final ? PAM_MAXTRIES : codes.authenticate;
	case PHASE_ACCOUNT:
		return codes.account;
	case PHASE_SETCRED:
		return err ? PAM_CRED_ERR : PAM_SUCCESS;
	case PHASE_OPEN_SESSION:
		return err ? PAM_SESSION_ERR : PAM_SUCCESS;
	case PHASE_CLOSE_SESSION:
		return PAM_SUCCESS;
	case PHASE_PASSWORD:
		return PAM_PERM_DENIED;
	}
	return PAM_SYSTEM_ERR;
}

/* All that pam_result() has. */
static const struct {
	int code;
	const char *name;
} names[] = {
	{PAM_SUCCESS, "PAM_SUCCESS"},
	{PAM_SYSTEM_ERR, "PAM_SYSTEM_ERR"},
	{PAM_SERVICE_ERR, "PAM_SERVICE_ERR"},
	{PAM_BUF_ERR, "PAM_BUF_ERR"},
	{PAM_PERM_DENIED, "PAM_PERM_DENIED"},
	{PAM_AUTH_ERR, "PAM_AUTH_ERR"},
	{PAM_CRED_INSUFFICIENT, "PAM_CRED_INSUFFICIENT"},
	{PAM_AUTHINFO_UNAVAIL, "PAM_AUTHINFO_UNAVAIL"},
	{PAM_USER_UNKNOWN, "PAM_USER_UNKNOWN"},
	{PAM_MAXTRIES, "PAM_MAXTRIES"},
	{PAM_ACCT_EXPIRED, "PAM_ACCT_EXPIRED"},
	{PAM_CONV_ERR, "PAM_CONV_ERR"},
	{PAM_IGNORE, "PAM_IGNORE"},
	{PAM_CRED_ERR, "PAM_CRED_ERR"},
	{PAM_SESSION_ERR, "PAM_SESSION_ERR"},
};

const char *pam_result_name(int code)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++)
		if (names[i].code == code)
			return names[i].name;
	return NULL;
}
