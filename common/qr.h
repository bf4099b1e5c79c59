/* SPDX-License-Identifier: MIT */
/* QR codes (ISO/IEC 18004) made of characters. */
#pragma once

#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"

struct qr_picture {
	char *text; /* rows, each with its newline; NULL: no picture */
	size_t cols;
	size_t rows;
};

/* The same kind of picture without block characters. */
enum config_qr qr_in_ascii(enum config_qr mode);

/*
 * Draw @text, at error correction level L with a margin of two modules, at most @max_cols wide.
 * Ink is light, for terminals with light text on a dark ground; the inverse modes are for dark text
 * on a light ground. The caller owns *ret: qr_picture_done(). With CONFIG_QR_OFF it stays empty.
 * Errors: COSMO_E_TOO_BIG (does not fit), COSMO_E_NOT_FOUND (as qr_encoder_open()), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err qr_draw(
	const char *text, enum config_qr mode, size_t max_cols, struct qr_picture *ret);

void qr_picture_done(struct qr_picture picture);
COSMO_AUTO_DEFINE(struct qr_picture, qr_picture_done);
