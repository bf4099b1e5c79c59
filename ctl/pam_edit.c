/* SPDX-License-Identifier: MIT */
#include "ctl/pam_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/marked_block.h"
#include "ctl/pam_line.h"

#define MODULE "pam_cosmo_sso.so"

/*
 * The same lines as etc/pam.d; a test compares them. Not our user: `ignore` leaves the stack as it
 * was. A module that is gone or does not load must not lock root out, so it is ignored as well.
 */
#define AUTH_LINE                                                                                  \
	"auth    [success=done ignore=ignore module_unknown=ignore default=die] pam_cosmo_sso.so\n"

const char pam_edit_auth_line[] = AUTH_LINE;

#define ACCOUNT_LINE                                                                               \
	"account [success=ok ignore=ignore module_unknown=ignore default=die] pam_cosmo_sso.so\n"

static const char account_line[] = ACCOUNT_LINE;

static const char entry_lines[] = AUTH_LINE ACCOUNT_LINE;

/* The auth line ends the stack for our users, /etc/nologin included: it is asked about here. */
static const char login_lines[] =
	AUTH_LINE "account [success=ok ignore=1 module_unknown=1 default=die] pam_cosmo_sso.so\n"
		  "account requisite pam_nologin.so\n";

static const char session_lines[] =
	"session [success=ok ignore=1 module_unknown=1 default=die] pam_cosmo_sso.so\n"
	"session optional pam_mkhomedir.so umask=0077\n";

bool pam_edit_has_module(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (pam_line_has(text, len, MODULE))
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

/* pam_succeed_if.so and pam_listfile.so do so when told to. */
static bool looks_at_caller(const char *line, size_t len)
{
	static const char *const words[] = {
		"pam_rootok.so", "pam_wheel.so", "use_uid", "item=ruser"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(words); i++)
		if (pam_line_has(line, len, words[i]))
			return true;
	return false;
}

/* How much of the text comes before our auth line: what looks at who is calling. */
static size_t auth_place(const char *text, enum pam_edit_kind kind)
{
	const char *start = text;
	size_t place = 0;

	while (kind == PAM_EDIT_SU && *text) {
		size_t len = strcspn(text, "\n");
		size_t whole = len + (text[len] == '\n');

		if (pam_line_is(text, "auth") && looks_at_caller(text, len))
			place = (size_t)(text - start) + whole;
		text += whole;
	}
	return place;
}

/* Would an auth line of the first @len bytes, with a new one behind them, skip others than it did?
 */
static bool is_jumped_over(const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t line_len = strcspn(text + at, "\n");

		if (pam_line_is(text + at, "auth") && pam_line_jumps(text + at, line_len))
			return true;
		at += line_len + 1;
	}
	return false;
}

/* Would PAM read what comes behind the first @len bytes as part of their last line? */
static bool is_open_ended(const char *text, size_t len)
{
	const char *line = NULL;

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (len == 0 || text[len - 1] != '\\')
		return false;
	line = memrchr(text, '\n', len);
	line = line ? line + 1 : text;
	return line[strspn(line, " \t")] != '#';
}

static const char *problem_of(const char *foreign, enum pam_edit_kind kind)
{
	size_t place = auth_place(foreign, kind);

	if (pam_edit_has_module(foreign))
		return "calls " MODULE
		       " in a line that cosmo-ssoctl did not write; take that line out first";
	if (is_jumped_over(foreign, place))
		return "has an auth line that skips others ([success=1 ...]) before or at one that "
		       "looks at the caller (pam_rootok.so, pam_wheel.so, use_uid, item=ruser), "
		       "where ours must stand; mend that first";
	if (is_open_ended(foreign, place) ||
		(kind == PAM_EDIT_LOGIN && is_open_ended(foreign, strlen(foreign))))
		return "has a line that is to be continued (\\) where ours must stand; mend that first";
	return NULL;
}

/* Before @place what stood there, and at it our lines. */
static void write_head(FILE *out, const char *foreign, size_t place, enum pam_edit_kind kind)
{
	bool feed = place == 0 || foreign[place - 1] == '\n';

	switch (kind) {
	case PAM_EDIT_ENTRY:
		marked_block_write(out, entry_lines, true);
		break;
	case PAM_EDIT_LOGIN:
		marked_block_write(out, login_lines, true);
		break;
	case PAM_EDIT_JOB:
		marked_block_write(out, account_line, true);
		break;
	case PAM_EDIT_SU:
		marked_block_write(out, account_line, true);
		(void)fwrite(foreign, 1, place, out);
		if (!feed)
			(void)fputc('\n', out);
		marked_block_write(out, pam_edit_auth_line, feed);
		break;
	}
}

static void write_tail(FILE *out, const char *foreign)
{
	size_t len = strlen(foreign);
	bool feed = len == 0 || foreign[len - 1] == '\n';

	if (!feed)
		(void)fputc('\n', out);
	marked_block_write(out, session_lines, feed);
}

static enum cosmo_err compose(const char *foreign, enum pam_edit_kind kind, char **ret)
{
	COSMO_AUTO(free) char *result = NULL;
	size_t place = auth_place(foreign, kind);
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return COSMO_E_NOMEM;
	write_head(out, foreign, place, kind);
	(void)fputs(foreign + place, out);
	if (kind == PAM_EDIT_LOGIN)
		write_tail(out, foreign);
	if (fclose(out) != 0)
		return COSMO_E_NOMEM;
	*ret = COSMO_STEAL(&result);
	return COSMO_OK;
}

enum cosmo_err pam_edit_enable(
	const char *text, enum pam_edit_kind kind, char **ret, const char **ret_problem)
{
	COSMO_AUTO(free) char *foreign = NULL;
	enum cosmo_err err = pam_edit_disable(text, &foreign, ret_problem);

	if (err)
		return err;
	*ret_problem = problem_of(foreign, kind);
	return *ret_problem ? COSMO_E_FORMAT : compose(foreign, kind, ret);
}

enum cosmo_err pam_edit_disable(const char *text, char **ret, const char **ret_problem)
{
	enum cosmo_err err = marked_block_remove(text, ret);

	if (err == COSMO_E_FORMAT)
		*ret_problem = MARKED_BLOCK_PROBLEM;
	return err;
}

static bool includes(const char *text, const char *type, const char *service)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (pam_line_includes(text, len, type, service))
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

bool pam_edit_includes(const char *text, const char *service)
{
	return includes(text, "auth", service) && includes(text, "account", service);
}
