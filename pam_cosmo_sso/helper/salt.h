/* SPDX-License-Identifier: MIT */
/* Names and sources that must not be readable afterwards: hashes with a salt made anew at each
 * boot. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/siphash.h"

struct salt {
	unsigned char key[SIPHASH_KEY_BYTES];
};

/* What is hashed: the same text in two roles gives two hashes. */
enum salt_kind {
	SALT_LOGGED_NAME,
	SALT_USER,
	SALT_SOURCE,
	SALT_PAIR, /* of a user and a source */
	SALT_FLOW,
};

/* This boot's salt in @run_fd (run/private), made at first use, 0600. Errors: COSMO_E_IO,
 * COSMO_E_UNSAFE_FILE, COSMO_E_STORE_DAMAGED, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err salt_load(int run_fd, struct salt *ret);

/* Longer texts count by their beginning; nothing on the wire is as long. */
#define SALT_MAX_TEXT_BYTES 512
uint64_t salt_hash(const struct salt *salt, enum salt_kind kind, const char *text);
