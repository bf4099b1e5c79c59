/* SPDX-License-Identifier: MIT */
#include "ctl/pam_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/marked_block.h"

#define MODULE "pam_cosmo_sso.so"

/*
 * The same lines as etc/pam.d; a test compares them. Not our user: `ignore` leaves the stack as it
 * was. A module that is gone or does not load must not lock root out, so it is ignored as well.
 */
#define AUTH_LINE                                                                                  \
	"auth    [success=done ignore=ignore module_unknown=ignore default=die] pam_cosmo_sso.so\n"

const char pam_edit_auth_line[] = AUTH_LINE;

static const char entry_lines[] = AUTH_LINE
	"account [success=ok ignore=ignore module_unknown=ignore default=die] pam_cosmo_sso.so\n";

/* The auth line ends the stack for our users, /etc/nologin included: it is asked about here. */
static const char login_lines[] =
	AUTH_LINE "account [success=ok ignore=1 module_unknown=1 default=die] pam_cosmo_sso.so\n"
		  "account requisite pam_nologin.so\n";

static const char session_lines[] =
	"session [success=ok ignore=1 module_unknown=1 default=die] pam_cosmo_sso.so\n"
	"session optional pam_mkhomedir.so umask=0077\n";

/* @word in the part of the line before a comment. */
static bool line_has(const char *line, size_t len, const char *word)
{
	const char *comment = memchr(line, '#', len);
	size_t end = comment ? (size_t)(comment - line) : len;

	return memmem(line, end, word, strlen(word)) != NULL;
}

bool pam_edit_has_module(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (line_has(text, len, MODULE))
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

/* Would PAM read the line behind the text as part of its last one? */
static bool is_open_ended(const char *text)
{
	size_t len = strlen(text);
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
	if (pam_edit_has_module(foreign))
		return "calls " MODULE
		       " in a line that cosmo-ssoctl did not write; take that line out first";
	if (kind == PAM_EDIT_LOGIN && is_open_ended(foreign))
		return "ends in a line that is to be continued (\\); mend that first";
	return NULL;
}

static enum cosmo_err compose(const char *foreign, enum pam_edit_kind kind, char **ret)
{
	COSMO_AUTO(free) char *result = NULL;
	size_t len = strlen(foreign);
	size_t size = 0;
	bool feed = len == 0 || foreign[len - 1] == '\n';
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return COSMO_E_NOMEM;
	marked_block_write(out, kind == PAM_EDIT_LOGIN ? login_lines : entry_lines, true);
	(void)fputs(foreign, out);
	if (kind == PAM_EDIT_LOGIN) {
		if (!feed)
			(void)fputc('\n', out);
		marked_block_write(out, session_lines, feed);
	}
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
