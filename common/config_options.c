/* SPDX-License-Identifier: MIT */
#include "common/config_options.h"

#include "common/base/users_db_settings.h"
#include "common/config.h"

#define MINUTE ((int64_t)60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const char *const section_names[] = {
	[SECTION_INTEGRATION] = "integration",
	[SECTION_ENROLL] = "enroll",
	[SECTION_ROLES] = "roles",
	[SECTION_ROLE] = "role",
	[SECTION_RULES] = "rules",
	[SECTION_ACCESS] = "access",
	[SECTION_SERVICE] = "service",
	[SECTION_PROMPT] = "prompt",
	[SECTION_LIMITS] = "limits",
};

static const struct config_word client_auth_words[] = {
	{"auto", CONFIG_CLIENT_AUTH_AUTO},
	{"none", CLIENT_AUTH_NONE},
	{"basic", CLIENT_AUTH_BASIC},
	{"post", CLIENT_AUTH_POST},
	{NULL, 0},
};

static const struct config_word mode_words[] = {
	{"auto", CONFIG_ENROLL_AUTO},
	{"listed", CONFIG_ENROLL_LISTED},
	{"off", CONFIG_ENROLL_OFF},
	{NULL, 0},
};

static const struct config_word no_match_words[] = {{"viewer", 0}, {"deny", 1}, {NULL, 0}};
static const struct config_word no_claim_words[] = {{"viewer", 1}, {"deny", 0}, {NULL, 0}};

static const struct config_word on_downgrade_words[] = {
	{"keep", 0}, {"end_sessions", 1}, {NULL, 0}};

static const struct config_word group_members_words[] = {{"list", 0}, {"omit", 1}, {NULL, 0}};

static const struct config_word qr_words[] = {
	{"utf8", CONFIG_QR_UTF8},
	{"ascii", CONFIG_QR_ASCII},
	{"utf8-inverse", CONFIG_QR_UTF8_INVERSE},
	{"ascii-inverse", CONFIG_QR_ASCII_INVERSE},
	{"off", CONFIG_QR_OFF},
	{NULL, 0},
};

static const struct config_word complete_uri_words[] = {
	{"always", CONFIG_COMPLETE_URI_ALWAYS},
	{"local", CONFIG_COMPLETE_URI_LOCAL},
	{NULL, 0},
};

#define ALL_ALGS "RS256 PS256 ES256 ES384 ES512 EdDSA RS384 RS512 PS384 PS512"
#define ALL_SSHD                                                                                   \
	"/usr/sbin/sshd /usr/lib/openssh/sshd-session /usr/libexec/openssh/sshd-session "          \
	"/usr/lib/ssh/sshd-session"

/* clang-format off */

#define CONFIG(member)  offsetof(struct config, member)
#define ROLE(member)    offsetof(struct config_role, member)
#define SERVICE(member) offsetof(struct config_service, member)
#define FORM(name)      &config_form_##name, NULL
#define WORDS(name)     NULL, name##_words
#define PLAIN           NULL, NULL
#define PUBLIC          false
#define SECRET          true

/* Limits of texts are those of the messages and files that carry them. */
static const struct config_option options[] = {
	/* section, key, type, place, min, max, default, secret?, form or words, what holds without a default */
	{SECTION_INTEGRATION, "issuer", TYPE_TEXT, CONFIG(issuer), 1, 511, NULL, PUBLIC, FORM(issuer), "not connected"},
	{SECTION_INTEGRATION, "client_id", TYPE_TEXT, CONFIG(client_id), 1, 255, NULL, PUBLIC, FORM(text), "not connected"},
	{SECTION_INTEGRATION, "client_secret_file", TYPE_TEXT, CONFIG(client_secret_file), 1, 1023, NULL, SECRET, FORM(path), "a public client"},
	{SECTION_INTEGRATION, "client_auth", TYPE_WORD, CONFIG(client_auth), 0, 0, "auto", PUBLIC, WORDS(client_auth), NULL},
	{SECTION_INTEGRATION, "ca_file", TYPE_TEXT, CONFIG(ca_file), 1, 1023, NULL, PUBLIC, FORM(path), "the system's authorities"},
	{SECTION_INTEGRATION, "proxy", TYPE_TEXT, CONFIG(proxy), 1, 511, NULL, SECRET, FORM(proxy), "no proxy"},
	{SECTION_INTEGRATION, "scopes", TYPE_TEXT, CONFIG(scopes), 1, 1023, "openid profile", PUBLIC, FORM(scopes), NULL},
	{SECTION_INTEGRATION, "audience", TYPE_TEXT, CONFIG(audience), 1, 511, NULL, PUBLIC, FORM(text), "not sent"},
	{SECTION_INTEGRATION, "claim", TYPE_TEXT, CONFIG(claim), 1, 255, "ssoGroups", PUBLIC, FORM(text), NULL},
	{SECTION_INTEGRATION, "value_strip_prefix", TYPE_TEXT, CONFIG(value_strip_prefix), 1, 255, NULL, PUBLIC, FORM(text), "values are taken as they are"},
	{SECTION_INTEGRATION, "username_claim", TYPE_TEXT, CONFIG(username_claim), 1, 255, "preferred_username", PUBLIC, FORM(text), NULL},
	{SECTION_INTEGRATION, "subject_claim", TYPE_TEXT, CONFIG(subject_claim), 1, 255, "sub", PUBLIC, FORM(text), NULL},
	{SECTION_INTEGRATION, "name_claim", TYPE_TEXT, CONFIG(name_claim), 1, 255, "name", PUBLIC, FORM(text), NULL},
	{SECTION_INTEGRATION, "strip_domain", TYPE_LIST, CONFIG(strip_domain), 1, CONFIG_MAX_LIST, NULL, PUBLIC, FORM(domain), "none is stripped"},
	{SECTION_INTEGRATION, "keep_domains", TYPE_BOOL, CONFIG(keep_domains), 0, 1, "no", PUBLIC, PLAIN, NULL},
	{SECTION_INTEGRATION, "algs", TYPE_LIST, CONFIG(algs), 1, CONFIG_MAX_LIST, ALL_ALGS, PUBLIC, FORM(alg), NULL},
	{SECTION_INTEGRATION, "skew", TYPE_DURATION, CONFIG(skew_s), 0, 5 * MINUTE, "60s", PUBLIC, PLAIN, NULL},
	{SECTION_INTEGRATION, "check_refusals", TYPE_COUNT, CONFIG(check_refusals), 2, 100, "3", PUBLIC, PLAIN, NULL},
	{SECTION_INTEGRATION, "check_period", TYPE_DURATION, CONFIG(check_period_s), 5 * MINUTE, DAY, "10m", PUBLIC, PLAIN, NULL},

	{SECTION_ENROLL, "mode", TYPE_WORD, CONFIG(enroll), 0, 0, "auto", PUBLIC, WORDS(mode), NULL},
	{SECTION_ENROLL, "uid_min", TYPE_ID, CONFIG(uid_min), 1000, INT32_MAX, "0x70000400", PUBLIC, PLAIN, NULL},
	{SECTION_ENROLL, "uid_max", TYPE_ID, CONFIG(uid_max), 1000, INT32_MAX, "0x7ffdffff", PUBLIC, PLAIN, NULL},
	{SECTION_ENROLL, "uid_claim", TYPE_TEXT, CONFIG(uid_claim), 1, 255, NULL, PUBLIC, FORM(text), "computed from the login name"},
	{SECTION_ENROLL, "home", TYPE_TEXT, CONFIG(home), 1, 127, "/home/%u", PUBLIC, FORM(home), NULL},
	{SECTION_ENROLL, "shell", TYPE_TEXT, CONFIG(shell), 1, 127, "/bin/bash", PUBLIC, FORM(shell), NULL},
	{SECTION_ENROLL, "reserved", TYPE_LIST, CONFIG(reserved), 1, CONFIG_MAX_LIST, NULL, PUBLIC, FORM(login), "the built-in list alone"},
	{SECTION_ENROLL, "sshd_paths", TYPE_LIST, CONFIG(sshd_paths), 1, USERS_DB_MAX_SSHD, ALL_SSHD, PUBLIC, FORM(program), NULL},

	{SECTION_ROLES, "no_match", TYPE_FLAG, CONFIG(no_match_deny), 0, 1, "viewer", PUBLIC, WORDS(no_match), NULL},
	{SECTION_ROLES, "no_claim", TYPE_FLAG, CONFIG(no_claim_viewer), 0, 1, "deny", PUBLIC, WORDS(no_claim), NULL},
	{SECTION_ROLES, "refresh_after", TYPE_DURATION, CONFIG(refresh_after_s), MINUTE, DAY, "15m", PUBLIC, PLAIN, NULL},
	{SECTION_ROLES, "role_lease", TYPE_DURATION, CONFIG(role_lease_s), 5 * MINUTE, 30 * DAY, "24h", PUBLIC, PLAIN, NULL},
	{SECTION_ROLES, "refresh_timeout", TYPE_DURATION, CONFIG(refresh_timeout_s), 1, 30, "5s", PUBLIC, PLAIN, NULL},
	{SECTION_ROLES, "on_downgrade", TYPE_FLAG, CONFIG(end_on_downgrade), 0, 1, "keep", PUBLIC, WORDS(on_downgrade), NULL},
	{SECTION_ROLES, "users_gid", TYPE_ID, CONFIG(users_gid), 1000, INT32_MAX, "0x70000000", PUBLIC, PLAIN, NULL},
	{SECTION_ROLES, "group_members", TYPE_FLAG, CONFIG(omit_members), 0, 1, "list", PUBLIC, WORDS(group_members), NULL},

	{SECTION_ROLE, "group", TYPE_NAME, ROLE(group), 1, 32, NULL, PUBLIC, FORM(group), "cosmo-NAME"},
	{SECTION_ROLE, "gid", TYPE_ID, ROLE(gid), 1000, INT32_MAX, NULL, PUBLIC, PLAIN, "computed from the role's name"},
	{SECTION_ROLE, "local_groups", TYPE_LIST, ROLE(local_groups), 1, CONFIG_MAX_LOCAL_GROUPS, NULL, PUBLIC, FORM(local_group), "none"},
	{SECTION_ROLE, "allow_privileged", TYPE_BOOL, ROLE(allow_privileged), 0, 1, "no", PUBLIC, PLAIN, NULL},

	{SECTION_SERVICE, "auth", TYPE_AUTH, 0, 1, DAY, NULL, PUBLIC, PLAIN, "device for sshd and login, else skip"},
	{SECTION_SERVICE, "deadline", TYPE_DURATION, SERVICE(deadline_s), 10, HOUR, NULL, PUBLIC, PLAIN, "110s for sshd, 50s for login, else 300s"},
	{SECTION_SERVICE, "acr", TYPE_TEXT, SERVICE(acr), 1, 255, NULL, PUBLIC, FORM(text), "none demanded"},
	{SECTION_SERVICE, "amr", TYPE_LIST, SERVICE(amr), 1, CONFIG_MAX_LIST, NULL, PUBLIC, FORM(amr), "none demanded"},
	{SECTION_SERVICE, "max_age", TYPE_DURATION, SERVICE(max_age_s), MINUTE, 366 * DAY, NULL, PUBLIC, PLAIN, "none demanded"},
	{SECTION_SERVICE, "refresh_after", TYPE_DURATION, SERVICE(refresh_after_s), MINUTE, DAY, NULL, PUBLIC, PLAIN, "that of [roles]"},
	{SECTION_SERVICE, "require_first", TYPE_LIST, SERVICE(require_first), 1, CONFIG_MAX_LIST, NULL, PUBLIC, FORM(first_method), "none required"},

	{SECTION_PROMPT, "qr", TYPE_WORD, CONFIG(qr), 0, 0, "utf8", PUBLIC, WORDS(qr), NULL},
	{SECTION_PROMPT, "complete_uri", TYPE_WORD, CONFIG(complete_uri), 0, 0, "always", PUBLIC, WORDS(complete_uri), NULL},

	{SECTION_LIMITS, "unknown_flows", TYPE_COUNT, CONFIG(unknown_flows), 0, 1000, "2", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "unknown_per_source_hour", TYPE_COUNT, CONFIG(unknown_per_source_hour), 0, 1000, "6", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "unknown_per_host_hour", TYPE_COUNT, CONFIG(unknown_per_host_hour), 0, 4000, "30", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "elsewhere_per_host_hour", TYPE_COUNT, CONFIG(elsewhere_per_host_hour), 0, 4000, "120", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "user_flows", TYPE_COUNT, CONFIG(user_flows), 1, 100, "4", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "user_per_hour", TYPE_COUNT, CONFIG(user_per_hour), 1, 1000, "40", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "host_flows", TYPE_COUNT, CONFIG(host_flows), 1, 1000, "40", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "refresh_per_minute", TYPE_COUNT, CONFIG(refresh_per_minute), 1, 6000, "120", PUBLIC, PLAIN, NULL},
	{SECTION_LIMITS, "session_max", TYPE_DURATION, CONFIG(session_max_s), HOUR, 90 * DAY, "14d", PUBLIC, PLAIN, NULL},
};

/* clang-format on */

_Static_assert(COSMO_ARRAY_LEN(options) <= CONFIG_MAX_OPTIONS, "room for a line of each");

const struct config_option *config_options(size_t *ret_count)
{
	*ret_count = COSMO_ARRAY_LEN(options);
	return options;
}

const struct config_option *config_option_find(enum config_section section, const char *key)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(options); i++)
		if (options[i].section == section && streq(options[i].key, key))
			return &options[i];
	return NULL;
}

const char *config_section_name(enum config_section section)
{
	return section_names[section];
}

enum config_section config_section_find(const char *name)
{
	size_t i = 0;

	while (i < SECTION_COUNT && !streq(section_names[i], name))
		i++;
	return (enum config_section)i;
}

bool config_section_is_named(enum config_section section)
{
	return section == SECTION_ROLE || section == SECTION_SERVICE;
}
