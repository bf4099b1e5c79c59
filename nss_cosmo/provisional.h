/* SPDX-License-Identifier: MIT */
/* Provisional entries as this process shows them: inside sshd alone, and there always the same. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_entry.h"

/* Can anybody be shown such an entry here? The process is sshd, found out by the first look-up of
 * all. Those below ask it too; who asks first needs no room for their answer. */
bool provisional_is_asked_for(void);

/*
 * The entry for @name, which is not enrolled. sshd freezes what it was told and asks again in the
 * children it forks, so the last answer is remembered and repeated, even if the uid register moved
 * on meanwhile; all other conditions (common/base/provisional.h) are asked again each time. Errors:
 * COSMO_E_NOT_FOUND, for whatever reason there is no entry. Keeps errno, takes no lock; *ret is
 * undefined after an error.
 */
COSMO_MUST_USE enum cosmo_err provisional_find_name(const char *name, struct users_db_user *ret);

/*
 * Did this process give @entry's name another uid, gid, home or shell before its user was enrolled?
 * sshd has frozen that entry and would open the session with it, whoever the uid is by now.
 */
bool provisional_was_other(const struct users_db_entry *entry);

/* The entry last given, if it has that uid (and gid) or that name: whoever is known from another
 * source was never given one. Errors and the rest as above. */
COSMO_MUST_USE enum cosmo_err provisional_find_uid(uint32_t uid, struct users_db_user *ret);
COSMO_MUST_USE enum cosmo_err provisional_find_group(const char *name, struct users_db_user *ret);
