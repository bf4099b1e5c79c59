/* SPDX-License-Identifier: MIT */
#include "common/prompt_text.h"

#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/user_text.h"
#include "common/qr.h"

/* What a screen of unknown size is taken to be wide at least. */
#define LEAST_COLS ((size_t)80)

/* Lines of a notice besides the QR code: the cursor's, and one for a line that is wrapped. */
#define NOTICE_ROWS ((size_t)7)

/* One line at its longest: names, URL and code, and the words around them. */
#define LINE_BYTES 900

#define NAME_BYTES   65
#define LONGEST_LEFT ((int64_t)24 * 60 * 60)

/* The parts of a text that come from elsewhere, filtered. */
struct parts {
	char host[NAME_BYTES];
	char user[NAME_BYTES];
	char source[NAME_BYTES];
	char left[PROMPT_LEFT_BYTES];
	struct user_text_values values;
};

/* What goes in front, and the last line, which tells everything again where it has to. */
struct wording {
	const char *lead;
	enum user_text last;
	enum user_text last_again;
};

void prompt_left(int64_t left_s, char *ret)
{
	int64_t shown_s = left_s < 0 ? 0 : left_s;

	if (shown_s > LONGEST_LEFT)
		shown_s = LONGEST_LEFT;
	snprintf(ret, PROMPT_LEFT_BYTES, "%lld:%02lld", (long long)(shown_s / 60),
		(long long)(shown_s % 60));
}

static void filter(const struct prompt *prompt, struct parts *ret)
{
	log_filter(prompt->host, false, ret->host, sizeof(ret->host));
	log_filter(prompt->user, false, ret->user, sizeof(ret->user));
	log_filter(prompt->source, false, ret->source, sizeof(ret->source));
	prompt_left(prompt->left_s, ret->left);
	ret->values = (struct user_text_values){
		.host = ret->host,
		.user = ret->user,
		.source = ret->source,
		.uri = prompt->uri,
		.code = prompt->code,
		.left = ret->left,
	};
}

/* The text that says from where the person comes, if that is known. */
static enum user_text either(const struct parts *parts, enum user_text local, enum user_text from)
{
	return parts->source[0] ? from : local;
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
	enum config_qr mode = screen.is_ascii ? qr_in_ascii(prompt->qr) : prompt->qr;
	enum cosmo_err err = qr_draw(text, mode, screen.cols ? screen.cols : LEAST_COLS, &picture);

	if (err == COSMO_E_TOO_BIG || err == COSMO_E_NOT_FOUND)
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

/* The first lines stand in the last one again if the QR code may have pushed them off the screen.
 */
static enum cosmo_err join(const struct parts *parts, const struct wording *wording,
	const char *picture, bool again, char **ret)
{
	char first[LINE_BYTES] = "";
	char code[LINE_BYTES] = "";
	char last[LINE_BYTES] = "";
	char *text = NULL;
	enum user_text which = parts->user[0]
				       ? either(parts, USER_TEXT_SIGN_IN, USER_TEXT_SIGN_IN_FROM)
				       : USER_TEXT_SIGN_IN_TEST;

	user_text_fill(which, &parts->values, first, sizeof(first));
	user_text_fill(USER_TEXT_CODE, &parts->values, code, sizeof(code));
	user_text_fill(
		again ? wording->last_again : wording->last, &parts->values, last, sizeof(last));
	if (asprintf(&text, "%s%s\n%s\n%s\n%s\n%s%s", wording->lead, first, parts->values.uri, code,
		    user_text(USER_TEXT_WARNING), picture ? picture : "", last) < 0)
		return COSMO_E_NOMEM;
	*ret = text;
	return COSMO_OK;
}

static enum cosmo_err build(const struct prompt *prompt, struct prompt_screen screen,
	const struct wording *wording, char **ret)
{
	COSMO_AUTO(qr_picture_done) struct qr_picture picture = {0};
	struct parts parts = {0};
	enum cosmo_err err = is_showable(prompt) ? COSMO_OK : COSMO_E_IDP_FIELD;

	if (!err)
		err = draw(prompt, screen, &picture);
	if (err)
		return err;
	filter(prompt, &parts);
	return join(&parts, wording, picture.text, picture.text && !screen.rows, ret);
}

enum cosmo_err prompt_question(const struct prompt *prompt, char **ret)
{
	static const struct wording wording = {"\n", USER_TEXT_ENTER, USER_TEXT_ENTER_AGAIN};
	struct prompt_screen unknown = {0};

	return build(prompt, unknown, &wording, ret);
}

enum cosmo_err prompt_notice(const struct prompt *prompt, struct prompt_screen screen, char **ret)
{
	static const struct wording wording = {"", USER_TEXT_WAITING, USER_TEXT_WAITING_AGAIN};

	return build(prompt, screen, &wording, ret);
}

enum cosmo_err prompt_short(const struct prompt *prompt, char *ret)
{
	struct parts parts = {0};
	size_t len = 0;

	if (!is_showable(prompt))
		return COSMO_E_IDP_FIELD;
	filter(prompt, &parts);
	len = user_text_fill(either(&parts, USER_TEXT_SHORT, USER_TEXT_SHORT_FROM), &parts.values,
		ret, PROMPT_SHORT_BYTES);
	return len < PROMPT_SHORT_BYTES ? COSMO_OK : COSMO_E_IDP_FIELD;
}

void prompt_waiting(int64_t left_s, char *ret)
{
	char left[PROMPT_LEFT_BYTES] = "";
	struct user_text_values values = {.left = left};

	prompt_left(left_s, left);
	user_text_fill(USER_TEXT_STILL_WAITING, &values, ret, PROMPT_WAITING_BYTES);
}
