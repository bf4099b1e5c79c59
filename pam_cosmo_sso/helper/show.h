/* SPDX-License-Identifier: MIT */
/* What a person is shown while the code waits for approval. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/exchange.h"

/*
 * The module's SHOW from a JUDGE_SHOW: with this host's name, the issuer's, and the time that is
 * left of the code or of the service, whichever ends first. The complete URI only where the
 * configuration allows it for this caller. The caller owns *ret. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err show_make(const struct exchange *exchange, const struct message *told,
	int64_t left_ms, struct message **ret);

/* Is the caller sitting at this machine: no remote host, a virtual console or a local display?
 * Either may be NULL. */
bool show_is_local(const char *rhost, const char *tty);

/* This host as people are told of it. @ret has HOST_NAME_MAX + 1 bytes; "": it has no name. */
void show_host(char *ret);

/* The host part of an https URL, cut to @ret_size. */
void show_issuer_host(const char *issuer, char *ret, size_t ret_size);
