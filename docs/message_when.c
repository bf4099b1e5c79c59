/* SPDX-License-Identifier: MIT */
#include "docs/message_when.h"

#include <stddef.h>

#define NEVER              "not at a sign-in; `cosmo-ssoctl` alone says it"
#define LOGGED             "never: it is in the log, for the role holds on"
#define SHOWN_OR_ENTRY     "while the code is shown, or at an entry"
#define BETWEEN            "never: a state between two answers"
#define ANYWHERE           "at any point"
#define BEFORE             "before a code is shown"
#define ASKED              "when the sign-in server is asked"
#define SHOWN              "while the code is shown"
#define UNTIL              "until the code is approved"
#define APPROVED           "after the code was approved"
#define ENTRY              "at an entry"
#define BEFORE_OR_APPROVED "before a code is shown, or after it was approved"
#define APPROVED_OR_ENTRY  "after the code was approved, or at an entry"

static const char *const failures[] = {
	[COSMO_OK] = NEVER,
	[COSMO_E_INTERNAL] = ANYWHERE,
	[COSMO_E_NOMEM] = ANYWHERE,
	[COSMO_E_IO] = ANYWHERE,
	[COSMO_E_INVALID] = ANYWHERE,
	[COSMO_E_RANGE] = ANYWHERE,
	[COSMO_E_TOO_BIG] = ANYWHERE,
	[COSMO_E_FORMAT] = ANYWHERE,
	[COSMO_E_NOT_FOUND] = ANYWHERE,
	[COSMO_E_EXISTS] = NEVER,
	[COSMO_E_UNSAFE_FILE] = ANYWHERE,
	[COSMO_E_PROTOCOL] = ANYWHERE,
	[COSMO_E_PEER_GONE] = ANYWHERE,
	[COSMO_E_SANDBOX] = ANYWHERE,
	[COSMO_E_SPAWN] = ANYWHERE,
	[COSMO_E_STORE_DAMAGED] = ANYWHERE,
	[COSMO_E_STORE_MISSING] = ANYWHERE,
	[COSMO_E_NOT_ROOT] = BEFORE,
	[COSMO_E_CONFIG] = ANYWHERE,
	[COSMO_E_BUSY] = ANYWHERE,
	[COSMO_E_TIMEOUT] = ANYWHERE,
	[COSMO_E_CANCELLED] = SHOWN,
	[COSMO_E_NO_PROMPT] = BEFORE,
	[COSMO_E_DNS] = ASKED,
	[COSMO_E_CONNECT] = ASKED,
	[COSMO_E_TLS] = ASKED,
	[COSMO_E_TLS_TRUST] = ASKED,
	[COSMO_E_PROXY] = ASKED,
	[COSMO_E_IDP_TIMEOUT] = ASKED,
	[COSMO_E_IDP_DROPPED] = ASKED,
	[COSMO_E_IDP_REDIRECT] = ASKED,
	[COSMO_E_IDP_BODY_TOO_BIG] = ASKED,
	[COSMO_E_IDP_STATUS] = ASKED,
	[COSMO_E_IDP_NOT_JSON] = ASKED,
	[COSMO_E_IDP_FIELD] = ASKED,
	[COSMO_E_IDP_ISSUER] = BEFORE,
	[COSMO_E_IDP_GONE] = BEFORE,
	[COSMO_E_IDP_NO_DEVICE_GRANT] = BEFORE,
	[COSMO_E_IDP_NO_KEYS] = ASKED,
	[COSMO_E_IDP_CLIENT] = ASKED,
	[COSMO_E_IDP_GRANT_TYPE] = ASKED,
	[COSMO_E_IDP_SCOPE] = BEFORE,
	[COSMO_E_IDP_RATE] = ASKED,
	[COSMO_E_IDP_ERROR] = ASKED,
	[COSMO_E_PENDING] = BETWEEN,
	[COSMO_E_SLOW_DOWN] = BETWEEN,
	[COSMO_E_DENIED] = SHOWN,
	[COSMO_E_CODE_EXPIRED] = SHOWN,
	[COSMO_E_DEADLINE] = UNTIL,
	[COSMO_E_INVALID_GRANT] = SHOWN_OR_ENTRY,
	[COSMO_E_NO_ID_TOKEN] = APPROVED,
	[COSMO_E_JWS_FORM] = APPROVED,
	[COSMO_E_JWS_ALG] = APPROVED,
	[COSMO_E_JWS_CRIT] = APPROVED,
	[COSMO_E_JWS_KEY] = APPROVED,
	[COSMO_E_JWS_SIGNATURE] = APPROVED,
	[COSMO_E_TOKEN_ISS] = APPROVED,
	[COSMO_E_TOKEN_AUD] = APPROVED,
	[COSMO_E_TOKEN_AZP] = APPROVED,
	[COSMO_E_TOKEN_EXPIRED] = APPROVED,
	[COSMO_E_TOKEN_EARLY] = APPROVED,
	[COSMO_E_TOKEN_SUB] = APPROVED,
	[COSMO_E_TOKEN_CLAIM] = APPROVED,
	[COSMO_E_USERINFO_SUB] = APPROVED,
	[COSMO_E_USERINFO] = APPROVED,
	[COSMO_E_NAME_MISSING] = APPROVED,
	[COSMO_E_NAME_FORM] = APPROVED,
	[COSMO_E_CLAIM_MISSING] = APPROVED_OR_ENTRY,
	[COSMO_E_CLAIM_TYPE] = APPROVED,
	[COSMO_E_CLAIM_OVERAGE] = APPROVED,
	[COSMO_E_RULES_EMPTY] = BEFORE,
	[COSMO_E_RULE_PATTERN] = BEFORE,
	[COSMO_E_RULE_LIMIT] = APPROVED,
	[COSMO_E_RULE_ROLE] = BEFORE_OR_APPROVED,
	[COSMO_E_NO_ROLE] = APPROVED_OR_ENTRY,
	[COSMO_E_NOT_OURS] = NEVER,
	[COSMO_E_DISCONNECTED] = ANYWHERE,
	[COSMO_E_INTEGRATION_CHANGED] = ANYWHERE,
	[COSMO_E_OTHER_USER] = APPROVED,
	[COSMO_E_OTHER_SUBJECT] = APPROVED_OR_ENTRY,
	[COSMO_E_SUBJECT_TAKEN] = APPROVED,
	[COSMO_E_NAME_RESERVED] = ANYWHERE,
	[COSMO_E_UID] = APPROVED,
	[COSMO_E_HOME_FOREIGN] = APPROVED,
	[COSMO_E_ENROLL_OFF] = BEFORE_OR_APPROVED,
	[COSMO_E_BUDGET] = BEFORE,
	[COSMO_E_LOCKED] = ANYWHERE,
	[COSMO_E_REMOVED] = ANYWHERE,
	[COSMO_E_NOT_ENROLLED] = ENTRY,
	[COSMO_E_STEP_UP] = APPROVED,
	[COSMO_E_SERVICE] = APPROVED_OR_ENTRY,
	[COSMO_E_SERVICE_OFF] = BEFORE,
	[COSMO_E_LEASE_OVER] = ENTRY,
	[COSMO_E_LOGIN_AGAIN] = ANYWHERE,
	[COSMO_E_MACHINE] = ANYWHERE,
	[COSMO_E_REPLACED] = SHOWN,
	[COSMO_E_OTHER_ISSUER] = APPROVED,
	[COSMO_E_SIGNED_OUT] = APPROVED_OR_ENTRY,
	[COSMO_E_REFRESH_INTERRUPTED] = ENTRY,
	[COSMO_E_REFRESH_NO_CLAIMS] = LOGGED,
	[COSMO_E_RENAMED] = ENTRY,
	[COSMO_E_FIRST_METHOD] = BEFORE,
	[COSMO_E_MASS_REFUSAL] = NEVER,
	[COSMO_E_NO_REFRESH_TOKEN] = NEVER,
};

static const char *const lines[] = {
	[USER_TEXT_SIGN_IN] = "first line, where the person sits at the host",
	[USER_TEXT_SIGN_IN_FROM] = "first line, where the person comes over the network",
	[USER_TEXT_SIGN_IN_TEST] = "first line of a test sign-in (`cosmo-ssoctl login-test`)",
	[USER_TEXT_CODE] = "below the address of the page, which has a line of its own",
	[USER_TEXT_WARNING] = "below the code",
	[USER_TEXT_ENTER] = "last line over SSH, without a QR code",
	[USER_TEXT_ENTER_AGAIN] =
		"last line over SSH; a QR code may have pushed the first lines off the screen",
	[USER_TEXT_STILL_WAITING] = "over SSH, where Enter came 20 seconds before the approval",
	[USER_TEXT_WAITING] = "last line at a terminal, which goes on by itself",
	[USER_TEXT_WAITING_AGAIN] = "last line at a terminal of unknown size, below a QR code",
	[USER_TEXT_SHORT] = "all that a login screen shows, where the person sits at the host",
	[USER_TEXT_SHORT_FROM] = "all that a login screen shows to somebody from elsewhere",
	[USER_TEXT_PASSWORD] = "when `passwd` or the like is to change the password",
	[USER_TEXT_TRY_AGAIN] =
		"in place of `budget`, where it is known when the next attempt is let through",
	[USER_TEXT_DISCONNECTED_ON] =
		"in place of `disconnected`, where it is not known since when: the host was never connected, or its disconnect could not be written to the disk",
	[USER_TEXT_DISCONNECTED_SINCE] = "in place of `disconnected`, where that is known",
	[USER_TEXT_ON_LEASE] =
		"when somebody gets in while refreshes have no answer, over SSH at a terminal or at the console",
	[USER_TEXT_LEASE_OVER_SINCE] =
		"there too, when that has lasted too long; in place of `lease_over`, where it is known since when",
};

const char *err_when(enum cosmo_err err)
{
	return (size_t)err < sizeof(failures) / sizeof(failures[0]) ? failures[err] : NULL;
}

const char *user_text_when(enum user_text which)
{
	return (size_t)which < sizeof(lines) / sizeof(lines[0]) ? lines[which] : NULL;
}
