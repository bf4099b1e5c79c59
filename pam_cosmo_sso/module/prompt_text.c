/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/prompt_text.h"

#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "pam_cosmo_sso/module/qr.h"

/* What a screen of unknown size is taken to be wide at least. */
#define LEAST_COLS ((size_t)80)

/* Lines of a notice besides the QR code: the cursor's, and one for a line that is wrapped. */
#define NOTICE_ROWS ((size_t)7)

/* URL and code at their longest, and our words. */
#define LAST_LINE_BYTES 700

#define NAME_BYTES   65
#define TIME_BYTES   32
#define LONGEST_LEFT ((int64_t)24 * 60 * 60)

/* The parts of a text that come from elsewhere, filtered. */
struct parts {
	char host[NAME_BYTES];
	char user[NAME_BYTES];
	char from[NAME_BYTES + 8];
	char left[TIME_BYTES];
};

/* Our own words around them: in front, and in the last line. */
struct wording {
	const char *first;
	const char *last;
	const char *of;
	const char *end;
};

static void format_left(int64_t left_s, char *ret)
{
	int64_t shown_s = left_s < 0 ? 0 : left_s;

	if (shown_s > LONGEST_LEFT)
		shown_s = LONGEST_LEFT;
	snprintf(ret, TIME_BYTES, "%lld:%02lld", (long long)(shown_s / 60),
		(long long)(shown_s % 60));
}

static void filter(const struct prompt *prompt, struct parts *ret)
{
	char source[NAME_BYTES] = "";

	log_filter(prompt->host, false, ret->host, sizeof(ret->host));
	log_filter(prompt->user, false, ret->user, sizeof(ret->user));
	log_filter(prompt->source, false, source, sizeof(source));
	if (source[0])
		snprintf(ret->from, sizeof(ret->from), " from %s", source);
	format_left(prompt->left_s, ret->left);
}

/* To be typed or clicked as it stands, so nothing in it is replaced; a blank could forge a line of
 * our own. */
static bool is_plain(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0;
}

static bool is_showable(const struct prompt *prompt)
{
	return is_plain(prompt->uri) && is_plain(prompt->code) &&
	       (!prompt->complete_uri || is_plain(prompt->complete_uri));
}

/* A code that cannot be drawn is left out: URL and code are enough. */
static enum cosmo_err draw(
	const struct prompt *prompt, struct prompt_screen screen, struct qr_picture *ret)
{
	const char *text = prompt->complete_uri ? prompt->complete_uri : prompt->uri;
	struct qr_picture picture = {0};
	enum cosmo_err err =
		qr_draw(text, prompt->qr, screen.cols ? screen.cols : LEAST_COLS, &picture);

	if (err == COSMO_E_TOO_BIG)
		return COSMO_OK;
	if (err)
		return err;
	if (screen.rows && picture.rows + NOTICE_ROWS > screen.rows) {
		qr_picture_done(picture);
		return COSMO_OK;
	}
	*ret = picture;
	return COSMO_OK;
}

/* The last line; with a QR code that may have pushed the first lines off the screen, what stands in
 * them stands here again. */
static void format_last(
	const struct prompt *prompt, const struct wording *wording, bool again, char *ret)
{
	snprintf(ret, LAST_LINE_BYTES, "%s%s%s%s%s%s", wording->last, again ? wording->of : "",
		again ? prompt->code : "", again ? " at " : "", again ? prompt->uri : "",
		wording->end);
}

static enum cosmo_err build(const struct prompt *prompt, struct prompt_screen screen,
	const struct wording *wording, char **ret)
{
	COSMO_AUTO(qr_picture_done) struct qr_picture picture = {0};
	struct parts parts = {0};
	char last[LAST_LINE_BYTES] = "";
	char *text = NULL;
	enum cosmo_err err = is_showable(prompt) ? COSMO_OK : COSMO_E_IDP_FIELD;

	if (!err)
		err = draw(prompt, screen, &picture);
	if (err)
		return err;
	filter(prompt, &parts);
	format_last(prompt, wording, picture.text && !screen.rows, last);
	if (asprintf(&text,
		    "%sSign in to %s as %s%s. Approve on this page:\n"
		    "%s\n"
		    "Code: %s   Valid for %s\n"
		    "Do not approve a sign-in you did not start.\n"
		    "%s%s",
		    wording->first, parts.host, parts.user, parts.from, prompt->uri, prompt->code,
		    parts.left, picture.text ? picture.text : "", last) < 0)
		return COSMO_E_NOMEM;
	*ret = text;
	return COSMO_OK;
}

enum cosmo_err prompt_question(const struct prompt *prompt, char **ret)
{
	static const struct wording wording = {"\n", "Press Enter after approving", " ", ": "};
	struct prompt_screen unknown = {0};

	return build(prompt, unknown, &wording, ret);
}

enum cosmo_err prompt_notice(const struct prompt *prompt, struct prompt_screen screen, char **ret)
{
	static const struct wording wording = {"", "Waiting for the approval", " of ", " ..."};

	return build(prompt, screen, &wording, ret);
}

enum cosmo_err prompt_short(const struct prompt *prompt, char *ret)
{
	struct parts parts = {0};
	int len = 0;

	if (!is_showable(prompt))
		return COSMO_E_IDP_FIELD;
	filter(prompt, &parts);
	len = snprintf(ret, PROMPT_SHORT_BYTES,
		"Sign in to %s as %s%s: open %s and enter the code %s (valid for %s). "
		"Do not approve a sign-in you did not start.",
		parts.host, parts.user, parts.from, prompt->uri, prompt->code, parts.left);
	return len > 0 && len < PROMPT_SHORT_BYTES ? COSMO_OK : COSMO_E_IDP_FIELD;
}

void prompt_waiting(int64_t left_s, char *ret)
{
	char left[TIME_BYTES] = "";

	format_left(left_s, left);
	snprintf(ret, PROMPT_WAITING_BYTES, "Still waiting, %s left. Press Enter after approving. ",
		left);
}
