/* SPDX-License-Identifier: MIT */
/* Our drop-in of sshd_config.d. Pure text functions. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Put our lines before all others: sshd takes the first word about each setting. @text NULL: there
 * is no file. @startups: the MaxStartups to be set, or NULL for none. The caller frees *ret.
 * Errors: COSMO_E_FORMAT with *ret_problem, a static text that goes behind the file's name;
 * COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err sshd_edit_enable(
	const char *text, const char *startups, char **ret, const char **ret_problem);

/* Is there a MaxStartups among our lines in @text, which may be NULL? */
bool sshd_edit_has_startups(const char *text);

/* Take our lines out; *ret is NULL when nothing else is left. Errors: as sshd_edit_enable(). */
COSMO_MUST_USE enum cosmo_err sshd_edit_disable(
	const char *text, char **ret, const char **ret_problem);
