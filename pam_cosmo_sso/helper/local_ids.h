/* SPDX-License-Identifier: MIT */
/* Ids in /etc/passwd and /etc/group, read from the files themselves: asking NSS would ask us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Is @id the third field of a line of the file at @path (passwd or group format)? Lines may be of
 * any length. Errors: COSMO_E_IO: the file cannot be read, so nobody knows. */
COSMO_MUST_USE enum cosmo_err local_ids_have(const char *path, uint32_t id, bool *ret_have);
