/* SPDX-License-Identifier: MIT */
/* Our lines in a PAM service file, between two marks, everything else left alone. Pure text
 * functions. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

enum pam_edit_kind {
	PAM_EDIT_ENTRY, /* services that are entered from a session: auth and account */
	PAM_EDIT_LOGIN, /* services that open one: session lines and /etc/nologin too */
	PAM_EDIT_SU,    /* su: as ENTRY, but who is calling is looked at first */
	PAM_EDIT_JOB,   /* services that run what somebody left to be run: account */
};

/*
 * Put auth and account lines before all others, and for a login the session lines behind all
 * others, for a job the account line alone. For su the auth line stands behind those that look at
 * the caller (pam_rootok.so, pam_wheel.so, any with use_uid or item=ruser): root is asked nothing,
 * and whom they turn away stays outside. What an earlier version put there is replaced. The caller
 * frees *ret. Errors: COSMO_E_FORMAT with *ret_problem, a static text that goes behind the file's
 * name; COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err pam_edit_enable(
	const char *text, enum pam_edit_kind kind, char **ret, const char **ret_problem);

/* Take our blocks out: what pam_edit_enable() made of a text becomes that text, byte for byte.
 * Errors: as pam_edit_enable(). */
COSMO_MUST_USE enum cosmo_err pam_edit_disable(
	const char *text, char **ret, const char **ret_problem);

/* Does a line of the service call our module? */
bool pam_edit_has_module(const char *text);

/* Does the service take its auth and its account lines from those of @service? */
bool pam_edit_includes(const char *text, const char *service);

/* The auth line alone, for trying it. */
extern const char pam_edit_auth_line[];
