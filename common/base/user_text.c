/* SPDX-License-Identifier: MIT */
/*
 * Everything that a person can see at a sign-in: the lines around the code, and one sentence or two
 * for each failure: what happened, why, and what to do next. Read by people, not by programs. Words
 * of our trade mean nothing to them: no issuer, claim, grant or token.
 */
#include "common/base/user_text.h"

#include "common/base/auto.h"
#include "common/base/err.h"

#define ASK_ADMIN   " Please ask the administrator of this host."
#define TRY_LATER   " Please try again later."
#define START_AGAIN " Start again to get a new code."

static const char *const lines[] = {
	[USER_TEXT_SIGN_IN] = "Sign in to {host} as {user}. Approve on this page:",
	[USER_TEXT_SIGN_IN_FROM] =
		"Sign in to {host} as {user} from {source}. Approve on this page:",
	[USER_TEXT_SIGN_IN_TEST] = "Test sign-in at {host}. Approve on this page:",
	[USER_TEXT_CODE] = "Code: {code}   Valid for {left}",
	[USER_TEXT_WARNING] = "Do not approve a sign-in you did not start.",
	[USER_TEXT_ENTER] = "Press Enter after approving: ",
	[USER_TEXT_ENTER_AGAIN] = "Press Enter after approving {code} at {uri}: ",
	[USER_TEXT_STILL_WAITING] = "Still waiting, {left} left. Press Enter after approving. ",
	[USER_TEXT_WAITING] = "Waiting for the approval ...",
	[USER_TEXT_WAITING_AGAIN] = "Waiting for the approval of {code} at {uri} ...",
	[USER_TEXT_SHORT] =
		"Sign in to {host} as {user}: open {uri} and enter the code {code} (valid for {left}). Do not approve a sign-in you did not start.",
	[USER_TEXT_SHORT_FROM] =
		"Sign in to {host} as {user} from {source}: open {uri} and enter the code {code} (valid for {left}). Do not approve a sign-in you did not start.",
	[USER_TEXT_PASSWORD] =
		"Your password is managed at your organization's sign-in server. Please change it there.",
	[USER_TEXT_TRY_AGAIN] = "There were too many sign-in attempts. Please try again in {left}.",
	[USER_TEXT_DISCONNECTED_ON] = ("Single sign-on is disconnected on {host}." ASK_ADMIN),
	[USER_TEXT_DISCONNECTED_SINCE] =
		("Single sign-on is disconnected on {host} since {since}." ASK_ADMIN),
	[USER_TEXT_ON_LEASE] =
		"The sign-in server has not confirmed your role since {since}. It counts until {until} all the same.",
	[USER_TEXT_LEASE_OVER_SINCE] =
		"Your role does not count since {since}, because it could not be confirmed with the sign-in server. Please sign in again with the code.",
};

_Static_assert(COSMO_ARRAY_LEN(lines) == USER_TEXT_COUNT, "a text for each line");

const char *user_text(enum user_text which)
{
	return lines[which];
}

static const char *const texts[] = {
	[COSMO_OK] = "Done.",
	[COSMO_E_INTERNAL] = "Single sign-on failed because of a fault on this host." ASK_ADMIN,
	[COSMO_E_NOMEM] = "This host is out of memory." TRY_LATER,
	[COSMO_E_IO] = "Single sign-on could not read or write a file on this host." ASK_ADMIN,
	[COSMO_E_INVALID] = "What was given is not valid. Please check it and try again.",
	[COSMO_E_RANGE] = "An answer was too long for the program that asked for it." ASK_ADMIN,
	[COSMO_E_TOO_BIG] = "What was received is larger than allowed and was refused." ASK_ADMIN,
	[COSMO_E_FORMAT] =
		"What was received is not in the expected form and was refused." ASK_ADMIN,
	[COSMO_E_NOT_FOUND] = "There is no such user or entry. Please check the spelling.",
	[COSMO_E_EXISTS] = "This exists already. Nothing was changed.",
	[COSMO_E_UNSAFE_FILE] =
		"A file of single sign-on is not protected on this host as it must be, and is not used." ASK_ADMIN,
	[COSMO_E_PROTOCOL] =
		"The parts of single sign-on on this host do not understand each other; they may be of different versions." ASK_ADMIN,
	[COSMO_E_PEER_GONE] =
		"A part of single sign-on ended before it had answered. Please try again; if it happens again, ask the administrator of this host.",
	[COSMO_E_SANDBOX] = "A part of single sign-on could not be started safely." ASK_ADMIN,
	[COSMO_E_SPAWN] = "A part of single sign-on could not be started." ASK_ADMIN,
	[COSMO_E_STORE_DAMAGED] =
		"The user database of single sign-on is damaged. Please ask the administrator of this host to rebuild it.",
	[COSMO_E_STORE_MISSING] =
		"The user database of single sign-on is missing. Please ask the administrator of this host to rebuild it.",
	[COSMO_E_NOT_ROOT] =
		"This takes a program that runs as root. Run it as root, or sign in over SSH or on the console.",
	[COSMO_E_CONFIG] = "The configuration of single sign-on has an error." ASK_ADMIN,
	[COSMO_E_BUSY] = "Single sign-on is busy on this host. Please try again in a moment.",
	[COSMO_E_TIMEOUT] = "This took too long and was given up. Please try again.",
	[COSMO_E_CANCELLED] = "The sign-in was cancelled." START_AGAIN,
	[COSMO_E_NO_PROMPT] =
		"Signing in takes a code that you approve, and this program cannot show one. Run it in a terminal (ssh -t), or sign in over SSH or on the console first.",

	[COSMO_E_DNS] = "The address of the sign-in server could not be found." TRY_LATER,
	[COSMO_E_CONNECT] = "The sign-in server could not be reached." TRY_LATER,
	[COSMO_E_TLS] = "No secure connection to the sign-in server could be made." TRY_LATER,
	[COSMO_E_TLS_TRUST] =
		"The sign-in server's certificate is not trusted by this host." ASK_ADMIN,
	[COSMO_E_PROXY] = "The proxy on the way to the sign-in server refused." TRY_LATER,
	[COSMO_E_IDP_TIMEOUT] = "The sign-in server did not answer in time." TRY_LATER,
	[COSMO_E_IDP_DROPPED] = "The sign-in server broke off its answer." TRY_LATER,
	[COSMO_E_IDP_REDIRECT] =
		"The sign-in server redirects to another address, which is not followed." ASK_ADMIN,
	[COSMO_E_IDP_BODY_TOO_BIG] =
		"The sign-in server's answer is larger than allowed." ASK_ADMIN,
	[COSMO_E_IDP_STATUS] = "The sign-in server reports a fault of its own." TRY_LATER,
	[COSMO_E_IDP_NOT_JSON] = "The sign-in server's answer could not be understood." TRY_LATER,
	[COSMO_E_IDP_FIELD] = "The sign-in server's answer lacks a required part." ASK_ADMIN,
	[COSMO_E_IDP_ISSUER] =
		"The sign-in server names itself differently from what is configured." ASK_ADMIN,
	[COSMO_E_IDP_GONE] =
		"There is no sign-in server at the configured address any more." ASK_ADMIN,
	[COSMO_E_IDP_NO_DEVICE_GRANT] =
		"The sign-in server does not offer signing in by code." ASK_ADMIN,
	[COSMO_E_IDP_NO_KEYS] =
		"The sign-in server publishes no keys to check its answers by." ASK_ADMIN,
	[COSMO_E_IDP_CLIENT] =
		"The sign-in server does not know this host, or does not accept its credentials." ASK_ADMIN,
	[COSMO_E_IDP_GRANT_TYPE] =
		"The sign-in server does not allow this host to sign people in by code." ASK_ADMIN,
	[COSMO_E_IDP_SCOPE] = "The sign-in server refuses what this host asks it for." ASK_ADMIN,
	[COSMO_E_IDP_RATE] =
		"The sign-in server asks for fewer requests. Please try again in some minutes.",
	[COSMO_E_IDP_ERROR] = "The sign-in server reported an error." TRY_LATER,

	[COSMO_E_PENDING] =
		"The sign-in has not been approved yet. Please approve it in the browser.",
	[COSMO_E_SLOW_DOWN] =
		"The sign-in has not been approved yet. Please approve it in the browser.",
	[COSMO_E_DENIED] = "The sign-in was denied in the browser." START_AGAIN
			   " If that was not you, tell the administrator of this host.",
	[COSMO_E_CODE_EXPIRED] = "The code expired before it was approved." START_AGAIN,
	[COSMO_E_DEADLINE] =
		"The time for signing in ended before the code was approved." START_AGAIN,
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
	[COSMO_E_USERINFO] = "The sign-in server did not tell the account's details." TRY_LATER,

	[COSMO_E_NAME_MISSING] = "The sign-in server did not send your login name." ASK_ADMIN,
	[COSMO_E_NAME_FORM] =
		"The login name that the sign-in server sent cannot be used on this host." ASK_ADMIN,
	[COSMO_E_CLAIM_MISSING] =
		"The sign-in server did not send your groups, so no role can be given." ASK_ADMIN,
	[COSMO_E_CLAIM_TYPE] =
		"The sign-in server sent your groups in a form that is not understood." ASK_ADMIN,
	[COSMO_E_CLAIM_OVERAGE] =
		"You are in more groups than the sign-in server sends, so no role can be given." ASK_ADMIN,
	[COSMO_E_RULES_EMPTY] =
		"The configuration of single sign-on has no rule that gives a role." ASK_ADMIN,
	[COSMO_E_RULE_PATTERN] =
		"A rule that gives roles has a pattern that is not valid." ASK_ADMIN,
	[COSMO_E_RULE_LIMIT] =
		"A rule that gives roles took too long on your groups and was stopped." ASK_ADMIN,
	[COSMO_E_RULE_ROLE] = "A rule gives a role that does not exist on this host." ASK_ADMIN,
	[COSMO_E_NO_ROLE] = "None of your groups gives you a role on this host." ASK_ADMIN,

	[COSMO_E_NOT_OURS] = "This account is not managed by single sign-on.",
	[COSMO_E_DISCONNECTED] = "Single sign-on is disconnected on this host." ASK_ADMIN,
	[COSMO_E_INTEGRATION_CHANGED] =
		"Single sign-on was reconnected on this host since you signed in. Please sign in again.",
	[COSMO_E_OTHER_USER] =
		"The code was approved by somebody else than the user who is signing in. Nothing was changed. Start again, and approve the code with the account of that name.",
	[COSMO_E_OTHER_SUBJECT] =
		"This login name belongs to another account of your organization." ASK_ADMIN,
	[COSMO_E_SUBJECT_TAKEN] =
		"Your account is known on this host under another login name. Use that name, or ask the administrator of this host.",
	[COSMO_E_NAME_RESERVED] =
		"This login name is reserved on this host and cannot be used." ASK_ADMIN,
	[COSMO_E_UID] = "No user id can be given to this account." ASK_ADMIN,
	[COSMO_E_HOME_FOREIGN] =
		"The home directory of this name exists and belongs to somebody else." ASK_ADMIN,
	[COSMO_E_ENROLL_OFF] = "New accounts are not added to this host automatically." ASK_ADMIN,
	[COSMO_E_BUDGET] = "There were too many sign-in attempts." TRY_LATER,
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
	[COSMO_E_LOGIN_AGAIN] =
		"Your account was created or changed just now. Please log in again.",
	[COSMO_E_MACHINE] =
		"The user database belongs to another machine; single sign-on is disconnected here." ASK_ADMIN,
	[COSMO_E_REPLACED] =
		"This sign-in has ended because a newer one was begun from the same place. Please go on with the newer one.",
	[COSMO_E_OTHER_ISSUER] =
		"This login name belongs to an account at the sign-in server that this host used before. Please ask the administrator of this host to let your present account have the name.",
	[COSMO_E_SIGNED_OUT] =
		"An administrator of this host signed you out. Please sign in again with the code.",
	[COSMO_E_REFRESH_INTERRUPTED] =
		"Your sign-in could not be renewed, because an earlier renewal was interrupted. Please sign in again with the code.",
	[COSMO_E_REFRESH_NO_CLAIMS] =
		"The sign-in server did not say whether you still have your role." TRY_LATER,
	[COSMO_E_RENAMED] =
		"Your account has another login name at the sign-in server than on this host." ASK_ADMIN,
	[COSMO_E_FIRST_METHOD] =
		"This host takes the code only after another proof, such as your SSH key. Please connect again with your key.",
	[COSMO_E_MASS_REFUSAL] =
		"The sign-in server refused more than a third of the users, so the others were not asked about. Please look there before you run this again.",
	[COSMO_E_NO_REFRESH_TOKEN] =
		"The sign-in server can be asked about this user at a sign-in only. Please wait for the next one.",
};

_Static_assert(
	sizeof(texts) / sizeof(texts[0]) == COSMO_E_NO_REFRESH_TOKEN + 1, "a text for each error");

const char *cosmo_err_text(enum cosmo_err err)
{
	const char *text = (size_t)err < sizeof(texts) / sizeof(texts[0]) ? texts[err] : NULL;

	return text ? text : texts[COSMO_E_INTERNAL];
}
