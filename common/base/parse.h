/* SPDX-License-Identifier: MIT */
/* Text to value, strictly: the whole string or nothing, no locale, no allocation. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Longest login name, without the NUL (utmp's limit). */
#define COSMO_MAX_NAME_BYTES 32

/* Decimal digits only (no sign, blank or leading zero but "0"). Errors: COSMO_E_INVALID, also when
 * outside [min, max]. */
COSMO_MUST_USE enum cosmo_err parse_u64(
	const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* Like parse_u64 with an optional leading '-'. Errors: COSMO_E_INVALID. */
COSMO_MUST_USE enum cosmo_err parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret);

/* Like parse_u64, also in hexadecimal behind "0x". For ids. Errors: COSMO_E_INVALID. */
COSMO_MUST_USE enum cosmo_err parse_id(const char *text, uint32_t min, uint32_t max, uint32_t *ret);

/* "yes"/"no", "true"/"false", "on"/"off", exactly so spelt. Errors: COSMO_E_INVALID. */
COSMO_MUST_USE enum cosmo_err parse_bool(const char *text, bool *ret);

/* "90", "90s", "15m", "24h", "14d", one unit only, to seconds. Errors: COSMO_E_INVALID, also when
 * outside [min_s, max_s]. */
COSMO_MUST_USE enum cosmo_err parse_duration_s(
	const char *text, int64_t min_s, int64_t max_s, int64_t *ret_s);

/* @hex of exactly 2 * @len lower-case hexadecimal digits to @len bytes. Errors: COSMO_E_INVALID. */
COSMO_MUST_USE enum cosmo_err parse_hex(const char *hex, unsigned char *ret_bytes, size_t len);

/* Writes 2 * @len lower-case digits and a NUL. */
void format_hex(const unsigned char *bytes, size_t len, char *ret_hex);

/*
 * Is @name a canonical login name: [a-z][a-z0-9_.-]{0,31} (with one inner '@' too when @domains),
 * and not ending in '.'? Any other spelling of a name, upper case included, is not a name of ours.
 */
bool login_name_is_valid(const char *name, bool domains);

/* Like login_name_is_valid without '@', for role and group names. */
bool group_name_is_valid(const char *name);
