/* SPDX-License-Identifier: MIT */
/* The users we show: everybody enrolled, and inside sshd the provisional entry of who is not. */
#pragma once

#include <pwd.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Errors: those of lookup_name() and pack_passwd(). By name COSMO_E_BUSY too: enrolled after this
 * sshd was given another entry, see provisional_was_other(). */
COSMO_MUST_USE enum cosmo_err people_find_name(
	const char *name, char *buffer, size_t buffer_size, struct passwd *ret);
COSMO_MUST_USE enum cosmo_err people_find_uid(
	uint32_t uid, char *buffer, size_t buffer_size, struct passwd *ret);
