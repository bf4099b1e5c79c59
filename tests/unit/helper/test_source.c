/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/helper/source.h"

/* case: budget: a source is an IPv4 address, an IPv6 network of 64 bits, or a name if sshd gives
 * one */
/* case: budget: a caller who is not root is counted by his real uid, whatever he says of himself */
static void test_source_read__each_kind__counted_as(void **state)
{
	static const struct {
		const char *rhost;
		uint32_t ruid;
		const char *place;
		const char *exact;
		bool is_local;
	} rows[] = {
		{"192.0.2.7", 0, "4:192.0.2.7", "4:192.0.2.7", false},
		{"::ffff:192.0.2.7", 0, "4:192.0.2.7", "4:192.0.2.7", false},
		{"2001:DB8:0:1::a", 0, "6:2001:db8:0:1::/64", "6:2001:db8:0:1::a", false},
		{"2001:db8:0:1:ffff::b", 0, "6:2001:db8:0:1::/64", "6:2001:db8:0:1:ffff::b", false},
		{"2001:db8:0:2::a", 0, "6:2001:db8:0:2::/64", "6:2001:db8:0:2::a", false},
		{"::1", 0, "6:::/64", "6:::1", false},
		{"fe80::1%eth0", 0, "6:fe80::%eth0/64", "6:fe80::1%eth0", false},
		{"Host.Example.org", 0, "n:host.example.org", "n:host.example.org", false},
		{"UNKNOWN", 0, "n:unknown", "n:unknown", false},
		{"192.0.2.7.example.org", 0, "n:192.0.2.7.example.org", "n:192.0.2.7.example.org",
			false},
		{"u:0", 0, "n:u:0", "n:u:0", false},
		{NULL, 0, "u:0", "u:0", true},
		{"", 0, "u:0", "u:0", true},
		{NULL, 1001, "u:1001", "u:1001", true},
		{"192.0.2.7", 1001, "u:1001", "u:1001", true},
		{NULL, UINT32_MAX, "u:4294967295", "u:4294967295", true},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct source source = {0};

		print_message("%s\n", rows[i].rhost ? rows[i].rhost : "-");
		source_read(rows[i].rhost, rows[i].ruid, &source);
		assert_string_equal(source.place, rows[i].place);
		assert_string_equal(source.exact, rows[i].exact);
		assert_int_equal(source.is_local, rows[i].is_local);
	}
}

static void test_source_read__longest_name__cut(void **state)
{
	char name[400] = "";
	struct source source = {0};

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	source_read(name, 0, &source);
	assert_int_equal(strlen(source.exact), SOURCE_MAX_BYTES - 1);
	assert_string_equal(source.place, source.exact);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_read__each_kind__counted_as),
		cmocka_unit_test(test_source_read__longest_name__cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
