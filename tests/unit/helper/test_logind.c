/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/session.h"

static const struct {
	const char *groups;
	const char *id; /* NULL: in no session */
	uint32_t uid;
} rows[] = {
	{"0::/user.slice/user-1879.slice/session-7.scope\n", "7", 1879},
	{"0::/user.slice/user-1879.slice/session-c12.scope/below\n", "c12", 1879},
	{"3:cpu:/\n1:name=systemd:/user.slice/user-5.slice/session-9.scope\n0::/\n", "9", 5},
	{"0::/machine.slice/x/user.slice/user-5.slice/session-9.scope\n", "9", 5},
	/* names further down are a user's own: they are nobody else's session */
	{"0::/user.slice/user-5.slice/user@5.service/user.slice/user-0.slice/session-1.scope\n",
		NULL, 0},
	{"0::/user.slice/user-5.slice/user@5.service/session-1.scope\n", NULL, 0},
	{"0::/system.slice/ssh.service\n", NULL, 0},
	{"3:cpu:/user.slice/user-5.slice/session-9.scope\n0::/\n", NULL, 0},
	{"0::/user.slice/user-x.slice/session-9.scope\n", NULL, 0},
	{"0::/user.slice/user-5.slice/session-.scope\n", NULL, 0},
	{"0::/user.slice/user-5.slice/session-9.service\n", NULL, 0},
	{"", NULL, 0},
};

static void test_logind_session_in__control_groups__the_session_and_whose(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		char groups[256] = "";
		char id[SESSION_LOGIND_BYTES] = "";
		uint32_t uid = 0;

		(void)snprintf(groups, sizeof(groups), "%s", rows[i].groups);
		print_message("%s", rows[i].groups);
		if (!rows[i].id) {
			assert_int_equal(logind_session_in(groups, id, &uid), COSMO_E_NOT_FOUND);
			continue;
		}
		assert_int_equal(logind_session_in(groups, id, &uid), COSMO_OK);
		assert_string_equal(id, rows[i].id);
		assert_int_equal(uid, rows[i].uid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logind_session_in__control_groups__the_session_and_whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
