/* SPDX-License-Identifier: MIT */
#include "docs/man/err_advice.h"

#include <stddef.h>

#define LOG          "The log line's detail says which."
#define NOTHING      "Nothing."
#define TRY_AGAIN    "Nothing, if it passes. "
#define TELL_US      "A fault of cosmo-sso: please report it with the log lines around it."
#define REINSTALL    "Install all parts of one version again."
#define ASK_IDP      "Ask the IdP's administrator. "
#define CHECK_CONFIG "Run `cosmo-ssoctl check-config`; it names the line. "
#define TEST_ROLES   "Try the person's claims with `cosmo-ssoctl roles test`. "
#define VERIFY       "A token can be taken apart with `cosmo-ssoctl token verify`. "
#define SHOW_USER    "See `cosmo-ssoctl user show NAME`. "
#define REBUILD_USERS                                                                              \
	"`cosmo-ssoctl repair` makes users.1.db anew out of the private records, and tells what is damaged. "

static const char *const advice[] = {
	[COSMO_OK] = NOTHING,
	[COSMO_E_INTERNAL] = TELL_US,
	[COSMO_E_NOMEM] = "Find out what uses the memory; look for limits set on the service.",
	[COSMO_E_IO] =
		"Look for a full or read-only file system below /var/lib/cosmo-sso and /run, and for "
		"missing folders: `systemd-tmpfiles --create cosmo-sso.conf`.",
	[COSMO_E_INVALID] = "Correct what was typed. In a sign-in: " TELL_US,
	[COSMO_E_RANGE] = TELL_US,
	[COSMO_E_TOO_BIG] = "Give less: the detail names what is too large.",
	[COSMO_E_FORMAT] = "Correct the input: the detail names what is wrong with it.",
	[COSMO_E_NOT_FOUND] = "Check the spelling; `cosmo-ssoctl user list` shows who there is.",
	[COSMO_E_EXISTS] =
		"Nothing, if what was asked for is so already. Else the detail names what is in the way (a "
		"file, users that this host has, a connection), and what to do first.",
	[COSMO_E_UNSAFE_FILE] =
		"The file must be root's, a plain file, and not writable by group or others; a "
		"secret's not readable by them either. Find out who changed it. " LOG,
	[COSMO_E_PROTOCOL] = REINSTALL " If it stays: " TELL_US,
	[COSMO_E_PEER_GONE] =
		"Look in the log for the part's end (a crash, the kernel's out-of-memory killer).",
	[COSMO_E_SANDBOX] =
		"Do the users cosmo-sso-judge and cosmo-sso-fetch exist "
		"(`systemd-sysusers cosmo-sso.conf`)? Does the kernel, or the container's manager, "
		"allow new namespaces to root?",
	[COSMO_E_SPAWN] = "Is the package whole? " REINSTALL " Look for limits on processes.",
	[COSMO_E_STORE_DAMAGED] = REBUILD_USERS
	"If the private records are damaged themselves, take them from a backup with `cosmo-ssoctl restore`. A damaged record of the integration takes `cosmo-ssoctl disconnect`, then `connect`.",
	[COSMO_E_STORE_MISSING] = "If the host was never connected: nothing. Else " REBUILD_USERS,
	[COSMO_E_NOT_ROOT] =
		"Run the command as root. In a sign-in: the program that asks is not root, and "
		"cannot sign anybody in.",
	[COSMO_E_CONFIG] = CHECK_CONFIG "Then `cosmo-ssoctl apply`.",
	[COSMO_E_BUSY] = "Nothing, if it passes. If it stays, look for a helper that hangs.",
	[COSMO_E_TIMEOUT] = "Nothing, if it passes. If it stays, look at the host's load.",
	[COSMO_E_CANCELLED] = NOTHING " The person, or the client, gave up.",
	[COSMO_E_NO_PROMPT] = "The service cannot show a code. If people need not sign in there: "
			      "`auth = skip` in [service NAME].",

	[COSMO_E_DNS] = "Check the host's resolver and `issuer`.",
	[COSMO_E_CONNECT] = "Check route, firewall and `proxy`.",
	[COSMO_E_TLS] = "Check what stands between host and IdP: TLS 1.2 or newer is needed.",
	[COSMO_E_TLS_TRUST] =
		"Install ca-certificates, or name the authority in `ca_file`; check the host's clock.",
	[COSMO_E_PROXY] = "Check `proxy`, and its user and password.",
	[COSMO_E_IDP_TIMEOUT] = TRY_AGAIN "If it stays, check the way to the IdP.",
	[COSMO_E_IDP_DROPPED] = TRY_AGAIN "If it stays, look for a proxy that breaks connections.",
	[COSMO_E_IDP_REDIRECT] =
		"Write the address that is redirected to into `issuer`, if it is the IdP's own; "
		"redirects are never followed.",
	[COSMO_E_IDP_BODY_TOO_BIG] =
		"Answers of more than 256 KiB are refused: is `issuer` the right address?",
	[COSMO_E_IDP_STATUS] = TRY_AGAIN "If it stays: " ASK_IDP,
	[COSMO_E_IDP_NOT_JSON] =
		"Is `issuer` the right address? A proxy or a portal may answer in its place.",
	[COSMO_E_IDP_FIELD] =
		"Is `issuer` the right address? The detail names what lacks. " ASK_IDP,
	[COSMO_E_IDP_ISSUER] =
		"Write the issuer as the detail shows it, to the last slash, and run "
		"`cosmo-ssoctl connect`.",
	[COSMO_E_IDP_GONE] = "Has the tenant, realm or server been removed or renamed? " ASK_IDP,
	[COSMO_E_IDP_NO_DEVICE_GRANT] = "Switch the device authorization grant on at the IdP.",
	[COSMO_E_IDP_NO_KEYS] = ASK_IDP "Keys for the algorithms in `algs` must be in its key set.",
	[COSMO_E_IDP_CLIENT] =
		"Check `client_id`, `client_secret_file` and `client_auth`; is the client still there?",
	[COSMO_E_IDP_GRANT_TYPE] =
		"Allow the client the device authorization grant at the IdP; with Okta, in the access "
		"policy of the authorization server too.",
	[COSMO_E_IDP_SCOPE] = "Allow the client the scopes, or take them out of `scopes`.",
	[COSMO_E_IDP_RATE] = TRY_AGAIN "If it stays: fewer sign-ins, or a higher limit at the IdP.",
	[COSMO_E_IDP_ERROR] = "The detail has the IdP's own words. " ASK_IDP,

	[COSMO_E_PENDING] = NOTHING " A state between two questions; it is not an end.",
	[COSMO_E_SLOW_DOWN] = NOTHING " A state between two questions; it is not an end.",
	[COSMO_E_DENIED] = "Ask the person. If it was not them, somebody else typed their name.",
	[COSMO_E_CODE_EXPIRED] = NOTHING " The IdP sets how long a code lives.",
	[COSMO_E_DEADLINE] =
		"If it happens often: a longer `deadline` in [service NAME], and a longer "
		"LoginGraceTime for sshd.",
	[COSMO_E_INVALID_GRANT] =
		"At an entry: the IdP took the person's sign-in back (disabled, dismissed, sessions ended "
		"there); the person signs in again, if the IdP lets them. At a sign-in: nothing, if it "
		"passes; if the code was approved in time, look for two things that ask for the same one.",

	[COSMO_E_NO_ID_TOKEN] = "`scopes` must have openid, and the client must be an OIDC client.",
	[COSMO_E_JWS_FORM] = ASK_IDP VERIFY "Encrypted ID tokens are not supported.",
	[COSMO_E_JWS_ALG] =
		"Let the IdP sign with an algorithm out of `algs`, or extend `algs`. Symmetric "
		"algorithms and \"none\" are never accepted.",
	[COSMO_E_JWS_CRIT] = ASK_IDP "No critical extension is supported.",
	[COSMO_E_JWS_KEY] = ASK_IDP "The key set was fetched anew before this was said.",
	[COSMO_E_JWS_SIGNATURE] =
		"Take it seriously: the token was not made by the key it names. Check the way to the "
		"IdP. " VERIFY,
	[COSMO_E_TOKEN_ISS] = "`issuer` must be, byte for byte, the issuer in the tokens.",
	[COSMO_E_TOKEN_AUD] = "`client_id` must be in the token's aud. " VERIFY,
	[COSMO_E_TOKEN_AZP] = "The token's azp must be `client_id`. " VERIFY,
	[COSMO_E_TOKEN_EXPIRED] = "Set the host's clock; `skew` allows for up to 5m.",
	[COSMO_E_TOKEN_EARLY] = "Set the host's clock; `skew` allows for up to 5m.",
	[COSMO_E_TOKEN_SUB] = "The claims in `subject_claim` must be in the ID token.",
	[COSMO_E_TOKEN_CLAIM] = "The detail names the claim. " ASK_IDP,
	[COSMO_E_USERINFO_SUB] = "Take it seriously: the IdP told of two people. " ASK_IDP,
	[COSMO_E_USERINFO] =
		"Let the IdP put the claims into the ID token, or mend its userinfo endpoint.",

	[COSMO_E_NAME_MISSING] =
		"Let the IdP send the claim in `username_claim`, or name another one there. " TEST_ROLES,
	[COSMO_E_NAME_FORM] =
		"Login names are up to 32 of a-z 0-9 _ . - and start with a letter. Domains have to "
		"stand in `strip_domain`, or be kept with `keep_domains`. " TEST_ROLES,
	[COSMO_E_CLAIM_MISSING] =
		"Let the IdP send the claim in `claim`, or say `no_claim = viewer`. " TEST_ROLES,
	[COSMO_E_CLAIM_TYPE] =
		"The claim must be a text, a list of texts, or an object. " TEST_ROLES,
	[COSMO_E_CLAIM_OVERAGE] =
		"Let the IdP send fewer groups: those assigned to the application, or app roles.",
	[COSMO_E_RULES_EMPTY] =
		"Add a rule to [rules], or give `--rule` to `cosmo-ssoctl connect`.",
	[COSMO_E_RULE_PATTERN] = CHECK_CONFIG "It names the column, too.",
	[COSMO_E_RULE_LIMIT] = "Make the pattern simpler: no repetition within a repetition.",
	[COSMO_E_RULE_ROLE] = CHECK_CONFIG "Declare the role with [role NAME].",
	[COSMO_E_NO_ROLE] = "Give the person a group that a rule names. " TEST_ROLES,

	[COSMO_E_NOT_OURS] = NOTHING " The other modules of the stack decide.",
	[COSMO_E_DISCONNECTED] = "`cosmo-ssoctl status` says why; `cosmo-ssoctl connect` connects.",
	[COSMO_E_INTEGRATION_CHANGED] = NOTHING " It ends with the person's next sign-in.",
	[COSMO_E_OTHER_USER] =
		"Ask the person with which account they approved: `approved_by` in the log line. If "
		"they did not start the sign-in, somebody tried to have them approve it.",
	[COSMO_E_OTHER_SUBJECT] =
		"Find out whether this is the same person. If the login name went on to somebody else, "
		"give that person another one, or bind the name anew: `cosmo-ssoctl user rebind NAME`. "
		"The log line has the subject.",
	[COSMO_E_SUBJECT_TAKEN] =
		"The person signs in under the name that the log line tells; one person has one name. "
		"Only when that name is bound to somebody else (`cosmo-ssoctl user rebind NAME`) is the "
		"person free for another.",
	[COSMO_E_NAME_RESERVED] =
		"Local users and groups, role groups, a built-in list and `reserved` are never given "
		"out. Give the person another login name at the IdP.",
	[COSMO_E_UID] =
		"The uid lies outside of `uid_min` to `uid_max`, or is somebody else's. Check "
		"`uid_claim`.",
	[COSMO_E_HOME_FOREIGN] =
		"Look whose the home directory is: `ls -ldn`. Move it away, or give it to the uid that "
		"the person gets.",
	[COSMO_E_ENROLL_OFF] = "`cosmo-ssoctl user add NAME`, if `mode = listed`.",
	[COSMO_E_BUDGET] =
		"Somebody guesses names, or many people come at once: see [limits]. "
		"`cosmo-ssoctl user add NAME` takes a newcomer out of the limits for unknown names.",
	[COSMO_E_LOCKED] = SHOW_USER "`cosmo-ssoctl user unlock NAME` takes it back.",
	[COSMO_E_REMOVED] = SHOW_USER
	"`cosmo-ssoctl user add NAME` lets the same person come back with the same "
	"uid.",
	[COSMO_E_NOT_ENROLLED] =
		"The person signs in once with the code. A key in a left-over home opens nothing.",
	[COSMO_E_STEP_UP] =
		"[service NAME] demands `acr`, `amr` or `max_age` that the IdP did not confirm. Let it "
		"ask for the second factor.",
	[COSMO_E_SERVICE] = "See [access]. " SHOW_USER TEST_ROLES,
	[COSMO_E_SERVICE_OFF] = "`auth = deny` stands in [service NAME].",
	[COSMO_E_LEASE_OVER] = "Nothing: the person signs in again. See `role_lease`.",
	[COSMO_E_LOGIN_AGAIN] = NOTHING " The second sign-in succeeds.",
	[COSMO_E_MACHINE] =
		"The host is a copy of another, was restored, or its machine-id changed. Put the old "
		"/etc/machine-id back, or make the users this host's with `cosmo-ssoctl adopt`, then "
		"run `cosmo-ssoctl connect`: ids are kept, and roles come back with each user's next sign-in.",
	[COSMO_E_OTHER_ISSUER] =
		"This host was connected to another IdP when the name got its person, and nobody but you "
		"can say that this is the same one. The log line has the subject at the present IdP: "
		"`cosmo-ssoctl user rebind NAME --subject SUBJECT`, or without `--subject` whoever signs in "
		"under the name next. The uid stays.",
	[COSMO_E_REPLACED] = NOTHING
	" The person connected again before the first sign-in had ended; one at a time "
	"is kept for each name, address and service.",
	[COSMO_E_SIGNED_OUT] = NOTHING
	" `cosmo-ssoctl user disconnect NAME` was run, or the account was locked and unlocked "
	"meanwhile; the person signs in again. " SHOW_USER,
	[COSMO_E_REFRESH_INTERRUPTED] =
		"Nothing: the person signs in again. The IdP's answer to a refresh was lost (the helper was "
		"ended, the host lost power, the connection broke, the disk was full), and the IdP does not "
		"accept a refresh token twice. " SHOW_USER,
	[COSMO_E_REFRESH_NO_CLAIMS] =
		"Let the IdP send an ID token with each refresh, or let the access token open its userinfo "
		"endpoint. Until then roles last for `role_lease` after a sign-in.",
	[COSMO_E_RENAMED] =
		"A name is used here for as long as the IdP gives it to the same person. Give it back there; "
		"or bind it to somebody else (`cosmo-ssoctl user rebind NAME`), and let the person sign in "
		"under the new one.",
	[COSMO_E_FIRST_METHOD] =
		"`require_first` in [service sshd]: the method in the log line must succeed before the code "
		"is asked for. Look whether the key is known to sshd, and whether its "
		"AuthenticationMethods has the method in front of keyboard-interactive.",
	[COSMO_E_MASS_REFUSAL] =
		"The IdP has most likely lost its sessions or keys, or this client's right to refresh: look "
		"there. Who was refused has no role until the next sign-in, and the others are still asked "
		"about when they come in. `cosmo-ssoctl refresh --all` begins anew; until then the timer asks "
		"about nobody.",
	[COSMO_E_NO_REFRESH_TOKEN] =
		"Nothing, if the IdP gives none (`cosmo-ssoctl status` says so): roles last for `role_lease` "
		"after a sign-in. Else let the IdP give this client the scope offline_access.",
};

const char *err_advice(enum cosmo_err err)
{
	return (size_t)err < sizeof(advice) / sizeof(advice[0]) ? advice[err] : NULL;
}
