/* SPDX-License-Identifier: MIT */
/* The lines of /etc/nsswitch.conf that make the host see our users and groups. Pure text functions,
 * which read a line as glibc does and touch nothing of it but our own words. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "ctl/nsswitch_line.h"

/*
 * passwd: `cosmo` last; group: `files [SUCCESS=merge] cosmo`; initgroups, if there is such a line:
 * `files [SUCCESS=continue] cosmo`, or `cosmo [SUCCESS=continue]` first where files would have kept
 * the services behind it from being asked. Lines that are so already stay as they are. The caller
 * frees *ret. Errors: COSMO_E_FORMAT with *ret_problem, a static text that goes behind the file's
 * name; COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err nsswitch_enable(
	const char *text, char **ret, const char **ret_problem);

/* Takes our words out again, whatever else was changed meanwhile: what nsswitch_enable() made of a
 * text becomes that text, byte for byte. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err nsswitch_disable(const char *text, char **ret);

enum nsswitch_fault {
	NSSWITCH_GOOD,
	NSSWITCH_NO_LINE,
	NSSWITCH_BROKEN,      /* an action without its end, or too many words */
	NSSWITCH_ABSENT,      /* cosmo is not in the line */
	NSSWITCH_MISPLACED,   /* it is, but not as nsswitch_enable() puts it there */
	NSSWITCH_UNREACHABLE, /* a service before it keeps it from being asked */
};

/* What is the matter with the line of @database that counts: of several glibc takes the last. It is
 * *ret_line, its number *ret_number, 0 if there is none. Without an initgroups line nothing is. */
enum nsswitch_fault nsswitch_fault_of(const char *text, enum nsswitch_database database,
	struct nsswitch_line *ret_line, unsigned int *ret_number);

/* Is cosmo the last service of the passwd line, and can it be reached there? */
bool nsswitch_is_last_of_passwd(const char *text);
