/* SPDX-License-Identifier: MIT */
#include "common/qr.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/qr_encoder.h"

/* The standard wants four; two are read by every reader tried, and save two rows. */
#define MARGIN ((size_t)2)

/* Longest character of a picture: a block in UTF-8. */
#define CELL_MAX_BYTES ((size_t)3)

struct canvas {
	const QRcode *code;
	bool inverse;
	size_t width; /* in modules, margin included */
	char *end;    /* where the next character goes */
};

enum config_qr qr_in_ascii(enum config_qr mode)
{
	switch (mode) {
	case CONFIG_QR_UTF8:
		return CONFIG_QR_ASCII;
	case CONFIG_QR_UTF8_INVERSE:
		return CONFIG_QR_ASCII_INVERSE;
	case CONFIG_QR_ASCII:
	case CONFIG_QR_ASCII_INVERSE:
	case CONFIG_QR_OFF:
		return mode;
	}
	return CONFIG_QR_OFF;
}

static bool is_inverse(enum config_qr mode)
{
	return mode == CONFIG_QR_UTF8_INVERSE || mode == CONFIG_QR_ASCII_INVERSE;
}

static bool is_ascii(enum config_qr mode)
{
	return mode == CONFIG_QR_ASCII || mode == CONFIG_QR_ASCII_INVERSE;
}

/* Ink or not at a module; below the last row there is none. */
static bool has_ink(const struct canvas *canvas, size_t row, size_t col)
{
	size_t side = (size_t)canvas->code->width;
	bool dark = false;

	if (row >= canvas->width)
		return false;
	if (row >= MARGIN && row < MARGIN + side && col >= MARGIN && col < MARGIN + side)
		dark = canvas->code->data[(row - MARGIN) * side + col - MARGIN] & 1;
	return dark == canvas->inverse;
}

static void put(struct canvas *canvas, const char *cell)
{
	size_t len = strlen(cell);

	memcpy(canvas->end, cell, len + 1);
	canvas->end += len;
}

static void draw_blocks(struct canvas *canvas)
{
	static const char *const blocks[2][2] = {{" ", "\u2584"}, {"\u2580", "\u2588"}};

	for (size_t row = 0; row < canvas->width; row += 2) {
		for (size_t col = 0; col < canvas->width; col++)
			put(canvas,
				blocks[has_ink(canvas, row, col)][has_ink(canvas, row + 1, col)]);
		put(canvas, "\n");
	}
}

static void draw_ascii(struct canvas *canvas)
{
	for (size_t row = 0; row < canvas->width; row++) {
		for (size_t col = 0; col < canvas->width; col++)
			put(canvas, has_ink(canvas, row, col) ? "##" : "  ");
		put(canvas, "\n");
	}
}

static enum cosmo_err draw(
	const QRcode *code, enum config_qr mode, size_t max_cols, struct qr_picture *ret)
{
	struct canvas canvas = {.code = code, .inverse = is_inverse(mode)};
	struct qr_picture picture = {0};

	canvas.width = (size_t)code->width + 2 * MARGIN;
	picture.cols = is_ascii(mode) ? 2 * canvas.width : canvas.width;
	picture.rows = is_ascii(mode) ? canvas.width : (canvas.width + 1) / 2;
	if (picture.cols > max_cols)
		return COSMO_E_TOO_BIG;
	picture.text = malloc(picture.rows * (picture.cols * CELL_MAX_BYTES + 1) + 1);
	if (!picture.text)
		return COSMO_E_NOMEM;
	canvas.end = picture.text;
	if (is_ascii(mode))
		draw_ascii(&canvas);
	else
		draw_blocks(&canvas);
	*ret = picture;
	return COSMO_OK;
}

enum cosmo_err qr_draw(
	const char *text, enum config_qr mode, size_t max_cols, struct qr_picture *ret)
{
	struct qr_encoder encoder = {0};
	COSMO_AUTO(qr_encoder_done) struct qr_encoder *owned = &encoder;
	QRcode *code = NULL;
	enum cosmo_err err = COSMO_OK;

	if (mode == CONFIG_QR_OFF)
		return COSMO_OK;
	err = qr_encoder_open(owned);
	if (err)
		return err;
	code = encoder.encode(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
	if (!code)
		return errno == ENOMEM ? COSMO_E_NOMEM : COSMO_E_TOO_BIG;
	err = draw(code, mode, max_cols, ret);
	encoder.free_code(code);
	return err;
}

void qr_picture_done(struct qr_picture picture)
{
	free(picture.text);
}
