/* SPDX-License-Identifier: MIT */
/* Whose is a uid: ours by the register, not by a range or a name, and nobody's of the local files.
 * Where these cannot be read the register alone tells; where the register cannot, nobody does: such
 * a uid is taken for nobody's of ours, and remembered, for it may be. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/store.h"

struct our_uid {
	uint32_t uid;
	bool ours;
	bool is_known;   /* else the register could not be read there, and is asked again */
	bool was_unread; /* at some time */
	char name[COSMO_MAX_NAME_BYTES + 1]; /* "" if the register is damaged there */
};

struct our_uids {
	const struct store *store;
	const char *passwd_path;
	uint32_t only;         /* 0: everybody's */
	struct our_uid *known; /* answers so far */
	size_t count;
	size_t room;
};

/*
 * @user: this one's uid alone, or NULL. The caller ends it: our_uids_done(). Errors:
 * COSMO_E_INVALID (no login name), and those of uid_register_find().
 */
COSMO_MUST_USE enum cosmo_err our_uids_init(struct our_uids *ours, const struct store *store,
	const char *passwd_path, const char *user);
void our_uids_done(struct our_uids *ours);
COSMO_AUTO_DEFINE(struct our_uids *, our_uids_done);

/* Is @uid one of those? *ret_name (may be NULL) is borrowed until the next call. Errors:
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err our_uids_have(
	struct our_uids *ours, uint32_t uid, bool *ret_have, const char **ret_name);

/* How many uids the register could not be asked about at some time, and in @ret which they are:
 * "5001, 5002", as many as there is room for. */
#define OUR_UIDS_UNREAD_BYTES 64
uint64_t our_uids_unread(const struct our_uids *ours, char ret[OUR_UIDS_UNREAD_BYTES]);
