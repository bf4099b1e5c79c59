/* SPDX-License-Identifier: MIT */
#include "ctl/marked_block.h"

#include <stdlib.h>
#include <string.h>

#define MARK_BEGIN "# BEGIN cosmo-sso (cosmo-ssoctl disable takes this out)"
#define MARK_END   "# END cosmo-sso"

/* Whatever an editor put behind it. */
static bool is_mark(const char *line, size_t len, const char *mark)
{
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return len == strlen(mark) && memcmp(line, mark, len) == 0;
}

void marked_block_write(FILE *out, const char *lines, bool feed)
{
	fprintf(out, "%s\n%s%s%s", MARK_BEGIN, lines, MARK_END, feed ? "\n" : "");
}

/* False when a block has no end. *ret_last: the text ended with a block and without a line feed. */
static bool copy_foreign(FILE *out, const char *text, bool *ret_last)
{
	bool inside = false;

	while (*text) {
		size_t len = strcspn(text, "\n");
		size_t whole = len + (text[len] == '\n');

		if (is_mark(text, len, MARK_BEGIN)) {
			inside = true;
		} else if (inside && is_mark(text, len, MARK_END)) {
			inside = false;
			*ret_last = whole == len;
		} else if (!inside) {
			(void)fwrite(text, 1, whole, out);
		}
		text += whole;
	}
	return !inside;
}

enum cosmo_err marked_block_remove(const char *text, char **ret)
{
	COSMO_AUTO(free) char *result = NULL;
	size_t size = 0;
	bool last = false;
	bool whole = false;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return COSMO_E_NOMEM;
	whole = copy_foreign(out, text, &last);
	if (fclose(out) != 0)
		return COSMO_E_NOMEM;
	if (!whole)
		return COSMO_E_FORMAT;
	if (last && size > 0 && result[size - 1] == '\n')
		result[size - 1] = '\0';
	*ret = COSMO_STEAL(&result);
	return COSMO_OK;
}
