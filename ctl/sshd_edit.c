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
	"KbdInteractiveAuthentication yes\n"
	"# Its users have no password. A client that tries one first would be shut out from the conversation.\n"
	"Match Group cosmo-users\n"
	"    PasswordAuthentication no\n"
	"Match all\n"
	"# A sign-in that waits for its approval is a connection that has not logged in yet. Of several\n"
	"# MaxStartups lines older versions of sshd take the last, newer ones the first: see sshd -T.\n"
	"MaxStartups 62:30:162\n";

static const char conversation_end[] = "Match all\n";
static const char startups_key[] = "\nMaxStartups ";

/* The shipped lines with @startups in the place of the shipped number, or without the last part. */
static char *own_lines(const char *startups)
{
	char *lines = NULL;
	size_t conversation_len =
		(size_t)(strstr(shipped, conversation_end) - shipped) + strlen(conversation_end);
	size_t key_len = (size_t)(strstr(shipped, startups_key) - shipped) + strlen(startups_key);

	if (!startups)
		return strndup(shipped, conversation_len);
	return asprintf(&lines, "%.*s%s\n", (int)key_len, shipped, startups) < 0 ? NULL : lines;
}

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

/* Lines spelt as ours are; others' spellings count neither in the whole nor in their part. */
static size_t count_startups(const char *text)
{
	const char *key = startups_key + 1;
	size_t count = strncmp(text, key, strlen(key)) == 0;

	for (const char *at = text; (at = strstr(at, startups_key)); at++)
		count++;
	return count;
}

bool sshd_edit_has_startups(const char *text)
{
	COSMO_AUTO(free) char *foreign = NULL;
	const char *problem = NULL;

	return text && foreign_part(text, &foreign, &problem) == COSMO_OK &&
	       count_startups(text) > count_startups(foreign);
}

enum cosmo_err sshd_edit_enable(
	const char *text, const char *startups, char **ret, const char **ret_problem)
{
	COSMO_AUTO(free) char *lines = own_lines(startups);
	COSMO_AUTO(free) char *foreign = NULL;
	COSMO_AUTO(free) char *result = NULL;
	size_t size = 0;
	FILE *out = NULL;
	enum cosmo_err err = foreign_part(text, &foreign, ret_problem);

	if (err)
		return err;
	out = lines ? open_memstream(&result, &size) : NULL;
	if (!out)
		return COSMO_E_NOMEM;
	marked_block_write(out, lines, true);
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
