/* SPDX-License-Identifier: MIT */
/* Private files as text: INI lines whose values are percent-escaped. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* `key = value`; control characters, '%', bytes above 0x7e and outer blanks become %XX. NULL writes
 * nothing. */
void record_text_put(FILE *out, const char *key, const char *value);
void record_text_put_number(FILE *out, const char *key, int64_t value);
void record_text_put_hex(FILE *out, const char *key, const unsigned char *bytes, size_t len);

/* Undo the escapes; the caller frees *ret. Errors: COSMO_E_STORE_DAMAGED, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err record_text_get(const char *value, char **ret);
