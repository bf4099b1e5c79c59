/* SPDX-License-Identifier: MIT */
/* What came of one call of the module. */
#pragma once

#include <stdbool.h>

#include "common/base/err.h"

/* A greeter of lightdm freezes for good at 990 bytes. */
#define ANSWER_TEXT_BYTES 900

struct answer {
	enum cosmo_err err;
	bool from_helper;             /* the helper decided, and logged it */
	const char *detail;           /* for the log; borrowed, NULL: none */
	char text[ANSWER_TEXT_BYTES]; /* for the person, as it came; "": cosmo_err_text(err) */
};
