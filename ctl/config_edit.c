/* SPDX-License-Identifier: MIT */
#include "ctl/config_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum edit_kind {
	EDIT_SET,
	EDIT_CLEAR,
	EDIT_ADD,
};

struct edit {
	enum edit_kind kind;
	const char *section;
	const char *key;
	const char *value; /* EDIT_ADD: the whole line */
	bool inside;       /* the copy stands in the section */
	bool done;
	FILE *out;
	unsigned int blank; /* blank lines held back, so that additions stand before them */
};

static bool is_blank(const char *line, size_t len)
{
	return strspn(line, " \t") >= len;
}

/* "[section]", with blanks wherever the reader of the configuration takes them. */
static bool is_header(const char *line, size_t len, const char *section)
{
	size_t name = strlen(section);
	size_t at = strspn(line, " \t");

	while (len > at && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	if (len < at + 2 || line[at] != '[' || line[len - 1] != ']')
		return false;
	for (at++, len--; at < len && (line[at] == ' ' || line[at] == '\t');)
		at++;
	while (len > at && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return len - at == name && strncmp(line + at, section, name) == 0;
}

/* `key =` with or without a '#' before it; *ret_commented tells which. */
static bool is_key(const char *line, size_t len, const char *key, bool *ret_commented)
{
	size_t name = strlen(key);
	size_t at = strspn(line, " \t");

	*ret_commented = at < len && line[at] == '#';
	if (*ret_commented)
		at += 1 + strspn(line + at + 1, " \t");
	if (at + name > len || strncmp(line + at, key, name) != 0)
		return false;
	at += name;
	at += strspn(line + at, " \t");
	return at < len && line[at] == '=';
}

static bool is_setting(const char *line, size_t len)
{
	size_t at = strspn(line, " \t");

	return at < len && line[at] != '#' && line[at] != ';' && line[at] != '[';
}

static void write_new(struct edit *edit)
{
	if (edit->done || edit->kind == EDIT_CLEAR)
		return;
	edit->done = true;
	if (edit->kind == EDIT_ADD)
		fprintf(edit->out, "%s\n", edit->value);
	else if (edit->value)
		fprintf(edit->out, "%s = %s\n", edit->key, edit->value);
}

static void flush_blank(struct edit *edit)
{
	for (; edit->blank > 0; edit->blank--)
		(void)fputc('\n', edit->out);
}

static void leave_section(struct edit *edit)
{
	if (edit->inside)
		write_new(edit);
	edit->inside = false;
	flush_blank(edit);
}

/* A line inside the section: true when it was dealt with and is not to be copied. */
static bool replace_line(struct edit *edit, const char *line, size_t len)
{
	bool commented = false;

	if (edit->kind == EDIT_CLEAR)
		return is_setting(line, len);
	if (edit->kind == EDIT_ADD || !is_key(line, len, edit->key, &commented))
		return false;
	if (edit->value) {
		if (commented && edit->done)
			return false;
		flush_blank(edit);
		write_new(edit);
		return true;
	}
	if (commented)
		return false;
	fprintf(edit->out, "#%.*s\n", (int)len, line);
	return true;
}

static void copy_line(struct edit *edit, const char *line, size_t len)
{
	if (is_blank(line, len)) {
		edit->blank++;
		return;
	}
	if (line[strspn(line, " \t")] == '[') {
		leave_section(edit);
		edit->inside = is_header(line, len, edit->section);
	} else if (edit->inside && replace_line(edit, line, len)) {
		return;
	}
	flush_blank(edit);
	fprintf(edit->out, "%.*s\n", (int)len, line);
}

static bool has_section(const char *text, const char *section)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (is_header(line, len, section))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

/* What a line that sets a key sets it to, without the blanks around it? */
static bool is_value(const char *line, size_t len, const char *value)
{
	size_t at = strcspn(line, "=") + 1;

	at += strspn(line + at, " \t");
	while (len > at && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return len >= at && len - at == strlen(value) && strncmp(line + at, value, len - at) == 0;
}

/* Is there a line that sets @key, and, with @not_to, sets it to something else? */
static bool has_line(const char *text, const char *section, const char *key, const char *not_to)
{
	bool inside = false;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		bool commented = false;

		if (line[strspn(line, " \t")] == '[')
			inside = is_header(line, len, section);
		else if (inside && is_key(line, len, key, &commented) && !commented &&
			 !(not_to && is_value(line, len, not_to)))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

bool config_edit_has(const char *text, const char *section, const char *key)
{
	return has_line(text, section, key, NULL);
}

bool config_edit_is_empty(const char *text, const char *section)
{
	bool inside = false;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (line[strspn(line, " \t")] == '[')
			inside = is_header(line, len, section);
		else if (inside && is_setting(line, len))
			return false;
		line += len + (line[len] == '\n');
	}
	return true;
}

bool config_edit_differs(const char *text, const char *section, const char *key, const char *value)
{
	return has_line(text, section, key, value);
}

static enum cosmo_err edit_text(char **text, struct edit *edit)
{
	char *result = NULL;
	size_t size = 0;
	const char *line = *text;

	edit->out = open_memstream(&result, &size);
	if (!edit->out)
		return COSMO_E_NOMEM;
	while (*line) {
		size_t len = strcspn(line, "\n");

		copy_line(edit, line, len);
		line += len + (line[len] == '\n');
	}
	if (!has_section(*text, edit->section)) {
		leave_section(edit);
		fprintf(edit->out, "\n[%s]\n", edit->section);
		edit->inside = true;
	}
	leave_section(edit);
	if (fclose(edit->out) != 0) {
		free(result);
		return COSMO_E_NOMEM;
	}
	free(*text);
	*text = result;
	return COSMO_OK;
}

enum cosmo_err config_edit_set(char **text, const char *section, const char *key, const char *value)
{
	struct edit edit = {.kind = EDIT_SET, .section = section, .key = key, .value = value};

	return edit_text(text, &edit);
}

enum cosmo_err config_edit_clear(char **text, const char *section)
{
	struct edit edit = {.kind = EDIT_CLEAR, .section = section};

	return edit_text(text, &edit);
}

enum cosmo_err config_edit_add(char **text, const char *section, const char *line)
{
	struct edit edit = {.kind = EDIT_ADD, .section = section, .value = line};

	return edit_text(text, &edit);
}
