/* SPDX-License-Identifier: MIT */
/* Lines of ours in a file of the host's, between two marks, so that they can be found again. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* What COSMO_E_FORMAT of marked_block_remove() means, behind the file's name. */
#define MARKED_BLOCK_PROBLEM                                                                       \
	"holds a damaged block of cosmo-sso (its end is missing); take it out by hand"

/* Write @lines between the marks; the last line feed is left out unless @feed. */
void marked_block_write(FILE *out, const char *lines, bool feed);

/*
 * The text without our blocks, byte for byte as it was before they came: a block that ends the file
 * without a line feed took it from the text before it. The caller frees *ret. Errors:
 * COSMO_E_FORMAT (a block without its end), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err marked_block_remove(const char *text, char **ret);
