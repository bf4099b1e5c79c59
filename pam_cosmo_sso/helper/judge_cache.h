/* SPDX-License-Identifier: MIT */
/* The IdP's discovery document and keys between two exchanges: public data, for one issuer. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define JUDGE_CACHE_DISCOVERY "discovery"
#define JUDGE_CACHE_JWKS      "jwks"

/* However long the IdP says, nothing is used that is older. The discovery document names the
 * addresses to go to, and there is nothing that would show it to be outdated or false. */
#define JUDGE_CACHE_JWKS_MAX_AGE_S      ((int64_t)24 * 60 * 60)
#define JUDGE_CACHE_DISCOVERY_MAX_AGE_S ((int64_t)60 * 60)

#define JUDGE_CACHE_MAX_BYTES ((size_t)256 * 1024)

struct judge_cache_entry {
	const char *name; /* JUDGE_CACHE_DISCOVERY or JUDGE_CACHE_JWKS: the file's name too */
	const char *issuer;
	const void *bytes;
	size_t len;
	int64_t max_age_s;
};

/* Store @entry as of @now_s. Errors: COSMO_E_INVALID (empty, over size, not to be kept at all),
 * COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err judge_cache_store(
	int cache_fd, const struct judge_cache_entry *entry, int64_t now_s);

/*
 * What is cached as @name for exactly @issuer, if it is not too old at @now_s and not from the
 * future. The caller frees *ret_bytes. Errors: COSMO_E_NOT_FOUND for everything that cannot be
 * used, a damaged file included; COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err judge_cache_load(int cache_fd, const char *name, const char *issuer,
	int64_t now_s, char **ret_bytes, size_t *ret_len);

/* Remove both. What cannot be removed is told by nobody: the next store replaces it. */
void judge_cache_drop(int cache_fd);
