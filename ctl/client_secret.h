/* SPDX-License-Identifier: MIT */
/* The client's secret, typed in unseen and kept in a file of root's alone. */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"

struct client_secret {
	char text[1024]; /* typed, and in no file yet */
	size_t len;      /* 0: there is none */
	char path[256];  /* "": it is in no file */
};

/*
 * Ask for the secret on the terminal, without showing it. Errors: COSMO_E_INVALID (no terminal, or
 * nothing typed, or too long; said on standard error), COSMO_E_CANCELLED (to be said by the
 * caller).
 */
COSMO_MUST_USE enum cosmo_err client_secret_ask(struct client_secret *ret);

/* Write what was typed to a new file in @folder, mode 0600, and wipe it here. Errors, said on
 * standard error: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err client_secret_store(const char *folder, struct client_secret *secret);

/* Wipe it and remove the file again: the secret was not taken. */
void client_secret_drop(struct client_secret *secret);
