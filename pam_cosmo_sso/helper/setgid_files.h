/* SPDX-License-Identifier: MIT */
/* Set-gid files that users left behind: whoever runs one has its group, role or no role. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct setgid_search {
	/* Is this uid one of those whose files are looked for? Errors: what says that nobody knows.
	 */
	enum cosmo_err (*is_theirs)(void *context, uint32_t uid, bool *ret);
	void *context;
	const uint32_t *gids; /* of roles, and of the local groups that roles confer */
	size_t gid_count;
	bool strip;
	int64_t deadline_boot_ms; /* what is not seen by then is not looked at */
	uint64_t found;
	uint64_t stripped;
};

/*
 * Look through @folder, which may be a link, without following one in it or entering what is
 * mounted below it, for regular files with an owner of theirs, one of the groups and the set-gid
 * bit; take the bit off if wanted.
 * No such folder is no error. Errors: COSMO_E_IO (part of it could not be looked at),
 * COSMO_E_TOO_BIG (nor could what lies too deep), COSMO_E_TIMEOUT, those of .is_theirs.
 */
COSMO_MUST_USE enum cosmo_err setgid_files_find(struct setgid_search *search, const char *folder);
