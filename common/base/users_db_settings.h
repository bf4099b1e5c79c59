/* SPDX-License-Identifier: MIT */
/* What NSS needs of the configuration, as users.db carries it. */
#pragma once

#include <stdint.h>

#include "common/base/parse.h"

/* The group in which every enrolled user is. */
#define USERS_DB_USERS_GROUP "cosmo-users"

#define USERS_DB_MAX_ROLES     32
#define USERS_DB_MAX_CONFERRED 32
#define USERS_DB_MAX_TEXT      128 /* gecos, home, shell, with NUL */
#define USERS_DB_MAX_SSHD      8

/* Written and compared byte by byte, so every hole has a name and is 0. */
struct users_db_role {
	char name[COSMO_MAX_NAME_BYTES + 1];
	char group[COSMO_MAX_NAME_BYTES + 1];
	uint8_t hole[2];
	uint32_t gid;
};

/* An existing local group that roles confer. */
struct users_db_conferred {
	char group[COSMO_MAX_NAME_BYTES + 1];
	uint8_t hole[3];
	uint32_t gid;
	uint64_t roles;
};

/* What NSS needs of the configuration; replaced as a whole. roles[0] is viewer. */
struct users_db_settings {
	struct users_db_role roles[USERS_DB_MAX_ROLES];
	uint32_t role_count;
	uint32_t hole_1;
	struct users_db_conferred conferred[USERS_DB_MAX_CONFERRED];
	uint32_t conferred_count;
	uint32_t users_gid; /* of USERS_DB_USERS_GROUP */
	uint32_t uid_min;
	uint32_t uid_max;
	uint32_t enroll;         /* enum config_enroll's values: 0 auto, 1 listed, 2 off */
	uint32_t provisional_on; /* 1: `enable sshd` found everything in place */
	uint32_t keep_domains;   /* 1: names may hold '@' */
	uint32_t hole_2;
	int64_t role_lease_s;
	char home[USERS_DB_MAX_TEXT]; /* template with %u */
	char shell[USERS_DB_MAX_TEXT];
	char sshd[USERS_DB_MAX_SSHD]
		 [USERS_DB_MAX_TEXT]; /* paths whose processes see provisional entries */
	uint32_t sshd_count;
	uint32_t omit_members; /* 1: groups are shown without their members */
};

/* What a look-up of a user needs of it. */
struct users_db_brief {
	uint32_t uid_min;
	uint32_t uid_max;
	uint32_t provisional_on;
	uint32_t sshd_count;
	const char *sshd; /* borrowed: each USERS_DB_MAX_TEXT behind the one before */
};

/*
 * The numbers of it alone, for look-ups that cannot afford a copy of all the texts. Only the first
 * role_count and conferred_count entries are filled.
 */
struct users_db_numbers {
	uint32_t users_gid;
	uint32_t uid_min;
	uint32_t uid_max;
	uint32_t provisional_on;
	uint32_t role_count;
	uint32_t conferred_count;
	int64_t role_lease_s;
	uint32_t role_gid[USERS_DB_MAX_ROLES];
	uint32_t conferred_gid[USERS_DB_MAX_CONFERRED];
	uint64_t conferred_roles[USERS_DB_MAX_CONFERRED];
};
