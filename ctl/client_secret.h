/* SPDX-License-Identifier: MIT */
/* The client's secret, typed in unseen and kept in a file of root's alone. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"

struct client_secret {
	char path[256]; /* "": none was asked for */
};

/*
 * Ask for the secret on the terminal, without showing it, and write it to a new file in @folder,
 * mode 0600. Errors, said on standard error: COSMO_E_INVALID (no terminal, or nothing typed, or too
 * long), COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err client_secret_ask(const char *folder, struct client_secret *ret);

/* Remove the file again: the secret was not taken. */
void client_secret_drop(struct client_secret *secret);
