/* SPDX-License-Identifier: MIT */
#include "ctl/login_prompt.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/prompt_text.h"
#include "common/terminal_screen.h"

struct login_prompt login_prompt_init(FILE *out)
{
	return (struct login_prompt){.out = out, .is_terminal = isatty(fileno(out)) == 1};
}

/* The line with the time that is left stands below all else. */
static struct prompt_screen screen_above(void)
{
	struct prompt_screen screen = terminal_screen();

	if (screen.rows > 1)
		screen.rows--;
	return screen;
}

static int64_t left_s(const struct login_prompt *prompt)
{
	return (prompt->until_boot_ms - fdio_boot_ms()) / 1000;
}

enum cosmo_err login_prompt_show(struct login_prompt *prompt, const struct message *show)
{
	COSMO_AUTO(free) char *text = NULL;
	uint64_t told_s = message_u64(show, FIELD_EXPIRES_IN_S, 0);
	uint64_t qr = message_u64(show, FIELD_QR_MODE, CONFIG_QR_OFF);
	struct prompt shown = {
		.host = message_str(show, FIELD_HOST),
		.uri = message_str(show, FIELD_VERIFICATION_URI),
		.complete_uri = message_str(show, FIELD_VERIFICATION_URI_COMPLETE),
		.code = message_str(show, FIELD_USER_CODE),
		.left_s = told_s < INT32_MAX ? (int64_t)told_s : INT32_MAX,
		.qr = qr <= CONFIG_QR_OFF ? (enum config_qr)qr : CONFIG_QR_OFF,
	};
	enum cosmo_err err = prompt_notice(&shown, screen_above(), &text);

	if (err)
		return err;
	prompt->until_boot_ms = fdio_boot_ms() + shown.left_s * 1000;
	prompt->is_shown = true;
	(void)fprintf(prompt->out, "%s\n", text);
	(void)fflush(prompt->out);
	login_prompt_tick(prompt);
	return COSMO_OK;
}

void login_prompt_tick(const struct login_prompt *prompt)
{
	char left[PROMPT_LEFT_BYTES] = "";

	if (!prompt->is_shown || !prompt->is_terminal)
		return;
	prompt_left(left_s(prompt), left);
	(void)fprintf(prompt->out, "\r%s left; Ctrl-C ends it   ", left);
	(void)fflush(prompt->out);
}

void login_prompt_end(struct login_prompt *prompt)
{
	if (prompt->is_shown && prompt->is_terminal)
		(void)fputc('\n', prompt->out);
	if (prompt->is_shown)
		(void)fputc('\n', prompt->out);
	(void)fflush(prompt->out);
	prompt->is_shown = false;
}
