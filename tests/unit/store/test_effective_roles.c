/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/effective_roles.h"

#define NOW_S   1800000000LL
#define LEASE_S 86400LL
#define ADMIN   4ULL

enum {
	ONE = 1,
	OTHER = 2
}; /* integrations */

struct row {
	const char *label;
	enum gate_state gate;
	unsigned char gate_integration;
	uint32_t flags;
	uint32_t reason;
	uint64_t stored;
	int64_t confirmed_s;
	int64_t lease_s;
	int64_t now_s;
	uint64_t roles;
	enum cosmo_err why;
};

static const struct row rows[] = {
	{"open and confirmed", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S - 60, LEASE_S, NOW_S, ADMIN,
		COSMO_OK},
	{"no stored role", GATE_OPEN, ONE, 0, 0, 0, NOW_S - 60, LEASE_S, NOW_S, ROLE_VIEWER_BIT,
		COSMO_OK},
	{"closed", GATE_CLOSED, 0, 0, 0, ADMIN, NOW_S, LEASE_S, NOW_S, ROLE_VIEWER_BIT,
		COSMO_E_DISCONNECTED},
	{"closed, but the id still stands", GATE_CLOSED, ONE, 0, 0, ADMIN, NOW_S, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_DISCONNECTED},
	{"fresh", GATE_FRESH, ONE, 0, 0, ADMIN, NOW_S, LEASE_S, NOW_S, ROLE_VIEWER_BIT,
		COSMO_E_DISCONNECTED},
	{"missing", GATE_MISSING, ONE, 0, 0, ADMIN, NOW_S, LEASE_S, NOW_S, ROLE_VIEWER_BIT,
		COSMO_E_DISCONNECTED},
	{"reconnected", GATE_OPEN, OTHER, 0, 0, ADMIN, NOW_S, LEASE_S, NOW_S, ROLE_VIEWER_BIT,
		COSMO_E_INTEGRATION_CHANGED},
	{"locked", GATE_OPEN, ONE, USERS_DB_LOCKED, 0, ADMIN, NOW_S, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_LOCKED},
	{"removed", GATE_OPEN, ONE, USERS_DB_REMOVED, 0, ADMIN, NOW_S, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_REMOVED},
	{"removed and locked", GATE_OPEN, ONE, USERS_DB_REMOVED | USERS_DB_LOCKED, 0, ADMIN, NOW_S,
		LEASE_S, NOW_S, ROLE_VIEWER_BIT, COSMO_E_REMOVED},
	{"refused by the IdP", GATE_OPEN, ONE, 0, COSMO_E_INVALID_GRANT, ADMIN, NOW_S, LEASE_S,
		NOW_S, ROLE_VIEWER_BIT, COSMO_E_INVALID_GRANT},
	{"a reason nobody knows", GATE_OPEN, ONE, 0, 60000, ADMIN, NOW_S, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_PROTOCOL},
	{"last second of the lease", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S - LEASE_S + 1, LEASE_S,
		NOW_S, ADMIN, COSMO_OK},
	{"lease over", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S - LEASE_S, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_LEASE_OVER},
	{"clock a little back", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S + 300, LEASE_S, NOW_S, ADMIN,
		COSMO_OK},
	{"clock far back", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S + 301, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_LEASE_OVER},
	{"clock at the epoch", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S, LEASE_S, 0, ROLE_VIEWER_BIT,
		COSMO_E_LEASE_OVER},
	{"clock before the epoch", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S, LEASE_S, INT64_MIN,
		ROLE_VIEWER_BIT, COSMO_E_LEASE_OVER},
	{"clock at the end", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S, LEASE_S, INT64_MAX,
		ROLE_VIEWER_BIT, COSMO_E_LEASE_OVER},
	{"confirmed at the end of time", GATE_OPEN, ONE, 0, 0, ADMIN, INT64_MAX, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_LEASE_OVER},
	{"confirmed before time", GATE_OPEN, ONE, 0, 0, ADMIN, INT64_MIN, LEASE_S, NOW_S,
		ROLE_VIEWER_BIT, COSMO_E_LEASE_OVER},
	{"never confirmed", GATE_OPEN, ONE, 0, 0, ADMIN, 0, INT64_MAX, NOW_S, ROLE_VIEWER_BIT,
		COSMO_E_LEASE_OVER},
	{"endless lease", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S - 1, INT64_MAX, NOW_S, ADMIN,
		COSMO_OK},
	{"no lease", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S, 0, NOW_S, ROLE_VIEWER_BIT,
		COSMO_E_LEASE_OVER},
	{"negative lease", GATE_OPEN, ONE, 0, 0, ADMIN, NOW_S, INT64_MIN, NOW_S, ROLE_VIEWER_BIT,
		COSMO_E_LEASE_OVER},
};

static void test_effective_roles__table__as_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct users_db_user user = {
			.roles = row->stored,
			.flags = row->flags,
			.reason = row->reason,
			.confirmed_s = row->confirmed_s,
		};
		struct gate_view gate = {.state = row->gate};
		struct effective_roles got = {0};

		user.integration[3] = ONE;
		gate.integration[3] = row->gate_integration;
		got = effective_roles(&user, &gate, row->lease_s, row->now_s);
		if (got.roles != row->roles || got.reason != row->why ||
			got.demoted != (row->why != COSMO_OK))
			fail_msg("%s: roles %llx, %s", row->label, (unsigned long long)got.roles,
				cosmo_err_id(got.reason));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_effective_roles__table__as_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
