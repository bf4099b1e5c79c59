/* SPDX-License-Identifier: MIT */
/* What a person is shown: where to approve which code for whom. Printable text and newlines only,
 * all of it ASCII but for the QR code's blocks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"

/* Greeters may freeze at more; sshd and terminals take what a QR code needs. */
#define PROMPT_SHORT_BYTES 900

/* A line that only tells the time left. */
#define PROMPT_WAITING_BYTES 128

/* The time left alone. */
#define PROMPT_LEFT_BYTES 32

/* All borrowed and unfiltered. */
struct prompt {
	const char *host;
	const char *user;   /* NULL: a test sign-in, of whoever approves it */
	const char *source; /* address the user comes from, NULL if local */
	const char *uri;
	const char *complete_uri; /* with the code in it, for the QR code; NULL: @uri */
	const char *code;
	int64_t left_s;
	enum config_qr qr;
};

/* Columns and rows of the screen, 0 where not known, and whether it is known to take ASCII alone.
 */
struct prompt_screen {
	size_t cols;
	size_t rows;
	bool is_ascii;
};

/*
 * The one question for sshd; starts with a newline, since clients put text in front of it, and ends
 * in "Press Enter ..." with code and URL once more, for a QR code may push the first away. The
 * caller frees *ret. Errors: COSMO_E_IDP_FIELD (URL or code with characters that cannot be shown),
 * COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err prompt_question(const struct prompt *prompt, char **ret);

/* The text for a terminal that shows it at once. The QR code is made of what the screen takes, and
 * left out where it is larger than the screen. The caller frees *ret. Errors: as prompt_question().
 */
COSMO_MUST_USE enum cosmo_err prompt_notice(
	const struct prompt *prompt, struct prompt_screen screen, char **ret);

/* At most PROMPT_SHORT_BYTES with the NUL, one line, no QR code. Errors: COSMO_E_IDP_FIELD, also
 * when it does not fit. */
COSMO_MUST_USE enum cosmo_err prompt_short(const struct prompt *prompt, char *ret);

/* "7:40", never below zero, in PROMPT_LEFT_BYTES. */
void prompt_left(int64_t left_s, char *ret);

/* "Still waiting, 7:40 left. Press Enter after approving. " in PROMPT_WAITING_BYTES. */
void prompt_waiting(int64_t left_s, char *ret);
