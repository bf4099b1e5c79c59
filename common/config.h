/* SPDX-License-Identifier: MIT */
/* /etc/cosmo-sso/cosmo-sso.conf as one checked structure. The table of options in config_options.c
 * is the only list of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/client_auth.h"
#include "common/config_parts.h"

struct config {
	/* [integration] */
	char *issuer;
	char *client_id;
	char *client_secret_file; /* NULL: none */
	enum client_auth client_auth;
	char *ca_file; /* NULL: the system's */
	char *proxy;   /* NULL: none */
	char *scopes;
	char *audience; /* NULL: none */
	char *claim;
	char *value_strip_prefix; /* NULL: none */
	char *username_claim;
	char *subject_claim;
	char *name_claim;
	struct config_list strip_domain;
	bool keep_domains;
	struct config_list algs;
	int64_t skew_s;
	uint32_t check_refusals; /* so many disconnect this host, see check.h */
	int64_t check_period_s;
	/* [enroll] */
	enum config_enroll enroll;
	uint32_t uid_min;
	uint32_t uid_max;
	char *uid_claim; /* NULL: none */
	char *home;      /* template with %u */
	char *shell;
	struct config_list reserved; /* further refused names */
	struct config_list sshd_paths;
	/* [roles], [role NAME], [rules] */
	bool no_match_deny;   /* else viewer */
	bool no_claim_viewer; /* else deny */
	int64_t refresh_after_s;
	int64_t role_lease_s;
	int64_t refresh_timeout_s;
	bool end_on_downgrade;                      /* else sessions are kept */
	uint32_t users_gid;                         /* group cosmo-users */
	bool omit_members;                          /* of groups; else they are listed */
	struct config_role roles[CONFIG_MAX_ROLES]; /* [0] is viewer */
	size_t role_count;
	struct config_rule rules[CONFIG_MAX_RULES];
	size_t rule_count;
	/* [access], [service NAME] */
	struct config_service services[CONFIG_MAX_SERVICES];
	size_t service_count;
	/* [prompt] */
	enum config_qr qr;
	enum config_complete_uri complete_uri;
	/* [limits] */
	uint32_t unknown_flows; /* at once */
	uint32_t unknown_per_source_hour;
	uint32_t unknown_per_host_hour;
	uint32_t elsewhere_per_host_hour; /* enrolled users from places new to them */
	uint32_t user_flows;              /* at once, per user and place */
	uint32_t user_per_hour;
	uint32_t host_flows; /* at once, all together */
	int64_t session_max_s;
	uint32_t refresh_per_minute; /* in the background */
};

/* Where and what is wrong, for people. */
struct config_problem {
	unsigned int line; /* 0: the file as a whole */
	char text[512]; /* "unknown key \"isuer\" in [integration]; allowed are: issuer, client_id,
			   ..." */
};

/*
 * Parse the whole text; pure. Relations between options are checked too: a rule's role must be
 * declared, gids and group names distinct, uid range sane, privileged local groups allowed.
 * A file that names no issuer is valid but not connected (config_is_connected()), as the shipped
 * one is; with an issuer it must have a client_id and at least one rule.
 * @ret is set only on success; the caller owns it, config_free(). On COSMO_E_CONFIG,
 * COSMO_E_RULES_EMPTY or COSMO_E_RULE_ROLE, *ret_problem is filled. Errors: those and
 * COSMO_E_NOMEM. Patterns are compiled by the judge only.
 */
COSMO_MUST_USE enum cosmo_err config_parse(
	const char *text, size_t len, struct config **ret, struct config_problem *ret_problem);

/* Load @path: root's, not writable by others, capped. That there is none is COSMO_E_CONFIG as well,
 * of no line. Errors: also COSMO_E_UNSAFE_FILE, COSMO_E_TOO_BIG, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err config_load(
	const char *path, struct config **ret, struct config_problem *ret_problem);

/* Does the file name an issuer? Without one nobody can be asked, and issuer and client_id are NULL.
 */
bool config_is_connected(const struct config *config);

/* Wipes what is secret. NULL is allowed. */
void config_free(struct config *config);
COSMO_AUTO_DEFINE(struct config *, config_free);

/* Index of a role by name, or -1. */
int config_role_index(const struct config *config, const char *name);

/* Does any rule give this role? */
bool config_role_has_rule(const struct config *config, const char *role);

/* Are the members of a local group of this name as good as root, or do they read what only root
 * should? No role confers it without allow_privileged. */
bool config_group_is_privileged(const char *group);

/*
 * The service's settings, in *ret by value (its strings stay the configuration's); a service not
 * listed gets auth skip, access any, deadline 300 s; sudo, sudo-i, su, su-l, polkit-1 and doas are
 * admin only even if unlisted; sshd and login are viewer, developer, admin with auth device and
 * their own deadlines (110 s, 50 s).
 */
void config_service(const struct config *config, const char *name, struct config_service *ret);
