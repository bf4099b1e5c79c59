/* SPDX-License-Identifier: MIT */
/* What struct config is made of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_MAX_BYTES        ((size_t)256 * 1024)
#define CONFIG_MAX_ROLES        32 /* one bit each in users.db; viewer is always bit 0 */
#define CONFIG_MAX_RULES        256
#define CONFIG_MAX_SERVICES     64
#define CONFIG_MAX_LIST         64
#define CONFIG_MAX_LOCAL_GROUPS 16

enum config_qr {
	CONFIG_QR_UTF8,
	CONFIG_QR_ASCII,
	CONFIG_QR_UTF8_INVERSE,
	CONFIG_QR_ASCII_INVERSE,
	CONFIG_QR_OFF,
};

enum config_enroll {
	CONFIG_ENROLL_AUTO,
	CONFIG_ENROLL_LISTED,
	CONFIG_ENROLL_OFF,
};

enum config_complete_uri {
	CONFIG_COMPLETE_URI_ALWAYS,
	CONFIG_COMPLETE_URI_LOCAL, /* only where the caller is on this host's own console */
};

/* What pam_sm_authenticate does in a service. */
enum config_auth {
	CONFIG_AUTH_DEVICE,
	CONFIG_AUTH_RECENT,
	CONFIG_AUTH_SKIP,
	CONFIG_AUTH_DENY,
};

/* Who passes the account phase of a service. */
enum config_access_kind {
	CONFIG_ACCESS_ROLES, /* those of the role mask */
	CONFIG_ACCESS_ANY,   /* any confirmed role */
	CONFIG_ACCESS_DENY,
};

struct config_list {
	char *items[CONFIG_MAX_LIST];
	size_t count;
};

struct config_role {
	char name[33];
	unsigned int line; /* of [role NAME]; 0: built in, and without one */
	char group[33];    /* local group shown for it; default "cosmo-" name */
	uint32_t gid;
	struct config_list local_groups; /* existing local groups it also confers */
	bool allow_privileged;
};

struct config_rule {
	char *text; /* "role = value" or "role = ~pattern", trimmed, as the judge reads it */
	unsigned int line;
};

struct config_service {
	char name[65];
	enum config_auth auth;
	int64_t recent_s;
	int64_t deadline_s;
	char *acr; /* NULL: none demanded */
	struct config_list amr;
	int64_t max_age_s;                /* 0: none demanded */
	int64_t refresh_after_s;          /* 0: that of [roles] */
	struct config_list require_first; /* methods of sshd's that must have succeeded before */
	bool has_auth;                    /* [service NAME] auth given or built in */
	enum config_access_kind access;
	uint64_t access_roles; /* bit mask over roles[] */
	bool names_viewer;     /* [access] names viewer in so many words: demoted users get in */
};
