/* SPDX-License-Identifier: MIT */
/* Changing single lines of the configuration text, everything else of it kept as the administrator
 * wrote it. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

/* Does [@section] set @key? A commented-out line sets nothing. */
bool config_edit_has(const char *text, const char *section, const char *key);

/* Does [@section] set nothing at all, or is it not there? */
bool config_edit_is_empty(const char *text, const char *section);

/* Does it set @key, and in any of its lines to something else than @value? */
bool config_edit_differs(const char *text, const char *section, const char *key, const char *value);

/*
 * In [@section], replace the line of @key (or the commented-out one that shows its default) by `key
 * = value`, or add it; a missing section is appended. @value NULL comments the key out. *text is
 * freed and replaced on success. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err config_edit_set(
	char **text, const char *section, const char *key, const char *value);

/* Remove every setting of [@section], comments stay; a missing section is appended. Errors:
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err config_edit_clear(char **text, const char *section);

/* Add `line` behind what [@section] holds. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err config_edit_add(char **text, const char *section, const char *line);
