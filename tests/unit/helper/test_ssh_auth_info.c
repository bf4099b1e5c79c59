/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/ssh_auth_info.h"

#define KEY "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL\n"

struct row {
	const char *label;
	const char *text;
};

/* case: conversation: a method counts by a whole line of its own, as sshd writes one for each that
 * succeeded */
static void test_ssh_auth_info_has__method_succeeded__told(void **state)
{
	static const struct row rows[] = {
		{"alone", KEY},
		{"without more", "publickey\n"},
		{"two keys", KEY KEY},
		{"another method before it", "keyboard-interactive/pam\n" KEY},
		{"another method behind it", KEY "password\n"},
		{"a submethod", "publickey/sub-1 what\n"},
		{"a name in the user's language", "gssapi-with-mic J\303\266rg@EXAMPLE.ORG\n" KEY},
		{"a cut line behind it", KEY "publickey ssh-rsa AAAA"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i].label);
		assert_true(ssh_auth_info_has(rows[i].text, "publickey"));
	}
}

/* case: conversation: no method counts by a part of a name, by what stands behind a name, or by a
 * line that was cut off */
/* case: conversation: what sshd does not write says nothing at all, whatever else stands in it */
static void test_ssh_auth_info_has__anything_else__not_told(void **state)
{
	static const struct row rows[] = {
		{"nothing", NULL},
		{"empty", ""},
		{"cut off", "publickey ssh-ed25519 AAAA"},
		{"the name alone, cut off", "publickey"},
		{"longer name", "publickey-hostbound ssh-ed25519 AAAA\n"},
		{"shorter name", "public ssh-ed25519 AAAA\n"},
		{"capitals", "Publickey ssh-ed25519 AAAA\n"},
		{"as a submethod", "keyboard-interactive/publickey\n"},
		{"as what it was", "gssapi-with-mic publickey\n"},
		{"blank in front", " publickey ssh-ed25519 AAAA\n"},
		{"empty line", KEY "\n"},
		{"empty line first", "\n" KEY},
		{"tab", "publickey\tssh-ed25519 AAAA\n"},
		{"carriage return", "publickey ssh-ed25519 AAAA\r\n"},
		{"no submethod behind the slash", "publickey/ what\n"},
		{"blank in the submethod", "publickey/\n"},
		{"comma", "publickey,password\n"},
		{"equals", "publickey=yes\n"},
		{"something else in a later line", KEY "=\n"},
		{"escape sequence", KEY "password \033[2J\n"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i].label);
		assert_false(ssh_auth_info_has(rows[i].text, "publickey"));
	}
	assert_false(ssh_auth_info_has(KEY, "hostbased"));
	assert_false(ssh_auth_info_has(KEY, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ssh_auth_info_has__method_succeeded__told),
		cmocka_unit_test(test_ssh_auth_info_has__anything_else__not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
