/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/pam_edit.h"

#define BEGIN "# BEGIN cosmo-sso (cosmo-ssoctl disable takes this out)\n"
#define END   "# END cosmo-sso"
#define AUTH                                                                                       \
	"auth    [success=done ignore=ignore module_unknown=ignore default=die] pam_cosmo_sso.so\n"
#define ENTRY                                                                                      \
	BEGIN AUTH "account [success=ok ignore=ignore module_unknown=ignore default=die] "         \
		   "pam_cosmo_sso.so\n" END "\n"
#define LOGIN                                                                                      \
	BEGIN AUTH "account [success=ok ignore=1 module_unknown=1 default=die] pam_cosmo_sso.so\n" \
		   "account requisite pam_nologin.so\n" END "\n"
#define SESSION                                                                                    \
	BEGIN "session [success=ok ignore=1 module_unknown=1 default=die] pam_cosmo_sso.so\n"      \
	      "session optional pam_mkhomedir.so umask=0077\n" END

#define JOB                                                                                        \
	BEGIN "account [success=ok ignore=ignore module_unknown=ignore default=die] "              \
	      "pam_cosmo_sso.so\n" END "\n"

#define STACK "@include common-auth\naccount required pam_nologin.so\n@include common-session\n"

static const struct {
	const char *label;
	const char *text;
	const char *login; /* what stands between the blocks and behind the last, of a login */
	const char *tail;
} files[] = {
	{"Debian's sshd", STACK, STACK, "\n"},
	{"empty", "", "", "\n"},
	{"one line feed", "\n", "\n", "\n"},
	{"no line feed at the end", "#%PAM-1.0\n@include x", "#%PAM-1.0\n@include x\n", ""},
	{"carriage returns", "auth x.so\r\nsession y.so\r\n", "auth x.so\r\nsession y.so\r\n",
		"\n"},
	{"a line that goes on inside", "auth required \\\n x.so\n", "auth required \\\n x.so\n",
		"\n"},
	{"a comment that ends in a backslash", "auth x.so\n# y \\\n", "auth x.so\n# y \\\n", "\n"},
	{"blank lines at the end", "auth x.so\n\n\n", "auth x.so\n\n\n", "\n"},
	{"our module in a comment", "# pam_cosmo_sso.so\n", "# pam_cosmo_sso.so\n", "\n"},
	{"an end mark of nobody", "auth x.so\n" END "\n", "auth x.so\n" END "\n", "\n"},
};

static void check(const char *text, enum pam_edit_kind kind, const char *expected)
{
	COSMO_AUTO(free) char *enabled = NULL;
	COSMO_AUTO(free) char *again = NULL;
	COSMO_AUTO(free) char *disabled = NULL;
	const char *problem = NULL;

	assert_int_equal(pam_edit_enable(text, kind, &enabled, &problem), COSMO_OK);
	assert_string_equal(enabled, expected);
	assert_true(pam_edit_has_module(enabled));
	assert_int_equal(pam_edit_enable(enabled, kind, &again, &problem), COSMO_OK);
	assert_string_equal(again, expected);
	assert_int_equal(pam_edit_disable(enabled, &disabled, &problem), COSMO_OK);
	assert_string_equal(disabled, text);
}

static void test_pam_edit__each_file__is_edited_and_restored(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(files); i++) {
		char expected[4096] = "";

		print_message("%s\n", files[i].label);
		snprintf(expected, sizeof(expected), "%s%s", ENTRY, files[i].text);
		check(files[i].text, PAM_EDIT_ENTRY, expected);
		snprintf(expected, sizeof(expected), "%s%s", JOB, files[i].text);
		check(files[i].text, PAM_EDIT_JOB, expected);
		snprintf(expected, sizeof(expected), "%s%s%s%s", LOGIN, files[i].login, SESSION,
			files[i].tail);
		check(files[i].text, PAM_EDIT_LOGIN, expected);
	}
}

#define SU_AUTH BEGIN AUTH END
#define ROOTOK  "auth       sufficient pam_rootok.so\n"
#define WHEEL   "auth required pam_wheel.so\n"

static const struct {
	const char *label;
	const char *before; /* our auth line */
	const char *behind;
} su_files[] = {
	{"Debian's", "# auth required pam_wheel.so\n" ROOTOK,
		"# auth sufficient pam_wheel.so\n" STACK},
	{"for wheel alone", ROOTOK WHEEL, STACK},
	{"wheel first", WHEEL ROOTOK, STACK},
	{"Red Hat's", "auth required pam_env.so\nauth sufficient pam_rootok.so\n",
		"auth substack system-auth\naccount sufficient pam_succeed_if.so uid = 0 use_uid\n"},
	{"for those whom other modules let",
		ROOTOK "auth required pam_succeed_if.so use_uid user ingroup wheel\n"
		       "auth required pam_listfile.so item=ruser sense=allow file=/etc/su.allow\n",
		"auth required pam_succeed_if.so user != bob\n" STACK},
	{"a type with a dash, a blank, capitals", " -AUTH\tsufficient pam_rootok.so\n", STACK},
	{"nothing about the caller", "", STACK},
	{"rootok elsewhere", "", "account sufficient pam_rootok.so\nauthx pam_wheel.so\n"},
	{"jumps behind it", ROOTOK, "auth [success=1 default=ignore] pam_unix.so\n"},
	{"empty", "", ""},
};

/* Root is asked nothing, and whom pam_wheel turns away stays outside. */
static void test_pam_edit__su__auth_line_behind_what_looks_at_the_caller(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(su_files); i++) {
		char text[4096] = "";
		char expected[4096] = "";

		print_message("%s\n", su_files[i].label);
		snprintf(text, sizeof(text), "%s%s", su_files[i].before, su_files[i].behind);
		snprintf(expected, sizeof(expected), "%s%s%s\n%s", JOB, su_files[i].before, SU_AUTH,
			su_files[i].behind);
		check(text, PAM_EDIT_SU, expected);
	}
	check("auth sufficient pam_rootok.so", PAM_EDIT_SU,
		JOB "auth sufficient pam_rootok.so\n" SU_AUTH);
}

static const struct {
	const char *text;
	bool included;
} su_l_files[] = {
	{"auth\t\tinclude\t\tsu\naccount\tinclude\tsu\nsession include su\n", true},
	{"auth substack su\r\n-account include su\r\n", true},
	{"@include su\n", true},
	{"auth include su\n", false},
	{"auth include su\naccount include sudo\n", false},
	{"# auth include su\n# account include su\n", false},
	{"# @include su\n", false},
	{"auth required su\naccount required su\n", false},
	{"auth include\naccount include\n@include", false},
	{STACK, false},
	{"", false},
};

static void test_pam_edit_includes__auth_and_account_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(su_l_files); i++) {
		print_message("%s\n", su_l_files[i].text);
		assert_int_equal(
			pam_edit_includes(su_l_files[i].text, "su"), su_l_files[i].included);
	}
}

static void test_pam_edit_enable__an_older_block__is_replaced(void **state)
{
	COSMO_AUTO(free) char *enabled = NULL;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(pam_edit_enable(BEGIN "auth old pam_cosmo_sso.so\n" END "\n" STACK,
				 PAM_EDIT_ENTRY, &enabled, &problem),
		COSMO_OK);
	assert_string_equal(enabled, ENTRY STACK);
}

/* Lines put in by hand while ours were there, before, between and behind them. */
static void test_pam_edit_disable__changed_meanwhile__takes_out_ours_alone(void **state)
{
	COSMO_AUTO(free) char *disabled = NULL;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(
		pam_edit_disable("# a\n" LOGIN "auth new.so\n" STACK SESSION "\nsession z.so",
			&disabled, &problem),
		COSMO_OK);
	assert_string_equal(disabled, "# a\nauth new.so\n" STACK "session z.so");
}

static void test_pam_edit_disable__line_feed_added_by_an_editor__stays(void **state)
{
	COSMO_AUTO(free) char *disabled = NULL;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(
		pam_edit_disable(LOGIN "auth x.so\n" SESSION "\n", &disabled, &problem), COSMO_OK);
	assert_string_equal(disabled, "auth x.so\n");
}

static void test_pam_edit_disable__marks_with_carriage_returns__are_found(void **state)
{
	COSMO_AUTO(free) char *disabled = NULL;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(
		pam_edit_disable("# BEGIN cosmo-sso (cosmo-ssoctl disable takes this "
				 "out)\r\nauth x pam_cosmo_sso.so\r\n" END " \r\nauth y\r\n",
			&disabled, &problem),
		COSMO_OK);
	assert_string_equal(disabled, "auth y\r\n");
}

static void test_pam_edit_disable__never_enabled__changes_nothing(void **state)
{
	COSMO_AUTO(free) char *disabled = NULL;
	const char *problem = NULL;

	(void)state;
	assert_int_equal(pam_edit_disable(STACK "auth x", &disabled, &problem), COSMO_OK);
	assert_string_equal(disabled, STACK "auth x");
}

static const struct {
	const char *text;
	enum pam_edit_kind kind;
	const char *says;
} refused[] = {
	{"auth required pam_cosmo_sso.so\n", PAM_EDIT_ENTRY, "did not write"},
	{STACK " session x /lib/security/pam_cosmo_sso.so # y\n", PAM_EDIT_LOGIN, "did not write"},
	{BEGIN "auth x\n", PAM_EDIT_ENTRY, "damaged block"},
	{LOGIN STACK BEGIN, PAM_EDIT_LOGIN, "damaged block"},
	{"session required x.so \\\n", PAM_EDIT_LOGIN, "continued"},
	{"session required x.so \\", PAM_EDIT_LOGIN, "continued"},
	{"session required x.so \\ \n\n", PAM_EDIT_LOGIN, "continued"},
	{"auth sufficient pam_rootok.so \\\n debug\n", PAM_EDIT_SU, "continued"},
	{"auth [success=2 default=ignore] pam_rootok.so\n" STACK, PAM_EDIT_SU, "skips others"},
	{"auth [default=1] x.so\nauth required pam_wheel.so\n", PAM_EDIT_SU, "skips others"},
};

static void test_pam_edit_enable__what_cannot_be_edited__says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(refused); i++) {
		const char *problem = NULL;
		char *untouched = NULL;

		print_message("%s\n", refused[i].text);
		assert_int_equal(
			pam_edit_enable(refused[i].text, refused[i].kind, &untouched, &problem),
			COSMO_E_FORMAT);
		assert_non_null(problem);
		assert_non_null(strstr(problem, refused[i].says));
		assert_null(untouched);
	}
}

static void test_pam_edit_has_module__comments_do_not_count(void **state)
{
	(void)state;
	assert_false(pam_edit_has_module(STACK));
	assert_false(pam_edit_has_module("auth x.so # pam_cosmo_sso.so\n"));
	assert_true(pam_edit_has_module("auth x.so\nauth required pam_cosmo_sso.so"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pam_edit__each_file__is_edited_and_restored),
		cmocka_unit_test(test_pam_edit__su__auth_line_behind_what_looks_at_the_caller),
		cmocka_unit_test(test_pam_edit_includes__auth_and_account_both),
		cmocka_unit_test(test_pam_edit_enable__an_older_block__is_replaced),
		cmocka_unit_test(test_pam_edit_disable__changed_meanwhile__takes_out_ours_alone),
		cmocka_unit_test(test_pam_edit_disable__line_feed_added_by_an_editor__stays),
		cmocka_unit_test(test_pam_edit_disable__marks_with_carriage_returns__are_found),
		cmocka_unit_test(test_pam_edit_disable__never_enabled__changes_nothing),
		cmocka_unit_test(test_pam_edit_enable__what_cannot_be_edited__says_why),
		cmocka_unit_test(test_pam_edit_has_module__comments_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
