/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/config.h"
#include "ctl/sshd_startups.h"

static void test_sshd_startups_parse__three_numbers__or_no(void **state)
{
	static const char *const wrong[] = {"", "10", "10:30", "10:30:100:1", "10:30:", ":30:100",
		"0:30:100", "10:30:x", "10:30:100 ", "-1:30:100", "10:30:99999999999",
		"1000000000:1000000000:100000000000000000000000000"};
	struct sshd_startups startups = {0};
	char text[SSHD_STARTUPS_BYTES] = "";

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(wrong); i++)
		assert_false(sshd_startups_parse(wrong[i], strlen(wrong[i]), &startups));
	assert_false(sshd_startups_parse(NULL, 0, &startups));
	assert_true(sshd_startups_parse("10:30:100\nport 22", 9, &startups));
	sshd_startups_format(&startups, text);
	assert_string_equal(text, "10:30:100");
}

static void raised(const char *from, uint32_t flows, const char *to)
{
	struct sshd_startups startups = {0};
	char text[SSHD_STARTUPS_BYTES] = "";

	assert_true(sshd_startups_parse(from, strlen(from), &startups));
	assert_int_equal(sshd_startups_suffice(&startups, flows), strcmp(from, to) == 0);
	sshd_startups_raise(&startups, flows);
	sshd_startups_format(&startups, text);
	assert_string_equal(text, to);
	assert_true(sshd_startups_suffice(&startups, flows));
}

/* case: budget: sshd is made to admit as many waiting connections as sign-ins may wait, and nothing
 * is lowered */
static void test_sshd_startups_raise__too_few__raised(void **state)
{
	(void)state;
	raised("10:30:100", 42, "62:30:162");
	raised("10:30:60", 240, "260:30:360");
	raised("10:100:5000", 42, "62:100:5000");
	raised("62:30:162", 42, "62:30:162");
	raised("500:5:1000", 42, "500:5:1000");
}

/* case: budget: the sshd drop-in that is shipped goes with the limits that are shipped */
static void test_sshd_startups_raise__shipped__as_the_drop_in(void **state)
{
	struct config *config = NULL;
	struct config_problem problem = {0};

	(void)state;
	assert_int_equal(config_parse("", 0, &config, &problem), COSMO_OK);
	assert_int_equal(config->host_flows + config->unknown_flows, 42);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sshd_startups_parse__three_numbers__or_no),
		cmocka_unit_test(test_sshd_startups_raise__too_few__raised),
		cmocka_unit_test(test_sshd_startups_raise__shipped__as_the_drop_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
