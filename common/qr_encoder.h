/* SPDX-License-Identifier: MIT */
/*
 * libqrencode, in the process for as long as a code is drawn. Most calls of the module draw none,
 * and each sudo and each session would pay for loading it, and for libpthread's stub with it.
 */
#pragma once

#include <qrencode.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Of libqrencode 4; also what the module's note says of it. */
#define QR_ENCODER_SONAME "libqrencode.so.4"

struct qr_encoder {
	void *library; /* NULL: none */
	__typeof__(QRcode_encodeString) *encode;
	__typeof__(QRcode_free) *free_code;
};

/*
 * Load it, as the loader finds it for the module, and show it to nobody else in the process. The
 * caller owns *ret: qr_encoder_done(). Errors: COSMO_E_NOT_FOUND (not installed, or cannot be had).
 */
COSMO_MUST_USE enum cosmo_err qr_encoder_open(struct qr_encoder *ret);

/* Unload it; what it made has been freed before. Harmless for one all zero. */
void qr_encoder_done(struct qr_encoder *encoder);
COSMO_AUTO_DEFINE(struct qr_encoder *, qr_encoder_done);
