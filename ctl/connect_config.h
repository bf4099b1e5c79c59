/* SPDX-License-Identifier: MIT */
/* The configuration as `connect` would have it: what stands in the file, with its options put in.
 */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "ctl/connect_options.h"

/* The caller frees *ret_text. Errors, said on standard error: those of fdio_read_file() but
 * COSMO_E_NOT_FOUND, for without a file it begins empty. */
COSMO_MUST_USE enum cosmo_err connect_config_make(
	const struct connect_options *options, char **ret_text);

/* What of it neither the file nor an option says. */
struct connect_lack {
	bool issuer;
	bool client_id;
	bool client_secret; /* it can do without */
	bool claim;         /* likewise */
	bool rules;
};

void connect_config_lack(
	const char *text, const struct connect_options *options, struct connect_lack *ret);

/* Can nothing be connected for want of an answer? */
bool connect_config_is_lacking(const struct connect_lack *lack);

/*
 * Would it be good, were all that lacks given? The caller owns *ret: config_free(). Errors: those
 * of connect_config_make(), and those of config_parse() with *ret_problem.
 */
COSMO_MUST_USE enum cosmo_err connect_config_check(const struct connect_options *options,
	struct config **ret, struct config_problem *ret_problem);

/* The issuer of a whole configuration; the caller frees it. NULL: there is none, or the helper will
 * say what is wrong. */
char *connect_config_issuer(const char *text);
