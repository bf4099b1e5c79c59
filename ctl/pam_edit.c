/* SPDX-License-Identifier: MIT */
#include "ctl/pam_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_BEGIN "# BEGIN cosmo-sso (cosmo-ssoctl disable takes this out)"
#define MARK_END   "# END cosmo-sso"

/* The same lines as etc/pam.d; a test compares them. Not our user: `ignore` leaves the stack as it
 * was. */
static const char entry_lines[] =
	"auth    [success=done ignore=ignore default=die] pam_cosmo_sso.so\n"
	"account [success=ok ignore=ignore default=die]   pam_cosmo_sso.so\n";
static const char session_lines[] =
	"session [success=ok ignore=1 default=die]        pam_cosmo_sso.so\n"
	"session optional                                 pam_mkhomedir.so umask=0077\n";

static bool is_mark(const char *line, size_t len, const char *mark)
{
	return len == strlen(mark) && strncmp(line, mark, len) == 0;
}

/* Everything but our blocks. */
static bool copy_foreign(FILE *out, const char *text)
{
	bool inside = false;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (is_mark(text, len, MARK_BEGIN))
			inside = true;
		else if (inside && is_mark(text, len, MARK_END))
			inside = false;
		else if (!inside)
			fprintf(out, "%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	return !inside;
}

static enum cosmo_err edit(const char *text, bool enable, bool sessions, char **ret)
{
	COSMO_AUTO(free) char *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);
	bool ok = false;

	if (!out)
		return COSMO_E_NOMEM;
	if (enable)
		fprintf(out, "%s\n%s%s\n", MARK_BEGIN, entry_lines, MARK_END);
	ok = copy_foreign(out, text);
	if (enable && sessions)
		fprintf(out, "%s\n%s%s\n", MARK_BEGIN, session_lines, MARK_END);
	if (fclose(out) != 0)
		return COSMO_E_NOMEM;
	if (!ok)
		return COSMO_E_FORMAT;
	*ret = COSMO_STEAL(&result);
	return COSMO_OK;
}

enum cosmo_err pam_edit_enable(const char *text, bool sessions, char **ret)
{
	return edit(text, true, sessions, ret);
}

enum cosmo_err pam_edit_disable(const char *text, char **ret)
{
	return edit(text, false, false, ret);
}
