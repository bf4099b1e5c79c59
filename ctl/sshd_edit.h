/* SPDX-License-Identifier: MIT */
/* Our drop-in of sshd_config.d. Pure text functions. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Put our lines before all others: sshd takes the first word about each setting. @text NULL: there
 * is no file. The caller frees *ret. Errors: COSMO_E_FORMAT with *ret_problem, a static text that
 * goes behind the file's name; COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err sshd_edit_enable(
	const char *text, char **ret, const char **ret_problem);

/* Take our lines out; *ret is NULL when nothing else is left. Errors: as sshd_edit_enable(). */
COSMO_MUST_USE enum cosmo_err sshd_edit_disable(
	const char *text, char **ret, const char **ret_problem);
