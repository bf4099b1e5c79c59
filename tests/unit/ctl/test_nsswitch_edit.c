/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/nsswitch_edit.h"

#define P "passwd: files\n"
#define Q "passwd: files cosmo\n"
#define G "group: files\n"
#define H "group: files [SUCCESS=merge] cosmo\n"

/* What an administrator's file becomes; disabled again it is what it was. */
static const struct {
	const char *label;
	const char *before;
	const char *after;
} edits[] = {
	{"Debian's",
		"# /etc/nsswitch.conf\n\npasswd:         files systemd\ngroup:          files systemd\n"
		"shadow:         files\nhosts:          files dns [NOTFOUND=return] x\n",
		"# /etc/nsswitch.conf\n\npasswd:         files systemd cosmo\n"
		"group:          files [SUCCESS=merge] cosmo systemd\n"
		"shadow:         files\nhosts:          files dns [NOTFOUND=return] x\n"},
	{"no line feed at the end", G "passwd: files", H "passwd: files cosmo"},
	{"group last, no line feed", P "group: files", Q "group: files [SUCCESS=merge] cosmo"},
	{"carriage returns", "passwd: files\r\ngroup: files\r\n",
		"passwd: files cosmo\r\ngroup: files [SUCCESS=merge] cosmo\r\n"},
	{"comments behind", "passwd:\tfiles # local\ngroup:\tfiles# glued\n",
		"passwd:\tfiles cosmo # local\ngroup:\tfiles [SUCCESS=merge] cosmo# glued\n"},
	{"cosmo in a comment", "passwd: files # not cosmo\n" G,
		"passwd: files cosmo # not cosmo\n" H},
	{"blanks before and behind", "  passwd:  files \t\n\tgroup: files  \n",
		"  passwd:  files cosmo \t\n\tgroup: files [SUCCESS=merge] cosmo  \n"},
	{"merge to systemd", P "group: files [SUCCESS=merge] systemd\n",
		Q "group: files [SUCCESS=merge] cosmo [SUCCESS=merge] systemd\n"},
	{"NOTFOUND=return behind files", P "group: files [NOTFOUND=return] ldap\n",
		Q "group: files [SUCCESS=merge] cosmo [NOTFOUND=return] ldap\n"},
	{"glued action", P "group: files[UNAVAIL=return] sss\n",
		Q "group: files [SUCCESS=merge] cosmo[UNAVAIL=return] sss\n"},
	{"sss first", "passwd: sss files\ngroup: sss files systemd\n",
		"passwd: sss files cosmo\ngroup: sss files [SUCCESS=merge] cosmo systemd\n"},
	{"compat", "passwd: compat\ngroup: compat\n",
		"passwd: compat cosmo\ngroup: compat [SUCCESS=merge] cosmo\n"},
	{"an action that goes on", "passwd: files [NOTFOUND=continue UNAVAIL=return] sss\n" G,
		"passwd: files [NOTFOUND=continue UNAVAIL=return] sss cosmo\n" H},
	{"a later part of an action wins",
		"passwd: files [!SUCCESS=return NOTFOUND=continue] sss\n" G,
		"passwd: files [!SUCCESS=return NOTFOUND=continue] sss cosmo\n" H},
	{"every passwd line", P P G, Q Q H},
	{"a backslash continues nothing", "passwd: files \\\n  sss\n" G,
		"passwd: files \\ cosmo\n  sss\n" H},
	{"initgroups of files", P G "initgroups: files\n",
		Q H "initgroups: files [SUCCESS=continue] cosmo\n"},
	{"initgroups that says when it ends", P G "initgroups: files [SUCCESS=return] sss\n",
		Q H "initgroups: cosmo [SUCCESS=continue] files [SUCCESS=return] sss\n"},
	{"initgroups of files and others", P G "initgroups:   files sss\n",
		Q H "initgroups:   cosmo [SUCCESS=continue] files sss\n"},
	{"initgroups that goes on", P G "initgroups: files [SUCCESS=continue] sss\n",
		Q H "initgroups: files [SUCCESS=continue] cosmo [SUCCESS=continue] sss\n"},
	{"initgroups without files", P G "initgroups: sss\n",
		Q H "initgroups: cosmo [SUCCESS=continue] sss\n"},
	{"names that only look like ours", "#passwd: x\npasswdx: y\nnetgroup: files\n" P G,
		"#passwd: x\npasswdx: y\nnetgroup: files\n" Q H},
	{"a service with our name in it", "passwd: cosmos files\ngroup: cosmos files\n",
		"passwd: cosmos files cosmo\ngroup: cosmos files [SUCCESS=merge] cosmo\n"},
};

static void test_nsswitch__each_file__is_edited_and_restored(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(edits); i++) {
		COSMO_AUTO(free) char *enabled = NULL;
		COSMO_AUTO(free) char *again = NULL;
		COSMO_AUTO(free) char *disabled = NULL;
		const char *problem = NULL;

		print_message("%s\n", edits[i].label);
		assert_int_equal(nsswitch_enable(edits[i].before, &enabled, &problem), COSMO_OK);
		assert_string_equal(enabled, edits[i].after);
		assert_true(nsswitch_is_last_of_passwd(enabled));
		assert_int_equal(nsswitch_enable(enabled, &again, &problem), COSMO_OK);
		assert_string_equal(again, edits[i].after);
		assert_int_equal(nsswitch_disable(enabled, &disabled), COSMO_OK);
		assert_string_equal(disabled, edits[i].before);
		assert_false(nsswitch_is_last_of_passwd(disabled));
	}
}

/* Words of ours that somebody else put there: right ones stay as they are. */
static const struct {
	const char *label;
	const char *before;
	const char *enabled;
	const char *disabled;
} hand_written[] = {
	{"right, in another spelling",
		"passwd:  files   cosmo\ngroup: files  [success=MERGE]  cosmo\n",
		"passwd:  files   cosmo\ngroup: files  [success=MERGE]  cosmo\n",
		"passwd:  files\ngroup: files\n"},
	{"cosmo first", "passwd: cosmo files\ngroup: cosmo files\n", Q H, P G},
	{"cosmo with an action first", "passwd: cosmo [NOTFOUND=return] files\n" G, Q H, P G},
	{"cosmo behind the others", P "group: files [SUCCESS=merge] sss [SUCCESS=merge] cosmo\n",
		Q "group: files [SUCCESS=merge] cosmo [SUCCESS=merge] sss\n",
		P "group: files [SUCCESS=merge] sss\n"},
	{"no merge", "passwd: files cosmo sss\ngroup: files cosmo\n", "passwd: files sss cosmo\n" H,
		"passwd: files sss\n" G},
	{"twice", "passwd: cosmo files cosmo\ngroup: cosmo files [SUCCESS=merge] cosmo\n", Q H,
		P G},
	{"initgroups that hides us", Q H "initgroups: files cosmo\n",
		Q H "initgroups: files [SUCCESS=continue] cosmo\n", P G "initgroups: files\n"},
	{"initgroups as the manual has it", Q H "initgroups: files [SUCCESS=continue] cosmo\n",
		Q H "initgroups: files [SUCCESS=continue] cosmo\n", P G "initgroups: files\n"},
};

static void test_nsswitch__words_by_hand__are_put_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(hand_written); i++) {
		COSMO_AUTO(free) char *enabled = NULL;
		COSMO_AUTO(free) char *disabled = NULL;
		const char *problem = NULL;

		print_message("%s\n", hand_written[i].label);
		assert_int_equal(
			nsswitch_enable(hand_written[i].before, &enabled, &problem), COSMO_OK);
		assert_string_equal(enabled, hand_written[i].enabled);
		assert_int_equal(nsswitch_disable(enabled, &disabled), COSMO_OK);
		assert_string_equal(disabled, hand_written[i].disabled);
	}
}

static const struct {
	const char *text;
	const char *says;
} refused[] = {
	{"", "no passwd line"},
	{G, "no passwd line"},
	{P, "no group line"},
	{"passwd:\n" G, "names no service"},
	{"passwd: # files\n" G, "names no service"},
	{P "group: sss\n", "without files"},
	{P "group: sss [NOTFOUND=return] files\n", "never be asked"},
	{"passwd: files [NOTFOUND=return] ldap\n" G, "never be asked"},
	{"passwd: files [notfound=RETURN]\n" G, "never be asked"},
	{"passwd: files [!SUCCESS=return] ldap\n" G, "never be asked"},
	{"passwd: files [UNAVAIL=continue NOTFOUND=return] ldap\n" G, "never be asked"},
	{"passwd: files [NOTFOUND=return ldap\n" G, "without its ]"},
	{P "group: files [\n", "without its ]"},
};

static void test_nsswitch_enable__no_place_for_us__says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(refused); i++) {
		const char *problem = NULL;
		char *untouched = NULL;

		print_message("%s\n", refused[i].text);
		assert_int_equal(
			nsswitch_enable(refused[i].text, &untouched, &problem), COSMO_E_FORMAT);
		assert_non_null(problem);
		assert_non_null(strstr(problem, refused[i].says));
		assert_null(untouched);
	}
}

static void test_nsswitch_enable__too_many_words__is_refused(void **state)
{
	char text[1024] = "passwd:";
	const char *problem = NULL;
	char *untouched = NULL;

	(void)state;
	for (size_t i = 0; i < 65; i++)
		strcat(text, " x");
	strcat(text, "\n" G);
	assert_int_equal(nsswitch_enable(text, &untouched, &problem), COSMO_E_FORMAT);
	assert_non_null(strstr(problem, "more than 64 words"));
}

/* What was written meanwhile outside our words is kept. */
static void test_nsswitch_disable__changed_meanwhile__takes_out_ours_alone(void **state)
{
	COSMO_AUTO(free) char *disabled = NULL;

	(void)state;
	assert_int_equal(nsswitch_disable("# new\npasswd: files sss cosmo\n"
					  "group:  files [SUCCESS=merge] cosmo sss\nhosts: dns\n",
				 &disabled),
		COSMO_OK);
	assert_string_equal(disabled, "# new\npasswd: files sss\ngroup:  files sss\nhosts: dns\n");
}

static void test_nsswitch_disable__a_line_it_cannot_read__is_left(void **state)
{
	COSMO_AUTO(free) char *disabled = NULL;

	(void)state;
	assert_int_equal(nsswitch_disable("passwd: files [x cosmo\n" H, &disabled), COSMO_OK);
	assert_string_equal(disabled, "passwd: files [x cosmo\n" G);
}

static void test_nsswitch_is_last__glibc_takes_the_last_line(void **state)
{
	(void)state;
	assert_false(nsswitch_is_last_of_passwd(Q P));
	assert_true(nsswitch_is_last_of_passwd(P Q));
	assert_false(nsswitch_is_last_of_passwd("passwd: cosmo files\n"));
	assert_false(nsswitch_is_last_of_passwd("passwd: files # cosmo\n"));
	assert_false(nsswitch_is_last_of_passwd("passwd: files [NOTFOUND=return] cosmo\n"));
	assert_false(nsswitch_is_last_of_passwd(H));
	assert_false(nsswitch_is_last_of_passwd(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nsswitch__each_file__is_edited_and_restored),
		cmocka_unit_test(test_nsswitch__words_by_hand__are_put_right),
		cmocka_unit_test(test_nsswitch_enable__no_place_for_us__says_why),
		cmocka_unit_test(test_nsswitch_enable__too_many_words__is_refused),
		cmocka_unit_test(test_nsswitch_disable__changed_meanwhile__takes_out_ours_alone),
		cmocka_unit_test(test_nsswitch_disable__a_line_it_cannot_read__is_left),
		cmocka_unit_test(test_nsswitch_is_last__glibc_takes_the_last_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
