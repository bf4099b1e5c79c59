/* SPDX-License-Identifier: MIT */
/* How fresh roles are, of users of every kind; and since when nobody confirms them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "common/refresh_outage.h"
#include "pam_cosmo_sso/helper/confirmations.h"
#include "pam_cosmo_sso/helper/refresh_outage_write.h"
#include "tests/unit/store/store_fixture.h"

#define NOW_S     INT64_C(1800000000)
#define AFTER_S   INT64_C(900)
#define LEASE_S   INT64_C(86400)
#define START_MS  INT64_C(5000000)
#define OUTAGE_MS INT64_C(3600000)

static int64_t now_ms;

int64_t __wrap_fdio_boot_ms(void);

int64_t __wrap_fdio_boot_ms(void)
{
	return now_ms;
}

static int set_up(void **state)
{
	now_ms = START_MS;
	return fixture_setup_ready(state);
}

struct person {
	const char *name;
	int64_t confirmed_s;
	enum cosmo_err reason;
	uint32_t flags;
	bool of_before; /* of another integration */
};

static const struct person people[] = {
	{"ada", NOW_S - AFTER_S + 1, COSMO_OK, 0, false},
	{"bob", NOW_S - AFTER_S, COSMO_OK, 0, false},
	{"cyd", NOW_S - LEASE_S + 1, COSMO_OK, 0, false}, /* the oldest that counts */
	{"dan", NOW_S - LEASE_S, COSMO_OK, 0, false},
	{"eve", NOW_S + 301, COSMO_OK, 0, false},
	{"fay", NOW_S, COSMO_E_INVALID_GRANT, 0, false},
	{"gus", NOW_S, COSMO_E_CLAIM_MISSING, 0, false},
	{"hal", NOW_S, COSMO_E_SIGNED_OUT, 0, false},
	{"ida", NOW_S - LEASE_S, COSMO_OK, USERS_DB_LOCKED, false},
	{"jon", NOW_S - LEASE_S, COSMO_OK, USERS_DB_REMOVED, false},
	{"kim", NOW_S - LEASE_S, COSMO_OK, 0, true},
};

static void connect(struct fixture *fixture, unsigned char id[INTEGRATION_BYTES])
{
	static const struct integration_partner partner = {
		.issuer = "https://idp.example", .client_id = "client", .offline_access = true};
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	memcpy(id, integration->id, INTEGRATION_BYTES);
}

static void enrol(
	struct fixture *fixture, const struct person *person, const unsigned char *integration)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, person->name);

	memcpy(record->integration, integration, INTEGRATION_BYTES);
	record->integration[0] ^= person->of_before;
	record->confirmed_s = person->confirmed_s;
	record->reason = person->reason;
	record->flags = person->flags;
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static void test_confirmations_count__users_of_every_kind__each_where_it_belongs(void **state)
{
	struct fixture *fixture = fixture_of(state);
	unsigned char integration[INTEGRATION_BYTES] = {0};
	struct confirmations found = {.oldest_s = 1};

	connect(fixture, integration);
	assert_int_equal(confirmations_count(fixture->store, AFTER_S, NOW_S, &found), COSMO_OK);
	assert_int_equal(found.oldest_s, 0); /* nobody is there */
	for (size_t i = 0; i < COSMO_ARRAY_LEN(people); i++)
		enrol(fixture, &people[i], integration);
	assert_int_equal(confirmations_count(fixture->store, AFTER_S, NOW_S, &found), COSMO_OK);
	assert_int_equal(found.oldest_s, NOW_S - LEASE_S + 1);
	assert_int_equal(found.unconfirmed, 2);
	assert_int_equal(found.lapsed, 2);
	assert_int_equal(found.refused, 2);
}

static enum cosmo_err read_note(
	const struct fixture *fixture, const unsigned char *id, struct refresh_outage *ret)
{
	return refresh_outage_read(store_run_public_fd(fixture->store), id, ret);
}

static void test_refresh_outage__several__first_counts_until_one_is_answered(void **state)
{
	struct fixture *fixture = fixture_of(state);
	unsigned char integration[INTEGRATION_BYTES] = {0};
	struct refresh_outage note = {.err = 0};

	connect(fixture, integration);
	refresh_outage_forget(fixture->store); /* of none */
	assert_int_equal(read_note(fixture, integration, &note), COSMO_E_NOT_FOUND);
	refresh_outage_note(fixture->store, COSMO_E_CONNECT);
	now_ms += OUTAGE_MS;
	refresh_outage_note(fixture->store, COSMO_E_CONNECT);
	refresh_outage_note(fixture->store, COSMO_E_IDP_STATUS);
	assert_int_equal(read_note(fixture, integration, &note), COSMO_OK);
	assert_int_equal(note.err, COSMO_E_IDP_STATUS);
	assert_int_equal(note.since_boot_ms, START_MS);
	assert_int_equal(refresh_outage_since_s(&note, NOW_S), NOW_S - OUTAGE_MS / 1000);
	refresh_outage_forget(fixture->store);
	refresh_outage_note(fixture->store, COSMO_E_IDP_STATUS);
	assert_int_equal(read_note(fixture, integration, &note), COSMO_OK);
	assert_int_equal(note.since_boot_ms, START_MS + OUTAGE_MS);
}

/* Of another integration, of a boot before this one, cut off, or written by others. */
static void test_refresh_outage_read__no_note_of_ours__is_none(void **state)
{
	struct fixture *fixture = fixture_of(state);
	unsigned char before[INTEGRATION_BYTES] = {0};
	unsigned char integration[INTEGRATION_BYTES] = {0};
	struct refresh_outage note = {.err = 0};
	int run_fd = store_run_public_fd(fixture->store);

	connect(fixture, before);
	refresh_outage_note(fixture->store, COSMO_E_CONNECT);
	connect(fixture, integration);
	assert_int_equal(read_note(fixture, integration, &note), COSMO_E_NOT_FOUND);
	now_ms += 1;
	refresh_outage_note(fixture->store, COSMO_E_CONNECT);
	assert_int_equal(read_note(fixture, integration, &note), COSMO_OK);
	assert_int_equal(note.since_boot_ms, START_MS + 1);
	now_ms -= 1;
	assert_int_equal(read_note(fixture, integration, &note), COSMO_E_NOT_FOUND);
	now_ms += 1;
	assert_int_equal(fchmodat(run_fd, REFRESH_OUTAGE_NAME, 0666, 0), 0);
	assert_int_equal(read_note(fixture, integration, &note), COSMO_E_UNSAFE_FILE);
	assert_int_equal(fdio_replace_file(run_fd, REFRESH_OUTAGE_NAME, &note, 31, 0644), COSMO_OK);
	assert_int_equal(read_note(fixture, integration, &note), COSMO_E_FORMAT);
	/* which the next one mends */
	refresh_outage_note(fixture->store, COSMO_E_CONNECT);
	assert_int_equal(read_note(fixture, integration, &note), COSMO_OK);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(test_confirmations_count__users_of_every_kind__each_where_it_belongs),
		ONE(test_refresh_outage__several__first_counts_until_one_is_answered),
		ONE(test_refresh_outage_read__no_note_of_ours__is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
