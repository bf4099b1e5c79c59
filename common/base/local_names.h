/* SPDX-License-Identifier: MIT */
/* Names in /etc/passwd and /etc/group, read from the files themselves: asking NSS would ask us. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"

#define LOCAL_PASSWD_FILE "/etc/passwd"
#define LOCAL_GROUP_FILE  "/etc/group"

/*
 * Does a line of the file at @path (passwd or group format) begin with @name? "+name" and "-name"
 * of the compat format count too, and blanks before a name do not hide it: glibc reads it so. Lines
 * may be of any length. No allocation; keeps errno. Errors: COSMO_E_IO: the file cannot be read, so
 * nobody knows.
 */
COSMO_MUST_USE enum cosmo_err local_names_has(const char *path, const char *name, bool *ret_has);
