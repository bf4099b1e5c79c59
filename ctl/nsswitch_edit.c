/* SPDX-License-Identifier: MIT */
#include "ctl/nsswitch_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 64
#define BLANKS    " \t"

/* A database line split into its services and actions; an action "[...]" is one word. */
struct line {
	char *copy;
	const char *words[MAX_WORDS];
	size_t count;
	const char *comment; /* "" or "# ..." */
};

static void line_done(struct line *line)
{
	free(line->copy);
}

static bool line_split(struct line *line, const char *text, size_t len)
{
	char *p = NULL;

	*line = (struct line){.comment = ""};
	line->copy = p = strndup(text, len);
	if (!p)
		return false;
	while (*(p += strspn(p, BLANKS)) && line->count < MAX_WORDS) {
		size_t word = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, BLANKS "[#");

		if (*p == '#') {
			line->comment = p;
			break;
		}
		line->words[line->count++] = p;
		p += word > strlen(p) ? strlen(p) : word;
		if (*p && strchr(BLANKS, *p))
			*p++ = '\0';
		else if (*p)
			return false; /* words glued together: not a line we should rewrite */
	}
	return line->count < MAX_WORDS;
}

/* Drop `cosmo` and the action that we put before it. */
static void line_remove(struct line *line)
{
	size_t kept = 0;

	for (size_t i = 0; i < line->count; i++) {
		bool ours = streq(line->words[i], "cosmo");
		bool before = i + 1 < line->count && streq(line->words[i + 1], "cosmo") &&
			      (streq(line->words[i], "[SUCCESS=merge]") ||
				      streq(line->words[i], "[SUCCESS=continue]"));

		if (!ours && !before)
			line->words[kept++] = line->words[i];
	}
	line->count = kept;
}

/* Insert @action and `cosmo` directly behind files or compat; false if neither is there. */
static bool line_insert(struct line *line, const char *action)
{
	size_t at = 0;

	while (at < line->count && !streq(line->words[at], "files") &&
		!streq(line->words[at], "compat"))
		at++;
	if (at == line->count || line->count + 2 > MAX_WORDS)
		return false;
	at++;
	memmove(&line->words[at + 2], &line->words[at],
		(line->count - at) * sizeof(line->words[0]));
	line->words[at] = action;
	line->words[at + 1] = "cosmo";
	line->count += 2;
	return true;
}

static void line_write(FILE *out, const char *database, const struct line *line)
{
	fprintf(out, "%s:%*s", database, (int)(strlen(database) < 14 ? 14 - strlen(database) : 1),
		"");
	for (size_t i = 0; i < line->count; i++)
		fprintf(out, "%s%s", i ? " " : "", line->words[i]);
	fprintf(out, "%s%s\n", line->comment[0] ? "  " : "", line->comment);
}

static bool edit_line(FILE *out, const char *database, const char *rest, size_t len, bool enable)
{
	struct line line = {0};
	bool ok = line_split(&line, rest, len);

	if (ok) {
		line_remove(&line);
		if (!enable)
			ok = true;
		else if (streq(database, "passwd"))
			line.words[line.count++] = "cosmo";
		else
			ok = line_insert(&line, streq(database, "group") ? "[SUCCESS=merge]"
									 : "[SUCCESS=continue]");
	}
	if (ok)
		line_write(out, database, &line);
	line_done(&line);
	return ok;
}

static const char *database_of(const char *text, size_t len)
{
	static const char *const databases[] = {"passwd", "group", "initgroups"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(databases); i++) {
		size_t name = strlen(databases[i]);

		if (len > name && text[name] == ':' && strncmp(text, databases[i], name) == 0)
			return databases[i];
	}
	return NULL;
}

static bool edit_all(FILE *out, const char *text, bool enable)
{
	unsigned int found = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *database = database_of(text, len);
		size_t skip = database ? strlen(database) + 1 : 0;

		if (!database)
			fprintf(out, "%.*s\n", (int)len, text);
		else if (!edit_line(out, database, text + skip, len - skip, enable))
			return false;
		else
			found |= streq(database, "passwd")  ? 1U
				 : streq(database, "group") ? 2U
							    : 0U;
		text += len + (text[len] == '\n');
	}
	return !enable || found == 3;
}

static enum cosmo_err edit(const char *text, bool enable, char **ret)
{
	COSMO_AUTO(free) char *result = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&result, &size);
	bool ok = out && edit_all(out, text, enable);

	if (!out || fclose(out) != 0)
		return COSMO_E_NOMEM;
	if (!ok)
		return COSMO_E_FORMAT;
	*ret = COSMO_STEAL(&result);
	return COSMO_OK;
}

enum cosmo_err nsswitch_enable(const char *text, char **ret)
{
	return edit(text, true, ret);
}

enum cosmo_err nsswitch_disable(const char *text, char **ret)
{
	return edit(text, false, ret);
}

bool nsswitch_is_last_of_passwd(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (streq(database_of(text, len), "passwd")) {
			struct line line = {0};
			bool last = line_split(&line, text + 7, len - 7) && line.count > 0 &&
				    streq(line.words[line.count - 1], "cosmo");

			line_done(&line);
			return last;
		}
		text += len + (text[len] == '\n');
	}
	return false;
}
