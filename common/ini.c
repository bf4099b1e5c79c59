/* SPDX-License-Identifier: MIT */
#include "common/ini.h"

#include <string.h>

#include "common/base/utf8.h"

struct reader {
	char text[INI_MAX_LINE_BYTES + 1];   /* the current line, cut up in place */
	char header[INI_MAX_LINE_BYTES + 1]; /* the section it stands in, likewise */
	struct ini_line line;
	const char *problem; /* static text; NULL: none */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* @text without blanks at its ends; cut in place. */
static char *trim(char *text)
{
	size_t len = 0;

	while (is_blank(*text))
		text++;
	len = strlen(text);
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static const char *check_characters(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r')
			return "has a carriage return; lines end in a line feed alone";
		if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
			return "has a control character";
	}
	return utf8_is_valid(text) ? NULL : "is not valid UTF-8";
}

/* "[section]" or "[section argument]", trimmed, in place. */
static enum cosmo_err read_header(struct reader *reader, char *text)
{
	size_t len = strlen(text);
	char *name = reader->header;
	char *argument = NULL;

	if (text[len - 1] != ']' || strcspn(text + 1, "[]") != len - 2) {
		reader->problem = "is no section header: one '[', a name, one ']' and nothing else";
		return COSMO_E_CONFIG;
	}
	text[len - 1] = '\0';
	text = trim(text + 1);
	memcpy(name, text, strlen(text) + 1);
	argument = name + strcspn(name, " \t");
	if (*argument)
		*argument++ = '\0';
	argument = trim(argument);
	if (!*name || argument[strcspn(argument, " \t")]) {
		reader->problem = "is no section header: it holds one word, or two";
		return COSMO_E_CONFIG;
	}
	reader->line.section = name;
	reader->line.argument = argument;
	reader->line.key = NULL;
	reader->line.value = NULL;
	return COSMO_OK;
}

static enum cosmo_err read_pair(struct reader *reader, char *text)
{
	char *equals = strchr(text, '=');

	if (!equals)
		reader->problem = "is neither a comment nor a [section] nor \"key = value\"";
	else if (equals == text)
		reader->problem = "has no key before the '='";
	else if (!reader->line.section)
		reader->problem = "stands before the first [section]";
	if (reader->problem)
		return COSMO_E_CONFIG;
	*equals = '\0';
	reader->line.key = trim(text);
	reader->line.value = trim(equals + 1);
	return COSMO_OK;
}

static enum cosmo_err read_line(struct reader *reader, ini_handler handler, void *context)
{
	char *text = trim(reader->text);
	enum cosmo_err err = COSMO_OK;

	if (*text == '\0' || *text == '#' || *text == ';')
		return COSMO_OK;
	err = *text == '[' ? read_header(reader, text) : read_pair(reader, text);
	return err ? err : handler(context, &reader->line);
}

static enum cosmo_err copy_line(struct reader *reader, const char *text, size_t len)
{
	_Static_assert(INI_MAX_LINE_BYTES == 4096, "the message below");

	if (len > INI_MAX_LINE_BYTES) {
		reader->problem = "is longer than 4096 bytes";
		return COSMO_E_CONFIG;
	}
	memcpy(reader->text, text, len);
	reader->text[len] = '\0';
	reader->problem = check_characters(reader->text, len);
	return reader->problem ? COSMO_E_CONFIG : COSMO_OK;
}

enum cosmo_err ini_read(const char *text, size_t len, ini_handler handler, void *context,
	unsigned int *ret_line, const char **ret_problem)
{
	struct reader reader = {.problem = NULL};
	enum cosmo_err err = COSMO_OK;

	for (size_t at = 0; at < len && !err;) {
		const char *feed = memchr(text + at, '\n', len - at);
		size_t line_len = feed ? (size_t)(feed - text) - at : len - at;

		reader.line.number++;
		err = copy_line(&reader, text + at, line_len);
		if (!err)
			err = read_line(&reader, handler, context);
		at += line_len + 1;
	}
	if (reader.problem) {
		*ret_line = reader.line.number;
		*ret_problem = reader.problem;
	}
	explicit_bzero(reader.text, sizeof(reader.text)); /* a password may be what was read last */
	return err;
}
