/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/rebind.h"

#define NOW    1800000000
#define DAY_S  86400
#define ISSUER "https://idp.example"

static struct record *ada(void)
{
	struct record *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	strcpy(record->name, "ada");
	record->uid = record->gid = 1879049000;
	record->issuer = strdup(ISSUER);
	record->sub = strdup("1000");
	record->display_name = strdup("Ada");
	record->home = strdup("/home/ada");
	record->shell = strdup("/bin/bash");
	record->acr = strdup("strong");
	record->roles[0] = strdup("admin");
	record->role_count = 1;
	memset(record->integration, 7, INTEGRATION_BYTES);
	record->enrolled_s = NOW - 2 * DAY_S;
	record->signed_in_s = record->confirmed_s = record->auth_time_s = NOW - 60;
	record->refresh_expires_s = NOW + DAY_S;
	record->seen_from_count = 2;
	assert_int_equal(secret_new("refresh", 7, &record->refresh_token), COSMO_OK);
	return record;
}

/* case: account: a permission to take a name over begins when it is given and ends on time */
static void test_rebind_is_pending__edges_of_the_window__as_given(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();

	(void)state;
	assert_false(rebind_is_pending(record, NOW));
	assert_int_equal(rebind_allow(record, ISSUER, DAY_S, NOW), COSMO_OK);
	assert_false(rebind_is_pending(record, NOW - 1));
	assert_true(rebind_is_pending(record, NOW));
	assert_true(rebind_is_pending(record, NOW + DAY_S - 1));
	assert_false(rebind_is_pending(record, NOW + DAY_S));
	assert_true(rebind_is_whole(record));
	/* Asked again: the window is the new one. */
	assert_int_equal(rebind_allow(record, ISSUER, 60, NOW + DAY_S), COSMO_OK);
	assert_true(rebind_is_pending(record, NOW + DAY_S));
	assert_false(rebind_is_pending(record, NOW + DAY_S + 60));
	rebind_forget(record);
	assert_false(rebind_is_pending(record, NOW));
	assert_true(rebind_is_whole(record));
}

/* case: account: a permission to take a name over is good for the IdP it was given for */
static void test_rebind_is_open__another_issuer__closed(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();

	(void)state;
	assert_int_equal(rebind_allow(record, ISSUER, DAY_S, NOW), COSMO_OK);
	assert_true(rebind_is_open(record, ISSUER, NOW));
	assert_false(rebind_is_open(record, ISSUER "/", NOW));
	assert_false(rebind_is_open(record, ISSUER, NOW + DAY_S));
}

static void test_rebind_is_whole__half_a_permission__is_none(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();

	(void)state;
	record->rebind_until_s = NOW;
	assert_false(rebind_is_whole(record));
	record->rebind_issuer = strdup(ISSUER);
	assert_false(rebind_is_whole(record));
	record->rebind_asked_s = NOW;
	assert_false(rebind_is_whole(record));
	record->rebind_until_s = NOW + 1;
	assert_true(rebind_is_whole(record));
}

/* case: account: a name bound to another person keeps its ids, home and shell, and nothing of the
 * former person's sign-ins */
static void test_rebind_assign__former_person__leaves_ids_and_home_alone(void **state)
{
	COSMO_AUTO(record_free) struct record *record = ada();

	(void)state;
	assert_int_equal(rebind_allow(record, ISSUER, DAY_S, NOW), COSMO_OK);
	assert_int_equal(rebind_assign(record, ISSUER, "2000", NOW + 5), COSMO_OK);
	assert_true(rebind_is_holder(record, ISSUER, "2000"));
	assert_false(rebind_is_holder(record, ISSUER, "1000"));
	assert_int_equal(record->uid, 1879049000);
	assert_int_equal(record->gid, 1879049000);
	assert_string_equal(record->home, "/home/ada");
	assert_string_equal(record->shell, "/bin/bash");
	assert_int_equal(record->enrolled_s, NOW - 2 * DAY_S);
	assert_int_equal(record->bound_s, NOW + 5);
	assert_int_equal(record->role_count, 0);
	assert_null(record->refresh_token);
	assert_null(record->display_name);
	assert_null(record->acr);
	assert_int_equal(record->confirmed_s, 0);
	assert_int_equal(record->signed_in_s, 0);
	assert_int_equal(record->auth_time_s, 0);
	assert_int_equal(record->refresh_expires_s, 0);
	assert_int_equal(record->seen_from_count, 0);
	assert_int_equal(record->reason, COSMO_E_NOT_ENROLLED);
	assert_false(rebind_is_pending(record, NOW + 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rebind_is_pending__edges_of_the_window__as_given),
		cmocka_unit_test(test_rebind_is_open__another_issuer__closed),
		cmocka_unit_test(test_rebind_is_whole__half_a_permission__is_none),
		cmocka_unit_test(test_rebind_assign__former_person__leaves_ids_and_home_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
