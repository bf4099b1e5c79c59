/* SPDX-License-Identifier: MIT */
/* The shipped configuration file against the table of options. */
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
#include "common/config.h"
#include "common/config_options.h"

static char *shipped;
static size_t shipped_len;

static int setup(void **state)
{
	const struct fdio_demands demands = {
		.owner = geteuid(), .forbidden_mode = 0, .max_bytes = CONFIG_MAX_BYTES};
	char path[4096] = "";
	const char *root = getenv("COSMO_SOURCE_DIR");

	(void)state;
	snprintf(path, sizeof(path), "%s/etc/cosmo-sso.conf", root ? root : ".");
	return fdio_read_file(AT_FDCWD, path, &demands, &shipped, &shipped_len) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	free(shipped);
	return 0;
}

static void test_shipped_file__as_it_is__is_valid_and_not_connected(void **state)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {.line = 0};
	enum cosmo_err err = config_parse(shipped, shipped_len, &config, &problem);

	(void)state;
	print_message("line %u: %s\n", problem.line, problem.text);
	assert_int_equal(err, COSMO_OK);
	assert_false(config_is_connected(config));
	assert_int_equal(config->rule_count, 0);
	assert_int_equal(config->role_count, 3);
	assert_int_equal(config->service_count, 0);
}

/* Nothing but comments and section headers. */
static void test_shipped_file__each_option__is_commented_out(void **state)
{
	(void)state;
	for (const char *line = shipped; *line;) {
		size_t len = strcspn(line, "\n");

		if (len > 0 && *line != '#' && *line != '[')
			fail_msg("%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* Is "#key = value" (any value, if NULL) in the part of the file that the section has? */
static bool is_shown(const struct config_option *option, const char *value)
{
	const char *section = config_section_name(option->section);
	char header[64] = "";
	char wanted[512] = "";
	size_t wanted_len = 0;
	bool inside = false;

	snprintf(header, sizeof(header),
		config_section_is_named(option->section) ? "#[%s " : "[%s]", section);
	wanted_len = (size_t)snprintf(
		wanted, sizeof(wanted), "#%s = %s", option->key, value ? value : "");
	for (const char *line = shipped; *line;) {
		size_t len = strcspn(line, "\n");

		if (*line == '[' || strncmp(line, "#[", 2) == 0)
			inside = strncmp(line, header, strlen(header)) == 0;
		else if (inside && strncmp(line, wanted, wanted_len) == 0 &&
			 (!value || len == wanted_len))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

static void test_shipped_file__each_option_of_the_table__is_shown_with_its_default(void **state)
{
	size_t count = 0;
	const struct config_option *options = config_options(&count);

	(void)state;
	assert_true(count > 40);
	for (size_t i = 0; i < count; i++) {
		print_message("[%s] %s\n", config_section_name(options[i].section), options[i].key);
		assert_true(is_shown(&options[i], options[i].fallback));
	}
}

/* A copy of the file in which every commented option is in force. */
static char *all_in_force(void)
{
	char *text = calloc(1, shipped_len + 1);
	size_t used = 0;

	assert_non_null(text);
	for (const char *line = shipped; *line;) {
		size_t len = strcspn(line, "\n");
		const char *from = line;

		if (line[0] == '#' && len > 1 && line[1] != ' ' && line[1] != '\t')
			from++;
		memcpy(text + used, from, len - (size_t)(from - line));
		used += len - (size_t)(from - line);
		line += len + (line[len] == '\n');
		text[used++] = '\n';
	}
	return text;
}

/* The examples are right, too: whoever takes all the '#' away has a valid file. */
static void test_shipped_file__every_option_in_force__is_valid(void **state)
{
	COSMO_AUTO(free) char *options_in_force = all_in_force();
	COSMO_AUTO(free) char *text = NULL;
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {.line = 0};
	char *rules = strstr(options_in_force, "[rules]\n");
	enum cosmo_err err = COSMO_OK;

	(void)state;
	assert_non_null(rules);
	rules[strlen("[rules]")] = '\0';
	assert_true(asprintf(&text, "%s\nadmin = admins\n%s", options_in_force,
			    rules + strlen("[rules]\n")) > 0);
	err = config_parse(text, strlen(text), &config, &problem);
	print_message("line %u: %s\n", problem.line, problem.text);
	assert_int_equal(err, COSMO_OK);
	assert_true(config_is_connected(config));
	assert_int_equal(config->role_count, 4);
	assert_string_equal(config->roles[3].name, "operator");
	assert_int_equal(config->service_count, 8);
}

/* What the file says about services is what holds when it says nothing. */
static void test_shipped_file__services_shown__are_those_built_in(void **state)
{
	COSMO_AUTO(config_free) struct config *empty = NULL;
	struct config_problem problem = {.line = 0};

	(void)state;
	assert_int_equal(config_parse("", 0, &empty, &problem), COSMO_OK);
	for (const char *line = strstr(shipped, "[access]");
		*line && strncmp(line, "#[", 2) != 0;) {
		size_t len = strcspn(line, "\n");
		char name[64] = "";
		struct config_service service = {.name = ""};

		if (line[0] == '#' && line[1] >= 'a' && line[1] <= 'z') {
			size_t name_len = strcspn(line + 1, " ");

			memcpy(name, line + 1, name_len);
			print_message("%s\n", name);
			config_service(empty, name, &service);
			assert_int_equal(service.access, CONFIG_ACCESS_ROLES);
			assert_int_equal(service.names_viewer, !!memmem(line, len, "viewer", 6));
			assert_true(memmem(line, len, "admin", 5) != NULL);
		}
		line += len + (line[len] == '\n');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_file__as_it_is__is_valid_and_not_connected),
		cmocka_unit_test(test_shipped_file__each_option__is_commented_out),
		cmocka_unit_test(
			test_shipped_file__each_option_of_the_table__is_shown_with_its_default),
		cmocka_unit_test(test_shipped_file__every_option_in_force__is_valid),
		cmocka_unit_test(test_shipped_file__services_shown__are_those_built_in),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
