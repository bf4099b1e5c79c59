/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/audit.h"

static const struct salt salt = {.key = "0123456789abcde"};
static const struct salt other_salt = {.key = "fedcba987654321"};

static void test_audit_format__known_user__every_field(void **state)
{
	const struct audit_line line = {.event = AUDIT_SIGN_IN_OK,
		.user = "ada",
		.user_known = true,
		.salt = &salt,
		.service = "sshd",
		.rhost = "192.0.2.7",
		.tty = "ssh",
		.has_uid = true,
		.uid = 1879049000,
		.ruid = 1000,
		.roles = "developer,admin",
		.enrolled = true};
	char text[AUDIT_MAX_LINE_BYTES] = "";

	(void)state;
	audit_format(&line, text, sizeof(text));
	assert_string_equal(text,
		"event=sign_in_ok user=ada reason=ok service=sshd rhost=192.0.2.7 tty=ssh "
		"uid=1879049000 ruid=1000 roles=\"developer,admin\" enrolled=yes");
}

static void test_audit_format__rebind__both_subjects(void **state)
{
	char long_sub[512] = "";
	char text[AUDIT_MAX_LINE_BYTES] = "";
	struct audit_line line = {.event = AUDIT_REBIND_DONE,
		.user = "ada",
		.user_known = true,
		.old_subject = "1000",
		.subject = "a b\nevent=sign_in_ok"};

	(void)state;
	audit_format(&line, text, sizeof(text));
	assert_string_equal(text, "event=rebind_done user=ada reason=ok old_subject=1000 "
				  "subject=\"a b?event=sign_in_ok\"");
	memset(long_sub, 'x', sizeof(long_sub) - 1);
	line.old_subject = line.subject = long_sub;
	audit_format(&line, text, sizeof(text));
	assert_non_null(strstr(strstr(text, " old_subject=") + 1, " subject="));
}

static void test_audit_format__unknown_user__hash_alone(void **state)
{
	struct audit_line line = {.event = AUDIT_SIGN_IN_REFUSED,
		.reason = COSMO_E_OTHER_USER,
		.user = "hunter2secret",
		.salt = &salt,
		.service = "sshd",
		.approved_by = "eve"};
	char text[AUDIT_MAX_LINE_BYTES] = "";
	char again[AUDIT_MAX_LINE_BYTES] = "";
	char salted[AUDIT_MAX_LINE_BYTES] = "";

	(void)state;
	audit_format(&line, text, sizeof(text));
	assert_null(strstr(text, "hunter2"));
	assert_null(strstr(text, " user="));
	assert_non_null(strstr(text, "event=sign_in_refused name_hash="));
	assert_non_null(strstr(text, " reason=other_user service=sshd approved_by=eve"));
	audit_format(&line, again, sizeof(again));
	assert_string_equal(text, again);
	line.salt = &other_salt;
	audit_format(&line, salted, sizeof(salted));
	assert_string_not_equal(text, salted);
}

static void test_audit_format__unknown_user_without_salt__left_out(void **state)
{
	const struct audit_line line = {
		.event = AUDIT_SIGN_IN_CANCELLED, .reason = COSMO_E_CANCELLED, .user = "hunter2"};
	char text[AUDIT_MAX_LINE_BYTES] = "";

	(void)state;
	audit_format(&line, text, sizeof(text));
	assert_string_equal(text, "event=sign_in_cancelled reason=cancelled");
}

static void test_audit_format__hostile_text__one_line_one_field(void **state)
{
	const struct audit_line line = {.event = AUDIT_SIGN_IN_REFUSED,
		.reason = COSMO_E_DENIED,
		.user = "ada",
		.user_known = true,
		.rhost = "x\nevent=sign_in_ok user=root",
		.detail = "a\" uid=\"0\033[2J"};
	char text[AUDIT_MAX_LINE_BYTES] = "";

	(void)state;
	audit_format(&line, text, sizeof(text));
	assert_string_equal(text, "event=sign_in_refused user=ada reason=access_denied "
				  "rhost=\"x?event=sign_in_ok user=root\" "
				  "detail=\"a? uid=?0?[2J\"");
}

static void test_audit_event_id__every_event__distinct(void **state)
{
	(void)state;
	for (int i = 0; i <= AUDIT_CONNECT; i++)
		for (int k = i + 1; k <= AUDIT_CONNECT; k++)
			assert_string_not_equal(audit_event_id((enum audit_event)i),
				audit_event_id((enum audit_event)k));
}

/* case: message: each failure has its own sentence, and its own word in the log */
static void test_audit_format__each_failure__own_sentence_and_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++) {
		const enum cosmo_err err = (enum cosmo_err)i;
		const struct audit_line line = {.event = AUDIT_SIGN_IN_REFUSED, .reason = err};
		char text[AUDIT_MAX_LINE_BYTES] = "";
		char wanted[128] = "";

		print_message("%s\n", cosmo_err_id(err));
		audit_format(&line, text, sizeof(text));
		(void)snprintf(wanted, sizeof(wanted), "event=sign_in_refused reason=%s",
			cosmo_err_id(err));
		assert_string_equal(text, wanted);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(cosmo_err_id(err), cosmo_err_id((enum cosmo_err)k));
			/* these two are no ends, and told to nobody */
			if (err == COSMO_E_SLOW_DOWN && k == COSMO_E_PENDING)
				continue;
			assert_string_not_equal(
				cosmo_err_text(err), cosmo_err_text((enum cosmo_err)k));
		}
	}
}

static void test_salt_hash__same_text_in_two_roles__two_hashes(void **state)
{
	(void)state;
	assert_true(salt_hash(&salt, SALT_USER, "ada") == salt_hash(&salt, SALT_USER, "ada"));
	assert_true(salt_hash(&salt, SALT_USER, "ada") != salt_hash(&salt, SALT_SOURCE, "ada"));
	assert_true(salt_hash(&salt, SALT_USER, "ada") != salt_hash(&salt, SALT_USER, "ada2"));
}

/* The log: how long each line waited for it, of the time it was allowed. */
static int64_t clock_ms;
static int64_t each_waits_ms;
static int64_t allowed_ms;

int64_t __wrap_fdio_boot_ms(void);
bool __wrap_log_send(const char *ident, int priority, const char *line, int64_t wait_ms);

int64_t __wrap_fdio_boot_ms(void)
{
	return clock_ms;
}

bool __wrap_log_send(const char *ident, int priority, const char *line, int64_t wait_ms)
{
	int64_t waits_ms = wait_ms < 0 ? 0 : wait_ms;

	assert_string_equal(ident, "cosmo-sso");
	assert_int_equal(priority, LOG_NOTICE);
	assert_string_equal(line, "event=session_ended reason=ok");
	allowed_ms = waits_ms;
	clock_ms += each_waits_ms < waits_ms ? each_waits_ms : waits_ms;
	return each_waits_ms <= waits_ms;
}

static void test_audit_send__log_that_is_full__all_lines_wait_no_longer_than_one(void **state)
{
	const struct audit_line line = {.event = AUDIT_SESSION_ENDED};
	int64_t began_ms = clock_ms;

	(void)state;
	audit_send(&line);
	assert_int_equal(allowed_ms, AUDIT_WAIT_MS);
	each_waits_ms = AUDIT_WAIT_MS * 2 / 5;
	for (unsigned int i = 0; i < 5; i++)
		audit_send(&line);
	assert_int_equal(audit_lost(), 3);
	assert_int_equal(allowed_ms, 0);
	assert_int_equal(clock_ms - began_ms, AUDIT_WAIT_MS);
	each_waits_ms = 0;
	audit_send(&line);
	assert_int_equal(audit_lost(), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audit_format__known_user__every_field),
		cmocka_unit_test(test_audit_format__rebind__both_subjects),
		cmocka_unit_test(test_audit_format__unknown_user__hash_alone),
		cmocka_unit_test(test_audit_format__unknown_user_without_salt__left_out),
		cmocka_unit_test(test_audit_format__hostile_text__one_line_one_field),
		cmocka_unit_test(test_audit_event_id__every_event__distinct),
		cmocka_unit_test(test_audit_format__each_failure__own_sentence_and_word),
		cmocka_unit_test(test_salt_hash__same_text_in_two_roles__two_hashes),
		cmocka_unit_test(
			test_audit_send__log_that_is_full__all_lines_wait_no_longer_than_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
