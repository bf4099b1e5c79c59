/* SPDX-License-Identifier: MIT */
/* Writes docs/messages.md out of the texts themselves, so that the document cannot lag behind them.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/auto.h"
#include "common/base/user_text.h"
#include "common/prompt_text.h"
#include "docs/man/err_advice.h"
#include "docs/message_when.h"

static const char *const ids[] = {
#define ID_(symbol, id) [USER_TEXT_##symbol] = (id),
	USER_TEXT_LIST(ID_)
#undef ID_
};

static const char head[] =
	"# What a person sees\n\n"
	"Everything that somebody who signs in can be told, out of "
	"[`common/base/user_text.c`](../common/base/user_text.c). A program of the build writes this "
	"file; where a text is changed, copy it over: `cp build/docs/messages.md docs/`.\n\n"
	"The id of a failure is the *reason* in the log, where the administrator finds more than the "
	"person is told (see `cosmo-sso-errors(7)`). An *entry* is each use of a service by somebody "
	"who is known here, with a code, with a key or through sudo (PAM's account phase); a session "
	"that cannot be recorded counts as one. The question for the name (`login:`) and everything "
	"else that stands on the screen is the calling program's own.\n";

static const char between[] =
	"\n## Failures\n\n"
	"One of these, in one line, is all that is said where somebody is not let in.\n\n"
	"| id | what the person reads | when | what the administrator does |\n"
	"|---|---|---|---|\n";

static int len_without_end(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == ' ')
		len--;
	return (int)len;
}

static void put_sample(const char *title, const char *text)
{
	text += text[0] == '\n';
	printf("\n%s:\n\n```\n%.*s\n```\n", title, len_without_end(text), text);
}

/* What the lines look like together, as the module puts them. */
static bool put_samples(void)
{
	const struct prompt prompt = {
		.host = "web1",
		.user = "ada",
		.source = "192.0.2.7",
		.uri = "https://login.example.org/device",
		.code = "WDJB-MJHT",
		.left_s = 598,
		.qr = CONFIG_QR_OFF,
	};
	const struct prompt_screen screen = {0};
	COSMO_AUTO(free) char *question = NULL;
	COSMO_AUTO(free) char *notice = NULL;
	char brief[PROMPT_SHORT_BYTES] = "";

	if (prompt_question(&prompt, &question) || prompt_notice(&prompt, screen, &notice) ||
		prompt_short(&prompt, brief))
		return false;
	put_sample("Over SSH (the QR code, if there is one, stands above the last line)", question);
	put_sample("At a terminal", notice);
	put_sample("On a login screen", brief);
	return true;
}

static bool put_line(enum user_text which)
{
	if (!user_text_when(which)) {
		fprintf(stderr, "%s: docs/message_when.c does not say when it is seen\n",
			ids[which]);
		return false;
	}
	printf("| `%s` | `%s` | %s |\n", ids[which], user_text(which), user_text_when(which));
	return true;
}

static bool put_failure(enum cosmo_err err)
{
	if (!err_when(err) || !err_advice(err)) {
		fprintf(stderr, "%s: nothing in docs/message_when.c or docs/man/err_advice.c\n",
			cosmo_err_id(err));
		return false;
	}
	printf("| `%s` | %s | %s | %.*s |\n", cosmo_err_id(err), cosmo_err_text(err), err_when(err),
		len_without_end(err_advice(err)), err_advice(err));
	return true;
}

int main(void)
{
	bool is_whole = true;

	(void)fputs(head, stdout);
	printf("\n## Around the code\n");
	is_whole = put_samples();
	printf("\nNothing of this needs an administrator.\n\n| id | text | when |\n|---|---|---|\n");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(ids); i++)
		is_whole = put_line((enum user_text)i) && is_whole;
	(void)fputs(between, stdout);
	for (size_t i = 0; i < cosmo_err_count(); i++)
		is_whole = put_failure((enum cosmo_err)i) && is_whole;
	return !is_whole || ferror(stdout) || fflush(stdout) == EOF ? 1 : 0;
}
