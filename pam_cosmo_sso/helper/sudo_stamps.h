/* SPDX-License-Identifier: MIT */
/* sudo's memory of who has given his password: a file each, named by uid or, in older releases, by
 * name. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/our_uids.h"

#define SUDO_STAMPS_FOLDER "/run/sudo/ts"

/* Remove those of @ours from the folder at @path; no folder is no error. Errors: COSMO_E_IO, those
 * of our_uids_have(). */
COSMO_MUST_USE enum cosmo_err sudo_stamps_remove(const char *path, struct our_uids *ours);
