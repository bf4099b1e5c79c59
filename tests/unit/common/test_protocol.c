/* SPDX-License-Identifier: MIT */
/* docs/protocol.md says in words what message_table.h says in rows: compare every one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/message.h"

static char *document;

static int setup(void **state)
{
	const struct fdio_demands demands = {
		.owner = geteuid(), .forbidden_mode = 0, .max_bytes = 1 << 20};
	char path[4096] = "";
	const char *root = getenv("COSMO_SOURCE_DIR");
	size_t len = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/protocol.md", root ? root : ".");
	return fdio_read_file(AT_FDCWD, path, &demands, &document, &len) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	free(document);
	return 0;
}

static const char *const messages[] = {
#define NAME(message) #message,
	MESSAGE_LIST(NAME)
#undef NAME
};

static const struct {
	const char *name;
	const char *type;
	unsigned long max_bytes;
} fields[] = {
#define FIELD(name, type, max_bytes) {#name, #type, max_bytes},
	FIELD_LIST(FIELD)
#undef FIELD
};

static const struct {
	const char *message;
	const char *field;
	const char *often;
} members[] = {
#define MEMBER(message, field, often) {#message, #field, #often},
	MESSAGE_FIELD_LIST(MEMBER)
#undef MEMBER
};

static const struct {
	const char *channel;
	const char *before;
	const char *sender;
	const char *message;
	const char *after;
} steps[] = {
#define STEP(channel, before, sender, message, after)                                              \
	{#channel, #before, #sender, #message, #after},
	DIALOGUE_LIST(STEP)
#undef STEP
};

/* "SERVICE, USER, RHOST?, ROLE*", as the table has it. */
static void write_members(const char *message, char *ret, size_t ret_size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < COSMO_ARRAY_LEN(members); i++) {
		const char *often = streq(members[i].often, "OPT") ? "?" : "*";

		if (!streq(members[i].message, message))
			continue;
		used += (size_t)snprintf(ret + used, ret_size - used, "%s%s%s", used ? ", " : "",
			members[i].field, streq(members[i].often, "ONE") ? "" : often);
	}
	if (used == 0)
		snprintf(ret, ret_size, "(none)");
}

static void test_document__each_message__has_its_number_and_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(messages); i++) {
		char head[64] = "";
		char list[1024] = "";
		char body[1100] = "";
		const char *entry = NULL;
		const char *told = NULL;

		print_message("%s\n", messages[i]);
		snprintf(head, sizeof(head), "\n- **%s** (%zu; ", messages[i], i + 1);
		entry = strstr(document, head);
		assert_non_null(entry);
		told = strstr(entry, "\n  Fields: ");
		assert_non_null(told);
		write_members(messages[i], list, sizeof(list));
		snprintf(body, sizeof(body), "\n  Fields: %s.\n", list);
		assert_memory_equal(told, body, strlen(body));
	}
}

static void test_document__each_field__has_its_number_type_and_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(fields); i++) {
		char row[128] = "";

		snprintf(row, sizeof(row), "\n| %zu | %s | %s | %lu | ", i + 1, fields[i].name,
			fields[i].type, fields[i].max_bytes);
		print_message("%s\n", fields[i].name);
		assert_non_null(strstr(document, row));
	}
}

static const char *heading(const char *channel)
{
	if (streq(channel, "MODULE_HELPER"))
		return "### Module (client) and helper\n";
	if (streq(channel, "CTL_HELPER"))
		return "### ctl (client) and helper\n";
	if (streq(channel, "JUDGE"))
		return "### Helper or ctl (client) and judge\n";
	return "### Judge (client) and fetch\n";
}

static bool has_word(const char *list, const char *end, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p < end; p++)
		if (strncmp(p, word, len) == 0 && p[-1] == ' ' && strchr(", ", p[len]))
			return true;
	return false;
}

/* Is there a row "| before | sender | ..., message, ... | after |" below the channel's heading? */
static bool has_step(size_t i)
{
	const char *below = strstr(document, heading(steps[i].channel));
	const char *end = below ? strstr(below + 1, "\n#") : NULL;
	char start[64] = "";
	char finish[64] = "";

	snprintf(start, sizeof(start), "\n| %s | %s | ", steps[i].before,
		streq(steps[i].sender, "CLIENT") ? "client" : "server");
	snprintf(finish, sizeof(finish), " | %s |\n", steps[i].after);
	for (const char *row = below; row && end && (row = strstr(row, start)) && row < end;
		row++) {
		const char *line_end = strchr(row + 1, '\n');
		const char *last = line_end - strlen(finish) + 1;

		if (strncmp(last, finish, strlen(finish)) == 0 &&
			has_word(row + strlen(start), last + 1, steps[i].message))
			return true;
	}
	return false;
}

static void test_document__each_step_of_a_dialogue__is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(steps); i++) {
		print_message(
			"%s: %s in %s\n", steps[i].channel, steps[i].message, steps[i].before);
		assert_true(has_step(i));
	}
}

/* Nothing is told that is not there: as many rows as there are states to speak in. */
static void test_document__no_more_than_that__is_told(void **state)
{
	size_t entries = 0;
	size_t rows = 0;
	const char *fields_start = strstr(document, "\n## Fields\n");
	const char *fields_end = strstr(document, "\n## Dialogues\n");

	(void)state;
	for (const char *p = document; (p = strstr(p, "\n- **")); p++)
		entries++;
	assert_int_equal(entries, COSMO_ARRAY_LEN(messages));
	assert_true(fields_start && fields_end && fields_start < fields_end);
	for (const char *p = fields_start; (p = strstr(p, "\n| ")) && p < fields_end; p++)
		rows++;
	assert_int_equal(rows, COSMO_ARRAY_LEN(fields) + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document__each_message__has_its_number_and_fields),
		cmocka_unit_test(test_document__each_field__has_its_number_type_and_size),
		cmocka_unit_test(test_document__each_step_of_a_dialogue__is_told),
		cmocka_unit_test(test_document__no_more_than_that__is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
