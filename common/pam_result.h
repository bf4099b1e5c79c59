/* SPDX-License-Identifier: MIT */
/* Our codes as PAM's: the one place where they are translated. */
#pragma once

#include <stdbool.h>

#include "common/base/err.h"

enum pam_phase {
	PHASE_AUTHENTICATE,
	PHASE_SETCRED,
	PHASE_ACCOUNT,
	PHASE_OPEN_SESSION,
	PHASE_CLOSE_SESSION,
	PHASE_PASSWORD,
};

/*
 * What the entry point of @phase returns for @err; PAM_SUCCESS for COSMO_OK alone, but for
 * PHASE_CLOSE_SESSION, which never fails. In sshd every final failure to authenticate is
 * PAM_MAXTRIES, or the client would silently try twice more; also that of the method password: once
 * it has failed, libpam lets no pam_setcred() of the same connection succeed. COSMO_E_NOT_OURS of
 * the helper is PAM_IGNORE when authenticating (the service is not for us), and a refusal in every
 * other phase.
 */
int pam_result(enum pam_phase phase, enum cosmo_err err, bool is_sshd);

/* "PAM_SUCCESS"; NULL for a code that pam_result() does not return. */
const char *pam_result_name(int code);
