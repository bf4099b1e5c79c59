/* SPDX-License-Identifier: MIT */
/* Home directories from the configured template: the same in enrolment and in a provisional entry.
 */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/*
 * Write @template with every "%u" replaced by @name to @ret_home. Pure. Errors: COSMO_E_INVALID
 * (another '%', or not an absolute path), COSMO_E_RANGE (longer than @home_size with its NUL);
 * @ret_home holds no usable text then.
 */
COSMO_MUST_USE enum cosmo_err home_template_expand(
	const char *template, const char *name, char *ret_home, size_t home_size);
