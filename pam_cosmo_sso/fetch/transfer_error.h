/* SPDX-License-Identifier: MIT */
/* What libcurl says went wrong, as one of our codes and as a line for administrators. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "common/base/err.h"

/* How far a transfer came; libcurl's codes alone do not tell. */
struct transfer_facts {
	bool proxied;   /* a proxy was to be used */
	bool tunnelled; /* ... and let us through */
	bool resolved;  /* the first name was looked up */
	bool sent;      /* the request went out */
	bool too_big;   /* we refused more of the answer */
};

/*
 * The one translation of libcurl's codes. COSMO_OK for CURLE_OK only; a code we did not expect is
 * COSMO_E_INTERNAL.
 */
enum cosmo_err transfer_error(CURLcode code, const struct transfer_facts *facts);

/*
 * Copy @text for a log line to @ret: printable ASCII only, no query, fragment or user part of any
 * URL in it, for these hold codes and passwords. NULL gives "". @ret_size >= 4.
 */
void transfer_detail(const char *text, char *ret, size_t ret_size);
