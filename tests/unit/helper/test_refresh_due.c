/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/refresh_due.h"

#define NOW     ((int64_t)1800000000)
#define MINUTE  ((int64_t)60)
#define AFTER_S (15 * MINUTE)

static char issuer[] = "https://idp.example";
static const struct gate_view open_gate = {.state = GATE_OPEN, .integration = {7}};

/* Each test changes one thing of what is due by a second. */
struct case_of_ada {
	struct config config;
	struct config_service service;
	struct record record;
	struct gate_view gate;
};

static struct cosmo_secret *token;

static struct case_of_ada due(void)
{
	return (struct case_of_ada){
		.config = {.issuer = issuer, .refresh_after_s = AFTER_S},
		.record = {.issuer = issuer,
			.integration = {7},
			.refresh_token = token,
			.confirmed_s = NOW - AFTER_S},
		.gate = open_gate,
	};
}

static bool is_due(const struct case_of_ada *ada)
{
	return refresh_is_due(&ada->config, &ada->service, &ada->record, &ada->gate, NOW);
}

/* case: refresh: roles are asked about once they were confirmed longer ago than refresh_after */
static void test_refresh_is_due__age__counts_from_the_interval(void **state)
{
	struct case_of_ada ada = due();

	(void)state;
	assert_true(is_due(&ada));
	ada.record.confirmed_s++;
	assert_false(is_due(&ada));
	ada.service.refresh_after_s = MINUTE;
	assert_true(is_due(&ada));
	ada.service.refresh_after_s = 60 * MINUTE;
	ada.record.confirmed_s = NOW - AFTER_S;
	assert_false(is_due(&ada));
}

static void test_refresh_is_due__always__however_lately_it_was_confirmed(void **state)
{
	struct case_of_ada ada = due();

	(void)state;
	ada.service.refresh_after_s = REFRESH_ALWAYS_DUE;
	ada.record.confirmed_s = NOW;
	assert_true(is_due(&ada));
	ada.record.reason = COSMO_E_INVALID_GRANT;
	assert_false(is_due(&ada));
}

/* case: refresh: a confirmation from the future is none, and is asked about */
static void test_refresh_is_due__clock_was_wrong__is_asked_about(void **state)
{
	struct case_of_ada ada = due();

	(void)state;
	ada.record.confirmed_s = NOW + 300;
	assert_false(is_due(&ada));
	ada.record.confirmed_s = NOW + 301;
	assert_true(is_due(&ada));
	ada.record.confirmed_s = INT64_MAX;
	assert_true(is_due(&ada));
	ada.record.confirmed_s = 0;
	assert_true(is_due(&ada));
}

/* case: refresh: a refresh token of a short life is used at half of it, and not once it is over */
static void test_refresh_is_due__short_life__shrinks_the_interval(void **state)
{
	struct case_of_ada ada = due();

	(void)state;
	ada.record.confirmed_s = NOW - 5 * MINUTE;
	ada.record.refresh_expires_s = NOW + 5 * MINUTE;
	assert_true(is_due(&ada));
	ada.record.refresh_expires_s++;
	ada.record.refresh_expires_s++;
	assert_false(is_due(&ada));
	ada = due();
	ada.record.refresh_expires_s = NOW + 1;
	assert_true(is_due(&ada));
	ada.record.refresh_expires_s = NOW;
	assert_false(is_due(&ada));
	ada.record.refresh_expires_s = 1;
	assert_false(is_due(&ada));
	ada.record.refresh_expires_s = NOW + 365 * 24 * 60 * MINUTE;
	assert_true(is_due(&ada));
	ada.record.confirmed_s++;
	assert_false(is_due(&ada));
}

static void test_refresh_is_due__nothing_to_ask_with__is_not(void **state)
{
	char other[] = "https://other.example";
	struct case_of_ada cases[] = {
		due(), due(), due(), due(), due(), due(), due(), due(), due()};

	(void)state;
	cases[0].record.refresh_token = NULL;
	cases[1].record.reason = COSMO_E_INVALID_GRANT;
	cases[2].record.flags = USERS_DB_LOCKED;
	cases[3].record.flags = USERS_DB_REMOVED;
	cases[4].record.integration[0] = 8;
	cases[5].gate.state = GATE_CLOSED;
	cases[6].gate.state = GATE_MISSING;
	cases[7].record.issuer = other;
	cases[8].config.issuer = NULL;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		print_message("%zu\n", i);
		assert_false(is_due(&cases[i]));
	}
}

static int make_token(void **state)
{
	(void)state;
	return secret_new("token", 5, &token) == COSMO_OK ? 0 : -1;
}

static int free_token(void **state)
{
	(void)state;
	secret_free(token);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refresh_is_due__age__counts_from_the_interval),
		cmocka_unit_test(test_refresh_is_due__always__however_lately_it_was_confirmed),
		cmocka_unit_test(test_refresh_is_due__clock_was_wrong__is_asked_about),
		cmocka_unit_test(test_refresh_is_due__short_life__shrinks_the_interval),
		cmocka_unit_test(test_refresh_is_due__nothing_to_ask_with__is_not),
	};

	return cmocka_run_group_tests(tests, make_token, free_token);
}
