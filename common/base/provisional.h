/* SPDX-License-Identifier: MIT */
/*
 * The provisional entry: what sshd is told about a person whom the host has never seen, so that the
 * first sign-in can happen. Computed, never stored.
 */
#pragma once

#include <pwd.h>
#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/enrollable.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"

/*
 * The entry that enrolling @name now would make: uid from the register or the seed, gid = uid, home
 * and shell from the settings, no gecos, no role but viewer, demoted (reason COSMO_E_NOT_ENROLLED).
 * Does not ask which process it runs in: in the NSS plugin only a root-owned sshd gets that far; in
 * the PAM module it tells, with provisional_matches(), whether what getpwnam() said is ours. Needs
 * euid 0. Keeps errno. Errors: COSMO_E_ENROLL_OFF (also: provisional entries are off), those of
 * enrollable_check(), uid_candidate_pick() and home_template_expand(). Any of them means: no entry.
 */
COSMO_MUST_USE enum cosmo_err provisional_lookup(
	const struct enrollable_places *places, const char *name, struct users_db_user *ret);

/* The same without looking: may @name have a provisional entry at all? Errors: as above. */
COSMO_MUST_USE enum cosmo_err provisional_check(const struct enrollable_places *places,
	const struct users_db_settings *settings, const char *name);

/* Is @pw in every field what the NSS plugin shows for @entry? */
bool provisional_matches(const struct users_db_user *entry, const struct passwd *pw);
