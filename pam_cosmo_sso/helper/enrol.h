/* SPDX-License-Identifier: MIT */
/* Who may become a user of this host: the name, the id and the home must be nobody else's. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/records.h"

/* The local files; tests use their own. */
struct enrol_files {
	const char *passwd;
	const char *group;
};

extern const struct enrol_files enrol_default_files;

/*
 * May a name never enrolled be given to a person? Errors: COSMO_E_NAME_FORM; COSMO_E_NAME_RESERVED
 * (shipped or configured list, a role's group, a conferred group, a user or group of the local
 * files); COSMO_E_IO: the files cannot be read, so nobody knows.
 */
COSMO_MUST_USE enum cosmo_err enrol_check_name(
	const struct config *config, const struct enrol_files *files, const char *name);

/* Is the name of somebody enrolled still nobody else's? Errors: COSMO_E_NAME_RESERVED (a local user
 * has it now), COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err enrol_check_known_name(
	const struct enrol_files *files, const char *name);

/* May @uid become somebody's uid and gid? Errors: COSMO_E_UID (outside the configured range, a
 * local user's, a local group's or a role's), COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err enrol_check_uid(
	const struct config *config, const struct enrol_files *files, uint32_t uid);

/* Is @home free, or @uid's own directory already? Errors: COSMO_E_HOME_FOREIGN, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err enrol_check_home(const char *home, uint32_t uid);

/* A record for @name without a person, roles or confirmation yet; nothing is written. The caller
 * owns it. Errors: COSMO_E_INVALID, COSMO_E_RANGE (the home template), COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err enrol_record_new(const struct config *config, const char *name,
	uint32_t uid, int64_t now_s, struct record **ret);
