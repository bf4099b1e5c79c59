/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/https_url.h"

static void test_https_url_is_usable__addresses__are_told_apart(void **state)
{
	static const struct {
		const char *url;
		bool is;
	} cases[] = {
		{"https://idp.example", true},
		{"https://idp.example/", true},
		{"HTTPS://idp.example:8443/a/b?c=d&e=%20#f", true},
		{"https://[2001:db8::1]/x", true},
		{"https://idp.example?x@y", true}, /* the '@' is behind the host */
		{"https://idp.example/~u@v", true},
		{"", false},
		{"h", false},
		{"https", false},
		{"https:/", false},
		{"https://", false},
		{"https:///path", false},
		{"https://?q", false},
		{"https://#f", false},
		{"https://:443/", false},
		{"http://idp.example/", false},
		{"httpss://idp.example/", false},
		{" https://idp.example/", false},
		{"//idp.example/", false},
		{"javascript:alert(1)//https://", false},
		{"https://user@idp.example/", false},
		{"https://good.example:x@evil.example/", false},
		{"https://idp.example/a b", false},
		{"https://idp.example/\n", false},
		{"https://idp.example/\x1b[2J", false},
		{"https://idp.example/\x7f", false},
		{"https://idp.example/\xc3\xa9", false},
		{"https://idp.example/\"", false},
		{"https://idp.example/'", false},
		{"https://idp.example/<b>", false},
		{"https://idp.example\\@evil.example/", false},
		{"https://idp.example/`", false},
		{"https://idp.example/{x}", false},
		{"https://idp.example/|", false},
		{"https://idp.example/^", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(free) char *exact = strdup(cases[i].url); /* nothing behind it is ours */

		print_message("%s\n", cases[i].url);
		assert_non_null(exact);
		assert_int_equal(https_url_is_usable(exact), cases[i].is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_https_url_is_usable__addresses__are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
