/* SPDX-License-Identifier: MIT */
/* One sentence or two for each failure: what happened, why, and what to do next. Read by people,
 * not by programs. */
#include "common/base/err.h"

#define ASK_ADMIN " Please ask the administrator of this host."

static const char *const texts[] = {
	[COSMO_OK] = "Done.",
	[COSMO_E_INTERNAL] = "Single sign-on failed because of a fault on this host." ASK_ADMIN,
	[COSMO_E_NOMEM] = "This host is out of memory. Please try again later.",
	[COSMO_E_IO] = "This host could not read or write its own files." ASK_ADMIN,
	[COSMO_E_INVALID] = "What was given is not valid. Please check it and try again.",
	[COSMO_E_RANGE] = "The answer does not fit the space given for it." ASK_ADMIN,
	[COSMO_E_TOO_BIG] = "What was received is larger than allowed and was refused." ASK_ADMIN,
	[COSMO_E_FORMAT] = "What was received is malformed and was refused." ASK_ADMIN,
	[COSMO_E_NOT_FOUND] = "There is no such user or entry. Please check the spelling.",
	[COSMO_E_EXISTS] = "This exists already; nothing was changed.",
	[COSMO_E_UNSAFE_FILE] =
		"A file of single sign-on has the wrong owner, mode or type and is not used." ASK_ADMIN,
	[COSMO_E_PROTOCOL] =
		"The parts of cosmo-sso on this host do not understand each other; they may be of different versions." ASK_ADMIN,
	[COSMO_E_PEER_GONE] = "A part of cosmo-sso ended before it had answered." ASK_ADMIN,
	[COSMO_E_SANDBOX] =
		"A part of cosmo-sso could not be confined and did not start." ASK_ADMIN,
	[COSMO_E_SPAWN] = "A part of cosmo-sso could not be started." ASK_ADMIN,
	[COSMO_E_STORE_DAMAGED] =
		"The user database of single sign-on is damaged. Please ask the administrator of this host to rebuild it.",
	[COSMO_E_STORE_MISSING] =
		"The user database of single sign-on is missing. Please ask the administrator of this host to rebuild it.",
	[COSMO_E_NOT_ROOT] = "Only root may do this.",
	[COSMO_E_CONFIG] = "The configuration of single sign-on has an error." ASK_ADMIN,
	[COSMO_E_BUSY] = "Single sign-on is busy on this host. Please try again in a moment.",
	[COSMO_E_TIMEOUT] = "This took too long and was given up. Please try again.",
	[COSMO_E_CANCELLED] = "The sign-in was cancelled. Connect again to start a new one.",
	[COSMO_E_NO_PROMPT] =
		"Signing in needs a conversation with you, and this program offers none. Sign in over SSH or on the console first.",

	[COSMO_E_DNS] =
		"The name of the sign-in server could not be resolved. Please try again later.",
	[COSMO_E_CONNECT] = "The sign-in server could not be reached. Please try again later.",
	[COSMO_E_TLS] =
		"No secure connection to the sign-in server could be made. Please try again later.",
	[COSMO_E_TLS_TRUST] =
		"The sign-in server's certificate is not trusted by this host." ASK_ADMIN,
	[COSMO_E_PROXY] =
		"The proxy on the way to the sign-in server refused. Please try again later.",
	[COSMO_E_IDP_TIMEOUT] =
		"The sign-in server did not answer in time. Please try again later.",
	[COSMO_E_IDP_DROPPED] = "The sign-in server broke off its answer. Please try again later.",
	[COSMO_E_IDP_REDIRECT] =
		"The sign-in server redirects to another address, which is not followed." ASK_ADMIN,
	[COSMO_E_IDP_BODY_TOO_BIG] =
		"The sign-in server's answer is larger than allowed." ASK_ADMIN,
	[COSMO_E_IDP_STATUS] =
		"The sign-in server reports a fault of its own. Please try again later.",
	[COSMO_E_IDP_NOT_JSON] =
		"The sign-in server's answer could not be understood. Please try again later.",
	[COSMO_E_IDP_FIELD] = "The sign-in server's answer lacks a required part." ASK_ADMIN,
	[COSMO_E_IDP_ISSUER] =
		"The sign-in server names itself differently from what is configured." ASK_ADMIN,
	[COSMO_E_IDP_GONE] =
		"There is no sign-in server at the configured address any more." ASK_ADMIN,
	[COSMO_E_IDP_NO_DEVICE_GRANT] =
		"The sign-in server does not offer signing in by code." ASK_ADMIN,
	[COSMO_E_IDP_NO_KEYS] = "The sign-in server publishes no usable signing keys." ASK_ADMIN,
	[COSMO_E_IDP_CLIENT] =
		"The sign-in server does not know this host, or does not accept its credentials." ASK_ADMIN,
	[COSMO_E_IDP_GRANT_TYPE] =
		"The sign-in server does not allow this host to sign people in by code." ASK_ADMIN,
	[COSMO_E_IDP_SCOPE] = "The sign-in server refuses what this host asks it for." ASK_ADMIN,
	[COSMO_E_IDP_RATE] =
		"The sign-in server asks for fewer requests. Please try again in some minutes.",
	[COSMO_E_IDP_ERROR] = "The sign-in server reported an error. Please try again later.",

	[COSMO_E_PENDING] = "The sign-in has not been approved yet.",
	[COSMO_E_SLOW_DOWN] = "The sign-in has not been approved yet.",
	[COSMO_E_DENIED] =
		"The sign-in was denied in the browser. If that was not you, tell your administrator.",
	[COSMO_E_CODE_EXPIRED] =
		"The code expired before it was approved. Connect again to get a new one.",
	[COSMO_E_DEADLINE] =
		"The time for signing in ended before the code was approved. Connect again to get a new one.",
	[COSMO_E_INVALID_GRANT] =
		"The sign-in server no longer accepts this sign-in. Please sign in again.",

	[COSMO_E_NO_ID_TOKEN] = "The sign-in server sent no proof of who you are." ASK_ADMIN,
	[COSMO_E_JWS_FORM] = "The proof of who you are is malformed and was refused." ASK_ADMIN,
	[COSMO_E_JWS_ALG] =
		"The proof of who you are is signed in a way that is not allowed here." ASK_ADMIN,
	[COSMO_E_JWS_CRIT] =
		"The proof of who you are demands something that is not supported here." ASK_ADMIN,
	[COSMO_E_JWS_KEY] =
		"The proof of who you are is signed with a key that the sign-in server does not publish." ASK_ADMIN,
	[COSMO_E_JWS_SIGNATURE] =
		"The signature on the proof of who you are is wrong. The sign-in was refused." ASK_ADMIN,
	[COSMO_E_TOKEN_ISS] =
		"The proof of who you are comes from another sign-in server than the configured one." ASK_ADMIN,
	[COSMO_E_TOKEN_AUD] =
		"The proof of who you are was made for another application than this host." ASK_ADMIN,
	[COSMO_E_TOKEN_AZP] =
		"The proof of who you are was issued to another application than this host." ASK_ADMIN,
	[COSMO_E_TOKEN_EXPIRED] =
		"The proof of who you are had expired when it arrived; a clock may be wrong." ASK_ADMIN,
	[COSMO_E_TOKEN_EARLY] =
		"The proof of who you are is not valid yet; a clock may be wrong." ASK_ADMIN,
	[COSMO_E_TOKEN_SUB] = "The proof of who you are names no account." ASK_ADMIN,
	[COSMO_E_TOKEN_CLAIM] =
		"The proof of who you are lacks a required part, or has one in a wrong form." ASK_ADMIN,
	[COSMO_E_USERINFO_SUB] =
		"The sign-in server's two answers are about different people. The sign-in was refused." ASK_ADMIN,
	[COSMO_E_USERINFO] =
		"The sign-in server did not tell the account's details. Please try again later.",

	[COSMO_E_NAME_MISSING] = "The sign-in server did not send your login name." ASK_ADMIN,
	[COSMO_E_NAME_FORM] =
		"The login name that the sign-in server sent cannot be used on this host." ASK_ADMIN,
	[COSMO_E_CLAIM_MISSING] =
		"The sign-in server did not send your groups, so no role can be given." ASK_ADMIN,
	[COSMO_E_CLAIM_TYPE] =
		"The sign-in server sent your groups in a form that is not understood." ASK_ADMIN,
	[COSMO_E_CLAIM_OVERAGE] =
		"You are in more groups than the sign-in server sends, so no role can be given." ASK_ADMIN,
	[COSMO_E_RULES_EMPTY] = "The configuration has no role rule." ASK_ADMIN,
	[COSMO_E_RULE_PATTERN] = "A role rule has a pattern that is not valid." ASK_ADMIN,
	[COSMO_E_RULE_LIMIT] =
		"A role rule took too long on your groups and was stopped." ASK_ADMIN,
	[COSMO_E_RULE_ROLE] = "A role rule names a role that is not declared." ASK_ADMIN,
	[COSMO_E_NO_ROLE] = "None of your groups gives you a role on this host." ASK_ADMIN,

	[COSMO_E_NOT_OURS] = "This account is not managed by single sign-on.",
	[COSMO_E_DISCONNECTED] = "Single sign-on is disconnected on this host." ASK_ADMIN,
	[COSMO_E_INTEGRATION_CHANGED] =
		"Single sign-on was reconnected on this host since you signed in. Please sign in again.",
	[COSMO_E_OTHER_USER] =
		"The code was approved by somebody else than the user who is signing in. Nothing was changed. Connect again, and approve the code with the account of that name.",
	[COSMO_E_OTHER_SUBJECT] =
		"This login name belongs to another account of your organization." ASK_ADMIN,
	[COSMO_E_SUBJECT_TAKEN] =
		"Your account is enrolled on this host under another login name. Use that name, or ask the administrator.",
	[COSMO_E_NAME_RESERVED] =
		"This login name is reserved on this host and cannot be enrolled." ASK_ADMIN,
	[COSMO_E_UID] = "No user id can be given to this account." ASK_ADMIN,
	[COSMO_E_HOME_FOREIGN] =
		"The home directory of this name exists and belongs to somebody else." ASK_ADMIN,
	[COSMO_E_ENROLL_OFF] =
		"New accounts are not enrolled on this host automatically." ASK_ADMIN,
	[COSMO_E_BUDGET] = "There were too many sign-in attempts. Please try again later.",
	[COSMO_E_LOCKED] = "This account is locked on this host." ASK_ADMIN,
	[COSMO_E_REMOVED] = "This account was removed from this host." ASK_ADMIN,
	[COSMO_E_NOT_ENROLLED] =
		"This account has never signed in on this host. Sign in with the code first.",
	[COSMO_E_STEP_UP] =
		"This service asks for a stronger or more recent sign-in than the one made." ASK_ADMIN,
	[COSMO_E_SERVICE] = "Your role does not allow this service." ASK_ADMIN,
	[COSMO_E_SERVICE_OFF] =
		"Signing in with the code is switched off for this service." ASK_ADMIN,
	[COSMO_E_LEASE_OVER] =
		"Your role could not be confirmed with the sign-in server for too long. Please sign in again with the code.",
	[COSMO_E_LOGIN_AGAIN] = "Your account has been created. Please log in again.",
	[COSMO_E_MACHINE] =
		"The user database belongs to another machine; single sign-on is disconnected here." ASK_ADMIN,
};

_Static_assert(sizeof(texts) / sizeof(texts[0]) == COSMO_E_MACHINE + 1, "a text for each error");

const char *cosmo_err_text(enum cosmo_err err)
{
	const char *text = (size_t)err < sizeof(texts) / sizeof(texts[0]) ? texts[err] : NULL;

	return text ? text : texts[COSMO_E_INTERNAL];
}
