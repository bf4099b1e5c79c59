/* SPDX-License-Identifier: MIT */
/* The host's PAM services as they will be, in a folder of their own, so that they can be tried
 * before anybody depends on them. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "ctl/file_change.h"

/* A service there that is nothing but our auth line and a module that lets everybody in. */
#define PAM_STAGE_AUTH_SERVICE "cosmo-ssoctl-auth"

struct pam_stage {
	char folder[64]; /* "": there is none */
};

/*
 * libpam may take included files from the host's folder all the same; ours are none of those.
 *
 * Copy the services in @folder with @changes carried out. pam_stage_done() in any case. Errors:
 * COSMO_E_IO, COSMO_E_TOO_BIG, said on standard error.
 */
COSMO_MUST_USE enum cosmo_err pam_stage_make(
	struct pam_stage *stage, const char *folder, const struct file_changes *changes);

void pam_stage_done(struct pam_stage *stage);
