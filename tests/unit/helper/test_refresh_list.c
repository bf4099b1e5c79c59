/* SPDX-License-Identifier: MIT */
/* Whom a run asks about, and whom besides when it looks again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/refresh_list.h"
#include "tests/unit/store/store_fixture.h"

#define NOW_S   INT64_C(1800000000)
#define AFTER_S INT64_C(900)
#define LEASE_S INT64_C(86400)

static const unsigned char ours[INTEGRATION_BYTES] = {7};

static void enrol(struct fixture *fixture, const char *name, int64_t confirmed_s)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	memcpy(record->integration, ours, INTEGRATION_BYTES);
	record->confirmed_s = confirmed_s;
	record->reason = COSMO_OK;
	record->flags = 0;
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static struct refresh_wish wish_at(struct fixture *fixture, int64_t now_s, int64_t before_s)
{
	fixture->config.refresh_after_s = AFTER_S;
	fixture->config.role_lease_s = LEASE_S;
	return (struct refresh_wish){.config = &fixture->config,
		.integration = ours,
		.now_s = now_s,
		.before_s = before_s};
}

/* "ada bob " */
static void assert_list(const struct refresh_list *list, const char *expected)
{
	char found[256] = "";

	for (size_t i = 0; i < list->count; i++) {
		strncat(found, list->items[i].user, sizeof(found) - strlen(found) - 1);
		strncat(found, " ", sizeof(found) - strlen(found) - 1);
	}
	assert_string_equal(found, expected);
}

static void test_refresh_list_make__before__takes_who_was_confirmed_sooner(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct refresh_list list = {.items = NULL};
	const struct refresh_wish wish = wish_at(fixture, NOW_S, NOW_S);

	enrol(fixture, "ada", NOW_S);
	enrol(fixture, "bob", NOW_S - 1);
	enrol(fixture, "cyd", NOW_S - 2);
	enrol(fixture, "dan", NOW_S + 301); /* by a wrong clock */
	assert_int_equal(refresh_list_make(fixture->store, &wish, &list), COSMO_OK);
	assert_list(&list, "cyd bob dan ");
	refresh_list_done(&list);
}

static void test_refresh_list_renew__some_dealt_with__takes_others_who_are_due_now(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct refresh_list list = {.items = NULL};
	const struct refresh_wish first = wish_at(fixture, NOW_S, 0);
	const struct refresh_wish later = wish_at(fixture, NOW_S + 60, 0);

	enrol(fixture, "ada", NOW_S - LEASE_S / 2 - 3);
	enrol(fixture, "bob", NOW_S - LEASE_S / 2 - 2);
	enrol(fixture, "cyd", NOW_S - LEASE_S / 2 - 1);
	enrol(fixture, "dan", NOW_S - LEASE_S / 2 + 60);
	enrol(fixture, "eve", NOW_S - LEASE_S / 2 + 61);
	assert_int_equal(refresh_list_make(fixture->store, &first, &list), COSMO_OK);
	assert_list(&list, "ada bob cyd ");
	/* ada was not answered, and is due still; cyd has signed in anew. */
	enrol(fixture, "bob", NOW_S);
	enrol(fixture, "cyd", NOW_S + 5);
	assert_int_equal(refresh_list_renew(fixture->store, &later, 2, &list), COSMO_OK);
	assert_list(&list, "ada bob dan ");
	/* Nobody of them is taken again, however long it lasts. */
	enrol(fixture, "bob", NOW_S - LEASE_S);
	assert_int_equal(refresh_list_renew(fixture->store, &later, 3, &list), COSMO_OK);
	assert_list(&list, "ada bob dan ");
	/* Many more than there was room for. */
	for (int i = 0; i < 100; i++) {
		char name[] = "u00";

		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		enrol(fixture, name, NOW_S - LEASE_S);
	}
	assert_int_equal(refresh_list_renew(fixture->store, &later, 3, &list), COSMO_OK);
	assert_int_equal(list.count, 103);
	assert_string_equal(list.items[2].user, "dan");
	refresh_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MEMORY_FIXTURE(test_refresh_list_make__before__takes_who_was_confirmed_sooner),
		WITH_MEMORY_FIXTURE(
			test_refresh_list_renew__some_dealt_with__takes_others_who_are_due_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
