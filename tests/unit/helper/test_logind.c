/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/session.h"

#define UNIFIED "0::/init.scope\n"
#define HYBRID  "3:cpu:/\n1:name=systemd:/init.scope\n0::/init.scope\n"

static const struct {
	const char *first; /* of pid 1 */
	const char *groups;
	const char *id; /* NULL: in no session */
	uint32_t uid;
} rows[] = {
	{UNIFIED, "0::/user.slice/user-1879.slice/session-7.scope\n", "7", 1879},
	{UNIFIED, "0::/user.slice/user-1879.slice/session-c12.scope/below\n", "c12", 1879},
	{HYBRID, "3:cpu:/\n1:name=systemd:/user.slice/user-5.slice/session-9.scope\n0::/\n", "9",
		5},
	/* where systemd is not the first process, or has made no scope for itself */
	{"0::/\n", "0::/user.slice/user-5.slice/session-9.scope\n", "9", 5},
	/* we are in a container and see the names around it, or in a namespace below pid 1's */
	{"0::/machine.slice/m.scope/payload/init.scope\n",
		"0::/machine.slice/m.scope/payload/user.slice/user-5.slice/session-9.scope\n", "9",
		5},
	{"0::/docker/1f\n", "0::/docker/1f/user.slice/user-5.slice/session-9.scope\n", "9", 5},
	{"0::/../../init.scope\n", "0::/../../user.slice/user-5.slice/session-9.scope\n", "9", 5},
	/* others' containers, whose users have the same numbers */
	{UNIFIED, "0::/machine.slice/x/user.slice/user-5.slice/session-9.scope\n", NULL, 0},
	{"0::/machine.slice/m.scope/payload/init.scope\n",
		"0::/machine.slice/n.scope/payload/user.slice/user-5.slice/session-9.scope\n", NULL,
		0},
	{"0::/docker/1f\n", "0::/docker/1fe/user.slice/user-5.slice/session-9.scope\n", NULL, 0},
	{"0::/docker/1f\n", "0::/user.slice/user-5.slice/session-9.scope\n", NULL, 0},
	/* names further down are a user's own: they are nobody else's session */
	{UNIFIED,
		"0::/user.slice/user-5.slice/user@5.service/user.slice/user-0.slice/session-1.scope\n",
		NULL, 0},
	{UNIFIED, "0::/user.slice/user-5.slice/user@5.service/session-1.scope\n", NULL, 0},
	{UNIFIED, "0::/system.slice/ssh.service\n", NULL, 0},
	{HYBRID, "3:cpu:/user.slice/user-5.slice/session-9.scope\n0::/\n", NULL, 0},
	{UNIFIED, "0::/user.slice/user-x.slice/session-9.scope\n", NULL, 0},
	{UNIFIED, "0::/user.slice/user-.slice/session-9.scope\n", NULL, 0},
	{UNIFIED, "0::/user.slice/user-4294967295.slice/session-9.scope\n", NULL, 0},
	{UNIFIED, "0::/user.slice/user-00000000000000005.slice/session-9.scope\n", NULL, 0},
	{UNIFIED, "0::/user.slice/user-5.slice/session-.scope\n", NULL, 0},
	{UNIFIED, "0::/user.slice/user-5.slice/session-9.service\n", NULL, 0},
	/* of this hierarchy nothing is known */
	{"1:name=systemd:/init.scope\n", "0::/user.slice/user-5.slice/session-9.scope\n", NULL, 0},
	{"", "0::/user.slice/user-5.slice/session-9.scope\n", NULL, 0},
	{UNIFIED, "", NULL, 0},
};

static void test_logind_session_in__control_groups__the_session_and_whose(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		char id[SESSION_LOGIND_BYTES] = "";
		uint32_t uid = 0;
		enum cosmo_err err = logind_session_in(rows[i].first, rows[i].groups, id, &uid);

		print_message("%s", rows[i].groups);
		assert_int_equal(err, rows[i].id ? COSMO_OK : COSMO_E_NOT_FOUND);
		if (!rows[i].id)
			continue;
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
