/* SPDX-License-Identifier: MIT */
/*
 * What this host's name services have under a login name. The helper asks none of them itself: what
 * they are made of would run in it, and ours would ask us. The PAM module looks before it asks the
 * helper; in a test sign-in, whose name nobody knows before, cosmo-ssoctl is asked to.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/dialogue.h"
#include "pam_cosmo_sso/helper/records.h"

struct name_entry {
	bool is_told;       /* false: who asks has gone by it already */
	enum cosmo_err err; /* COSMO_OK: an entry; COSMO_E_NOT_FOUND: none; else they do not say */
	uint32_t uid;       /* of the entry */
};

/* Have the client look @name up. Errors: COSMO_E_CANCELLED (it wants no answer any more),
 * COSMO_E_DEADLINE, COSMO_E_PROTOCOL, COSMO_E_IO, those of dialogue_send() and dialogue_recv(). */
COSMO_MUST_USE enum cosmo_err name_entry_ask(
	struct dialogue *dialogue, const char *name, struct name_entry *ret);

/*
 * May the name be that of @record, or with NULL a newcomer's? An entry is ours with its record's
 * uid alone: whoever has no record is shown by us in sshd only. Errors: COSMO_E_NAME_RESERVED
 * (another source has the name), COSMO_E_IO (nobody knows).
 */
COSMO_MUST_USE enum cosmo_err name_entry_check(
	const struct name_entry *entry, const struct record *record);

/* Does the PAM module leave the name to others, in the same case? */
bool name_entry_is_left_alone(const struct name_entry *entry, const struct record *record);
