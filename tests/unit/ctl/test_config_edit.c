/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/config.h"
#include "ctl/config_edit.h"

enum what {
	SET,
	CLEAR,
	ADD,
};

static const struct {
	const char *label;
	const char *before;
	enum what what;
	const char *section;
	const char *key; /* ADD: the line */
	const char *value;
	const char *after;
} edits[] = {
	{"nothing there", "", SET, "integration", "issuer", "https://i",
		"\n[integration]\nissuer = https://i\n"},
	{"the default shown", "[integration]\n# The IdP.\n#issuer = https://x\n\n[roles]\n", SET,
		"integration", "issuer", "https://i",
		"[integration]\n# The IdP.\nissuer = https://i\n\n[roles]\n"},
	{"a value", "[integration]\nissuer = a\nclaim = b\n", SET, "integration", "issuer", "c",
		"[integration]\nissuer = c\nclaim = b\n"},
	{"the default and a value behind it", "[integration]\n#issuer = x\nissuer = a\n", SET,
		"integration", "issuer", "c", "[integration]\nissuer = c\n"},
	{"a value and the default behind it", "[integration]\nissuer = a\n#issuer = x\n", SET,
		"integration", "issuer", "c", "[integration]\nissuer = c\n#issuer = x\n"},
	{"blanks", " [ integration ]\t\n\t issuer\t=a\n", SET, "integration", "issuer", "c",
		" [ integration ]\t\nissuer = c\n"},
	{"a key that begins alike", "[integration]\nclaims = x\n", SET, "integration", "claim", "c",
		"[integration]\nclaims = x\nclaim = c\n"},
	{"a key of another section", "[a]\nclaim = x\n[integration]\n[b]\nclaim = y\n", SET,
		"integration", "claim", "c",
		"[a]\nclaim = x\n[integration]\nclaim = c\n[b]\nclaim = y\n"},
	{"a section that begins alike", "[rulesets]\na = b\n", ADD, "rules", "admin = x", NULL,
		"[rulesets]\na = b\n\n[rules]\nadmin = x\n"},
	{"a role's section", "[role rules]\ngid = 1\n", ADD, "rules", "admin = x", NULL,
		"[role rules]\ngid = 1\n\n[rules]\nadmin = x\n"},
	{"no line feed at the end", "[integration]\nissuer = a", SET, "integration", "claim", "c",
		"[integration]\nissuer = a\nclaim = c\n"},
	{"taken back", "[integration]\nclaim = a\n#claim = b\n", SET, "integration", "claim", NULL,
		"[integration]\n#claim = a\n#claim = b\n"},
	{"rules go, comments stay",
		"[rules]\n# who\nadmin = x\n;y\nviewer = z\n\n[access]\na = b\n", CLEAR, "rules",
		NULL, NULL, "[rules]\n# who\n;y\n\n[access]\na = b\n"},
	{"a rule behind the comments", "[rules]\n# who\n\n[access]\na = b\n", ADD, "rules",
		"admin = x=y", NULL, "[rules]\n# who\nadmin = x=y\n\n[access]\na = b\n"},
};

static void test_config_edit__each_text__changes_as_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(edits); i++) {
		char *text = strdup(edits[i].before);
		enum cosmo_err err = COSMO_E_INTERNAL;

		print_message("%s\n", edits[i].label);
		if (edits[i].what == SET)
			err = config_edit_set(
				&text, edits[i].section, edits[i].key, edits[i].value);
		else if (edits[i].what == CLEAR)
			err = config_edit_clear(&text, edits[i].section);
		else
			err = config_edit_add(&text, edits[i].section, edits[i].key);
		assert_int_equal(err, COSMO_OK);
		assert_string_equal(text, edits[i].after);
		free(text);
	}
}

static char *read_shipped(void)
{
	char *text = calloc(1, CONFIG_MAX_BYTES);
	FILE *file = fopen(SHIPPED_CONFIG, "re");

	assert_non_null(file);
	assert_true(fread(text, 1, CONFIG_MAX_BYTES - 1, file) > 0);
	fclose(file);
	return text;
}

static size_t count_lines(const char *text, const char *start)
{
	size_t count = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		count += strncmp(line, start, strlen(start)) == 0;
	}
	return count;
}

/* As connect does it: the shipped file keeps its prose, and the product reads what was put in. */
static void test_config_edit__shipped_file__is_read_by_the_product(void **state)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	char *text = read_shipped();
	size_t prose = count_lines(text, "# ");

	(void)state;
	assert_int_equal(
		config_edit_set(&text, "integration", "issuer", "https://i.example"), COSMO_OK);
	assert_int_equal(config_edit_set(&text, "integration", "client_id", "me"), COSMO_OK);
	assert_int_equal(config_edit_clear(&text, "rules"), COSMO_OK);
	assert_int_equal(config_edit_add(&text, "rules", "admin = ~a|b"), COSMO_OK);
	assert_int_equal(config_edit_add(&text, "rules", "viewer=x"), COSMO_OK);
	assert_int_equal(config_parse(text, strlen(text), &config, &problem), COSMO_OK);
	assert_string_equal(config->issuer, "https://i.example");
	assert_string_equal(config->client_id, "me");
	assert_int_equal(config->rule_count, 2);
	assert_string_equal(config->rules[0].text, "admin = ~a|b");
	assert_int_equal(count_lines(text, "# "), prose);
	free(text);
}

static void test_config_edit_is_empty__each_text__tells_settings_from_the_rest(void **state)
{
	static const struct {
		const char *text;
		bool is_empty;
	} cases[] = {
		{"", true},
		{"[roles]\na = b\n", true},
		{"[rules]\n", true},
		{"[rules]\n\n# admin = x\n;y\n \t\n", true},
		{"[rules]\n[access]\nadmin = x\n", true},
		{"admin = x\n[rules]", true},
		{"[role rules]\nadmin = x\n", true},
		{"[ rules ]\n\tadmin=x", false},
		{"[rules]\n[access]\n[rules]\nadmin = x\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%s", cases[i].text);
		assert_int_equal(config_edit_is_empty(cases[i].text, "rules"), cases[i].is_empty);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_edit__each_text__changes_as_said),
		cmocka_unit_test(test_config_edit__shipped_file__is_read_by_the_product),
		cmocka_unit_test(
			test_config_edit_is_empty__each_text__tells_settings_from_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
