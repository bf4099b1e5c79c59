/* SPDX-License-Identifier: MIT */
#include "ctl/sshd_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/marked_block.h"

/* The same text as etc/sshd_config.d/30-cosmo-sso.conf; a test compares them. */
static const char shipped[] =
	"# Signing in with a code is a conversation: keyboard-interactive through PAM.\n"
	"UsePAM yes\n"
	"KbdInteractiveAuthentication yes\n";

/* What others wrote into the file; the shipped text, copied by hand, is ours. */
static enum cosmo_err foreign_part(const char *text, char **ret, const char **ret_problem)
{
	enum cosmo_err err = marked_block_remove(text ? text : "", ret);

	if (err == COSMO_E_FORMAT)
		*ret_problem = MARKED_BLOCK_PROBLEM;
	if (!err && streq(*ret, shipped))
		(*ret)[0] = '\0';
	return err;
}

enum cosmo_err sshd_edit_enable(const char *text, char **ret, const char **ret_problem)
{
	COSMO_AUTO(free) char *foreign = NULL;
	COSMO_AUTO(free) char *result = NULL;
	size_t size = 0;
	FILE *out = NULL;
	enum cosmo_err err = foreign_part(text, &foreign, ret_problem);

	if (err)
		return err;
	out = open_memstream(&result, &size);
	if (!out)
		return COSMO_E_NOMEM;
	marked_block_write(out, shipped, true);
	(void)fputs(foreign, out);
	if (fclose(out) != 0)
		return COSMO_E_NOMEM;
	*ret = COSMO_STEAL(&result);
	return COSMO_OK;
}

enum cosmo_err sshd_edit_disable(const char *text, char **ret, const char **ret_problem)
{
	COSMO_AUTO(free) char *foreign = NULL;
	enum cosmo_err err = foreign_part(text, &foreign, ret_problem);

	if (err)
		return err;
	*ret = foreign[0] ? COSMO_STEAL(&foreign) : NULL;
	return COSMO_OK;
}
