/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/module/ours.h"

#define UID 0x70000500U

/* getpwnam's fields are not const. */
static char star[] = "*", locked[] = "x", name[] = "ada", empty[] = "", home[] = "/home/ada",
	    shell[] = "/bin/bash", zsh[] = "/bin/zsh";

static const struct users_db_user record = {
	.name = "ada",
	.home = "/home/ada",
	.shell = "/bin/bash",
	.uid = UID,
	.gid = UID,
};

static struct passwd ours_entry(void)
{
	return (struct passwd){.pw_name = name,
		.pw_passwd = star,
		.pw_uid = UID,
		.pw_gid = UID,
		.pw_gecos = empty,
		.pw_dir = home,
		.pw_shell = shell};
}

static struct passwd local_entry(void)
{
	return (struct passwd){.pw_name = name,
		.pw_passwd = locked,
		.pw_uid = 1000,
		.pw_gid = 1000,
		.pw_gecos = empty,
		.pw_dir = home,
		.pw_shell = shell};
}

static struct ours_facts facts_of(
	enum passwd_answer answer, const struct passwd *entry, enum cosmo_err record_err)
{
	return (struct ours_facts){
		.answer = answer,
		.entry = entry,
		.record_err = record_err,
		.record = &record,
		.provisional_err = COSMO_E_NOT_FOUND,
		.provisional = &record,
		.enrol_err = COSMO_E_ENROLL_OFF,
	};
}

static enum cosmo_err decide(const struct ours_facts *facts, struct ours *ret)
{
	*ret = (struct ours){.kind = OURS_NEW};
	return ours_decide(facts, ret);
}

static void test_ours_decide__enrolled__whoever_answers(void **state)
{
	struct passwd ours = ours_entry();
	struct passwd local = local_entry();
	struct passwd same_uid = ours_entry();
	struct ours_facts facts = facts_of(PASSWD_KNOWN, &ours, COSMO_OK);
	struct ours who;

	(void)state;
	assert_int_equal(decide(&facts, &who), COSMO_OK);
	assert_int_equal(who.kind, OURS_ENROLLED);
	assert_int_equal(who.user.uid, UID);

	facts = facts_of(PASSWD_UNKNOWN, &ours, COSMO_OK);
	assert_int_equal(decide(&facts, &who), COSMO_OK);
	facts = facts_of(PASSWD_UNSURE, &ours, COSMO_OK);
	assert_int_equal(decide(&facts, &who), COSMO_OK);

	facts = facts_of(PASSWD_KNOWN, &local, COSMO_OK);
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	/* A copy of our entry in /etc/passwd that has got a password. */
	same_uid.pw_passwd = locked;
	facts = facts_of(PASSWD_KNOWN, &same_uid, COSMO_OK);
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	same_uid = ours_entry();
	same_uid.pw_gid = 100;
	facts = facts_of(PASSWD_KNOWN, &same_uid, COSMO_OK);
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
}

/* The plugin holds back what differs from the entry that sshd has frozen. */
static void test_ours_decide__enrolled_meanwhile__not_with_what_sshd_froze(void **state)
{
	struct ours_facts facts = facts_of(PASSWD_UNSURE, NULL, COSMO_OK);
	struct passwd ours = ours_entry();
	struct ours who;

	(void)state;
	facts.is_sshd = true;
	assert_int_equal(decide(&facts, &who), COSMO_E_LOGIN_AGAIN);
	facts = facts_of(PASSWD_KNOWN, &ours, COSMO_OK);
	facts.is_sshd = true;
	assert_int_equal(decide(&facts, &who), COSMO_OK);
	assert_int_equal(who.kind, OURS_ENROLLED);
}

static void test_ours_decide__known_elsewhere__not_ours_whatever_our_files_say(void **state)
{
	static const enum cosmo_err errors[] = {COSMO_E_NOT_FOUND, COSMO_E_STORE_MISSING,
		COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE, COSMO_E_MACHINE, COSMO_E_BUSY,
		COSMO_E_NOMEM};
	struct passwd local = local_entry();
	struct ours who;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(errors); i++) {
		struct ours_facts facts = facts_of(PASSWD_KNOWN, &local, errors[i]);

		facts.enrol_err = COSMO_OK;
		facts.provisional_err = COSMO_OK;
		assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	}
}

/* case: account: an entry of ours out of a cache is refused while users.db cannot be read, in
 * whatever range its uid lies */
/* case: account: an entry of another source is not ours, whatever its form and uid, while users.db
 * cannot be read */
static void test_ours_decide__store_unreadable__never_lets_one_of_ours_pass(void **state)
{
	static const enum cosmo_err errors[] = {
		COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE, COSMO_E_MACHINE, COSMO_E_BUSY};
	struct passwd stale = ours_entry();
	struct ours who;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(errors); i++) {
		struct ours_facts facts = facts_of(PASSWD_KNOWN, &stale, errors[i]);

		assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
		facts.origin = ORIGIN_UNSURE;
		assert_int_equal(decide(&facts, &who), errors[i]);
		facts.origin = ORIGIN_OURS;
		assert_int_equal(decide(&facts, &who), errors[i]);
		facts = facts_of(PASSWD_UNKNOWN, NULL, errors[i]);
		assert_int_equal(decide(&facts, &who), errors[i]);
		facts = facts_of(PASSWD_UNSURE, NULL, errors[i]);
		assert_int_equal(decide(&facts, &who), errors[i]);
	}
}

/* case: account: an entry of ours out of a cache is refused while users.db is missing */
static void test_ours_decide__store_missing__only_what_the_register_knows_is_ours(void **state)
{
	struct passwd stale = ours_entry();
	struct ours_facts facts = facts_of(PASSWD_KNOWN, &stale, COSMO_E_STORE_MISSING);
	struct ours who;

	(void)state;
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	facts.origin = ORIGIN_UNSURE;
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	facts.origin = ORIGIN_OURS;
	assert_int_equal(decide(&facts, &who), COSMO_E_STORE_MISSING);
}

/* case: account: what sshd was shown of a newcomer a moment ago is refused once it does not hold */
static void test_ours_decide__provisional_withdrawn__refused_with_the_reason(void **state)
{
	static const struct {
		enum cosmo_err provisional_err;
		enum cosmo_err expected;
	} cases[] = {
		{COSMO_E_DISCONNECTED, COSMO_E_DISCONNECTED},
		{COSMO_E_ENROLL_OFF, COSMO_E_ENROLL_OFF},
		{COSMO_E_NAME_RESERVED, COSMO_E_NAME_RESERVED},
		{COSMO_E_IO, COSMO_E_IO},
		{COSMO_E_EXISTS, COSMO_E_LOGIN_AGAIN}, /* enrolled by another connection */
		{COSMO_OK, COSMO_E_LOGIN_AGAIN},       /* another uid by now */
		{COSMO_E_NOT_FOUND, COSMO_E_LOGIN_AGAIN},
	};
	struct passwd entry = ours_entry();
	struct ours who;

	(void)state;
	entry.pw_shell = zsh;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		struct ours_facts facts = facts_of(PASSWD_KNOWN, &entry, COSMO_E_NOT_FOUND);

		facts.is_sshd = true;
		facts.provisional_err = cases[i].provisional_err;
		facts.origin = ORIGIN_OURS;
		assert_int_equal(decide(&facts, &who), cases[i].expected);
		facts.origin = ORIGIN_UNSURE;
		assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
		facts.origin = ORIGIN_OTHER;
		assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	}
}

static void test_ours_decide__unknown_name__new_only_where_enrolment_allows(void **state)
{
	struct ours_facts facts = facts_of(PASSWD_UNKNOWN, NULL, COSMO_E_NOT_FOUND);
	struct ours who;

	(void)state;
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	facts.enrol_err = COSMO_OK;
	assert_int_equal(decide(&facts, &who), COSMO_OK);
	assert_int_equal(who.kind, OURS_NEW);
	/* LDAP is down: the name may be its. */
	facts.answer = PASSWD_UNSURE;
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
}

static void test_ours_decide__provisional__only_if_every_field_is(void **state)
{
	struct passwd entry = ours_entry();
	struct ours_facts facts = facts_of(PASSWD_KNOWN, &entry, COSMO_E_NOT_FOUND);
	struct ours who;

	(void)state;
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	facts.provisional_err = COSMO_OK;
	assert_int_equal(decide(&facts, &who), COSMO_OK);
	assert_int_equal(who.kind, OURS_PROVISIONAL);
	assert_int_equal(who.user.uid, UID);
	entry.pw_shell = zsh;
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
	entry = ours_entry();
	entry.pw_uid++;
	assert_int_equal(decide(&facts, &who), COSMO_E_NOT_OURS);
}

static enum cosmo_err decide_uid(const struct ours_facts *facts, struct ours *ret)
{
	*ret = (struct ours){.kind = OURS_NEW};
	return ours_decide_uid(facts, ret);
}

/* case: console: whoever calls su or sudo is ours by his uid, unless another source of names has it
 */
static void test_ours_decide_uid__enrolled__unless_another_source_has_it(void **state)
{
	static char other[] = "bob";
	struct passwd ours = ours_entry();
	struct passwd renamed = ours_entry();
	struct passwd local = ours_entry();
	struct ours_facts facts = facts_of(PASSWD_KNOWN, &ours, COSMO_OK);
	struct ours who;

	(void)state;
	assert_int_equal(decide_uid(&facts, &who), COSMO_OK);
	assert_int_equal(who.kind, OURS_ENROLLED);
	assert_string_equal(who.user.name, "ada");
	/* Removed, or not to be told at the moment: the record alone counts. */
	facts = facts_of(PASSWD_UNKNOWN, NULL, COSMO_OK);
	assert_int_equal(decide_uid(&facts, &who), COSMO_OK);
	facts = facts_of(PASSWD_UNSURE, NULL, COSMO_OK);
	assert_int_equal(decide_uid(&facts, &who), COSMO_OK);
	renamed.pw_name = other;
	facts = facts_of(PASSWD_KNOWN, &renamed, COSMO_OK);
	assert_int_equal(decide_uid(&facts, &who), COSMO_E_NOT_OURS);
	local.pw_passwd = locked;
	facts = facts_of(PASSWD_KNOWN, &local, COSMO_OK);
	assert_int_equal(decide_uid(&facts, &who), COSMO_E_NOT_OURS);
}

/* case: console: while users.db cannot be read, a caller of su or sudo whom another source of names
 * has goes on, and one whom nobody knows is refused */
static void test_ours_decide_uid__store_unreadable__only_others_pass(void **state)
{
	static const enum cosmo_err errors[] = {COSMO_E_STORE_MISSING, COSMO_E_STORE_DAMAGED,
		COSMO_E_UNSAFE_FILE, COSMO_E_MACHINE, COSMO_E_BUSY};
	struct passwd local = local_entry();
	struct passwd ours = ours_entry();
	struct ours who;

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(errors); i++) {
		struct ours_facts facts = facts_of(PASSWD_KNOWN, &local, errors[i]);

		assert_int_equal(decide_uid(&facts, &who), COSMO_E_NOT_OURS);
		facts.entry = &ours;
		facts.origin = ORIGIN_OURS;
		assert_int_equal(decide_uid(&facts, &who), errors[i]);
		facts.origin = ORIGIN_UNSURE;
		assert_int_equal(decide_uid(&facts, &who), errors[i]);
		facts = facts_of(PASSWD_UNKNOWN, NULL, errors[i]);
		assert_int_equal(decide_uid(&facts, &who), errors[i]);
		facts = facts_of(PASSWD_UNSURE, NULL, errors[i]);
		assert_int_equal(decide_uid(&facts, &who), errors[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ours_decide_uid__enrolled__unless_another_source_has_it),
		cmocka_unit_test(test_ours_decide_uid__store_unreadable__only_others_pass),
		cmocka_unit_test(test_ours_decide__enrolled__whoever_answers),
		cmocka_unit_test(test_ours_decide__enrolled_meanwhile__not_with_what_sshd_froze),
		cmocka_unit_test(
			test_ours_decide__known_elsewhere__not_ours_whatever_our_files_say),
		cmocka_unit_test(test_ours_decide__store_unreadable__never_lets_one_of_ours_pass),
		cmocka_unit_test(
			test_ours_decide__store_missing__only_what_the_register_knows_is_ours),
		cmocka_unit_test(test_ours_decide__provisional_withdrawn__refused_with_the_reason),
		cmocka_unit_test(test_ours_decide__unknown_name__new_only_where_enrolment_allows),
		cmocka_unit_test(test_ours_decide__provisional__only_if_every_field_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
