/* SPDX-License-Identifier: MIT */
#include "ctl/pam_stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/auto.h"
#include "ctl/doctor_text.h"
#include "ctl/pam_line.h"

#define VENDOR_FOLDER "/usr/lib/pam.d"
#define MAX_DEPTH     8
#define BLANKS        " \t\r"

struct reader {
	const char *folder;
	const char *type;
	struct pam_stack *stack;
};

static void read_service(const struct reader *reader, const char *service, unsigned int depth);

/* The file of @service, which may be a path already; false if there is none. */
static bool open_service(
	const char *folder, const char *service, char ret_path[160], char **ret_text)
{
	const char *const folders[] = {folder, VENDOR_FOLDER};

	if (service[0] == '/') {
		(void)snprintf(ret_path, 160, "%s", service);
		return doctor_text_read(ret_path, ret_text);
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(folders); i++) {
		int len = snprintf(ret_path, 160, "%s/%s", folders[i], service);

		if (len > 0 && len < 160 && doctor_text_read(ret_path, ret_text))
			return true;
	}
	return false;
}

/* The next word, or [...] with the blanks in it, moved past; NULL: none. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, BLANKS);
	char *end = NULL;

	if (*word == '\0')
		return NULL;
	end = *word == '[' ? strchr(word, ']') : NULL;
	end = end ? end + 1 : word + strcspn(word, BLANKS);
	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static void add(const struct reader *reader, const char *file, unsigned int number,
	const char *control, const char *module)
{
	struct pam_stack *stack = reader->stack;
	struct pam_stack_line *line = &stack->lines[stack->count];

	if (stack->count == PAM_STACK_MAX_LINES || strlen(control) >= sizeof(line->control) ||
		strlen(module) >= sizeof(line->module)) {
		stack->whole = false;
		return;
	}
	*line = (struct pam_stack_line){.number = number};
	(void)snprintf(line->file, sizeof(line->file), "%s", file);
	(void)snprintf(line->control, sizeof(line->control), "%s", control);
	(void)snprintf(line->module, sizeof(line->module), "%s", module);
	stack->count++;
}

/* One line, made whole, without its comment; it is taken apart. */
/* NOLINTNEXTLINE(misc-no-recursion): bounded by @depth */
static void read_line(const struct reader *reader, const char *file, unsigned int number,
	char *line, unsigned int depth)
{
	char *at = line;
	const char *type = next_word(&at);
	const char *control = type ? next_word(&at) : NULL;
	const char *module = control ? next_word(&at) : NULL;

	if (!control)
		return;
	if (strcasecmp(type, "@include") == 0) {
		read_service(reader, control, depth + 1);
		return;
	}
	if (!module || strcasecmp(type + (type[0] == '-'), reader->type) != 0)
		return;
	if (strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0)
		read_service(reader, module, depth + 1);
	else
		add(reader, file, number, control, module);
}

/* Lines that end in a backslash go on in the next one. *number is that of the last. */
static char *whole_line(char **text, unsigned int *number)
{
	char *line = *text;
	char *end = line;

	for (;;) {
		end += strcspn(end, "\n");
		++*number;
		if (*end == '\0' || end == line || end[-1] != '\\')
			break;
		end[-1] = ' ';
		*end++ = ' ';
	}
	*text = *end ? end + 1 : end;
	*end = '\0';
	line[strcspn(line, "#")] = '\0';
	return line;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by @depth */
static void read_service(const struct reader *reader, const char *service, unsigned int depth)
{
	COSMO_AUTO(free) char *text = NULL;
	char path[160] = "";
	char *rest = NULL;
	unsigned int number = 0;

	if (depth > MAX_DEPTH || !open_service(reader->folder, service, path, &text)) {
		reader->stack->whole = false;
		return;
	}
	for (rest = text; *rest;) {
		char *line = whole_line(&rest, &number);

		read_line(reader, path, number, line, depth);
	}
}

bool pam_stack_read(
	const char *folder, const char *service, const char *type, struct pam_stack *ret)
{
	const struct reader reader = {.folder = folder, .type = type, .stack = ret};
	COSMO_AUTO(free) char *text = NULL;
	char path[160] = "";

	*ret = (struct pam_stack){.whole = true};
	if (!open_service(folder, service, path, &text))
		return false;
	read_service(&reader, service, 0);
	return true;
}

size_t pam_stack_find(const struct pam_stack *stack, const char *module)
{
	size_t at = 0;

	for (; at < stack->count; at++) {
		const char *name = strrchr(stack->lines[at].module, '/');

		if (streq(name ? name + 1 : stack->lines[at].module, module))
			break;
	}
	return at;
}

/* What the four words stand for. */
static const char *brackets_of(const char *control)
{
	static const struct {
		const char *word;
		const char *brackets;
	} words[] = {
		{"required", "[success=ok new_authtok_reqd=ok ignore=ignore default=bad]"},
		{"requisite", "[success=ok new_authtok_reqd=ok ignore=ignore default=die]"},
		{"sufficient", "[success=done new_authtok_reqd=done default=ignore]"},
		{"optional", "[success=ok new_authtok_reqd=ok default=ignore]"},
	};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(words); i++)
		if (strcasecmp(control, words[i].word) == 0)
			return words[i].brackets;
	return control;
}

/* The word behind "name=" in the brackets; false if there is none. */
static bool find_action(const char *brackets, const char *name, char ret[16])
{
	size_t len = strlen(name);
	const char *at = brackets + (brackets[0] == '[');

	while (*at && *at != ']') {
		size_t word = strcspn(at, " \t]");

		if (word > len && strncasecmp(at, name, len) == 0 && at[len] == '=') {
			(void)snprintf(ret, 16, "%.*s", (int)(word - len - 1), at + len + 1);
			return true;
		}
		at += word;
		at += strspn(at, " \t");
	}
	return false;
}

void pam_stack_action(const char *control, const char *code, char ret[16])
{
	const char *brackets = brackets_of(control);

	/* What nothing is said about counts as a failure, see pam.conf(5). */
	if (!find_action(brackets, code, ret) && !find_action(brackets, "default", ret))
		(void)snprintf(ret, 16, "bad");
}

bool pam_stack_may_pass(const struct pam_stack_line *line)
{
	const char *brackets = brackets_of(line->control);

	return strstr(brackets, "=done") || pam_line_jumps(brackets, strlen(brackets));
}
