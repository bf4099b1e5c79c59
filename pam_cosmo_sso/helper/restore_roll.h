/* SPDX-License-Identifier: MIT */
/* Who and what a backup holds, to be judged as a whole before anything of it is believed. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/backup_file.h"

struct restore_roll;

COSMO_MUST_USE enum cosmo_err restore_roll_new(struct restore_roll **ret);
void restore_roll_free(struct restore_roll *roll);
COSMO_AUTO_DEFINE(struct restore_roll *, restore_roll_free);

/*
 * Take an entry, or say in *ret_problem what is wrong with it: its form, a name that is no login
 * name, a uid that is none, a record that is damaged or another's, a token, a kind that nobody
 * knows. Errors: COSMO_E_FORMAT, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err restore_roll_take(struct restore_roll *roll,
	const struct backup_entry *entry, struct backup_problem *ret_problem);

/*
 * Of all entries: no uid, name or person is there twice; each name's uid is given to that very
 * name, and each record has its name's; there is a seed. Errors: COSMO_E_FORMAT.
 */
COSMO_MUST_USE enum cosmo_err restore_roll_check(
	struct restore_roll *roll, struct backup_problem *ret_problem);

/* After that: is it the one that counts of those for this name? */
bool restore_roll_has_record(const struct restore_roll *roll, const char *name, uint64_t at);
uint64_t restore_roll_users(const struct restore_roll *roll);
uint64_t restore_roll_uids(const struct restore_roll *roll);
