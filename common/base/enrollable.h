/* SPDX-License-Identifier: MIT */
/* May a name that was never enrolled enrol on this host? Asked before anybody has proved anything.
 */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/base/users_db_read.h"

#define ENROLL_LIST_DIR "listed" /* below the private folder: one empty file per listed name */

/* Where the answer is looked up; tests use their own places. */
struct enrollable_places {
	struct users_db *db;
	struct gate_reader *gate;
	const char *private_dir; /* COSMO_PRIVATE_DIR */
	const char *passwd_path; /* LOCAL_PASSWD_FILE */
	const char *group_path;  /* LOCAL_GROUP_FILE */
};

/*
 * Every condition that does not depend on who the person turns out to be, in this order:
 *  COSMO_E_NAME_FORM      not the canonical spelling of a login name
 *  COSMO_E_NAME_RESERVED  on the shipped list, or the group of a role or a conferred group
 *  COSMO_E_DISCONNECTED   the gate is not open
 *  COSMO_E_EXISTS         enrolled already
 *  COSMO_E_REMOVED        a tombstone has the name
 *  COSMO_E_ENROLL_OFF, COSMO_E_NOT_ENROLLED (mode `listed` and not on the list)
 *  COSMO_E_NAME_RESERVED  a name of users or groups in the local files
 * In mode `listed` the private folder is read: root only. The configuration's own list of refused
 * names is not known here. No allocation, no lock; keeps errno. Other errors: those of
 * users_db_find_ever(), COSMO_E_IO: doubt is a no.
 */
COSMO_MUST_USE enum cosmo_err enrollable_check(const struct enrollable_places *places,
	const struct users_db_settings *settings, const char *name);

/* The private folder, opened for *at() calls; the caller closes it. Errors: COSMO_E_STORE_MISSING,
 * COSMO_E_UNSAFE_FILE (not a folder of root's alone), COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err enrollable_open_private(
	const struct enrollable_places *places, int *ret_fd);
