/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <security/pam_modules.h>

#include "common/base/auto.h"
#include "common/pam_result.h"

#define FOR_EACH_FAILURE(err)                                                                      \
	for (enum cosmo_err err = COSMO_OK + 1; (size_t)err < cosmo_err_count(); err++)

static const int refusals[] = {PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_USER_UNKNOWN, PAM_ACCT_EXPIRED,
	PAM_CONV_ERR, PAM_CRED_INSUFFICIENT};

static int is_refusal(int code)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(refusals); i++)
		if (refusals[i] == code)
			return 1;
	return 0;
}

static void test_pam_result__ok__is_success_in_each_phase(void **state)
{
	(void)state;
	assert_int_equal(pam_result(PHASE_AUTHENTICATE, COSMO_OK, false), PAM_SUCCESS);
	assert_int_equal(pam_result(PHASE_AUTHENTICATE, COSMO_OK, true), PAM_SUCCESS);
	assert_int_equal(pam_result(PHASE_ACCOUNT, COSMO_OK, true), PAM_SUCCESS);
	assert_int_equal(pam_result(PHASE_SETCRED, COSMO_OK, true), PAM_SUCCESS);
	assert_int_equal(pam_result(PHASE_OPEN_SESSION, COSMO_OK, true), PAM_SUCCESS);
	assert_int_equal(pam_result(PHASE_CLOSE_SESSION, COSMO_OK, true), PAM_SUCCESS);
}

static void test_pam_result__any_failure__is_never_success_nor_half_of_it(void **state)
{
	(void)state;
	FOR_EACH_FAILURE(err)
	{
		for (int sshd = 0; sshd <= 1; sshd++) {
			int account = pam_result(PHASE_ACCOUNT, err, sshd);

			assert_int_not_equal(
				pam_result(PHASE_AUTHENTICATE, err, sshd), PAM_SUCCESS);
			assert_int_not_equal(account, PAM_SUCCESS);
			assert_int_not_equal(account, PAM_IGNORE);
			assert_int_not_equal(account, PAM_NEW_AUTHTOK_REQD);
			assert_int_equal(pam_result(PHASE_SETCRED, err, sshd), PAM_CRED_ERR);
			assert_int_equal(
				pam_result(PHASE_OPEN_SESSION, err, sshd), PAM_SESSION_ERR);
			assert_int_equal(pam_result(PHASE_CLOSE_SESSION, err, sshd), PAM_SUCCESS);
			assert_int_equal(pam_result(PHASE_PASSWORD, err, sshd), PAM_PERM_DENIED);
		}
	}
}

/* case: conversation: in sshd every failure is PAM_MAXTRIES, so that the client does not try again
 * by itself */
static void test_pam_result__sshd__ends_all_tries(void **state)
{
	(void)state;
	FOR_EACH_FAILURE(err)
	assert_int_equal(pam_result(PHASE_AUTHENTICATE, err, true),
		err == COSMO_E_NOT_OURS ? PAM_IGNORE : PAM_MAXTRIES);
}

static void test_pam_result__not_sshd__tells_classes_apart(void **state)
{
	(void)state;
	FOR_EACH_FAILURE(err)
	{
		int code = pam_result(PHASE_AUTHENTICATE, err, false);

		switch (cosmo_err_class(err)) {
		case COSMO_CLASS_OK:
			fail_msg("%s is of class OK", cosmo_err_id(err));
			break;
		case COSMO_CLASS_DENIED:
			assert_true(is_refusal(code));
			assert_true(is_refusal(pam_result(PHASE_ACCOUNT, err, false)));
			break;
		case COSMO_CLASS_UNREACHABLE:
			assert_int_equal(code, PAM_AUTHINFO_UNAVAIL);
			break;
		case COSMO_CLASS_MISCONFIGURED:
			assert_int_equal(code, PAM_SERVICE_ERR);
			break;
		case COSMO_CLASS_BUSY:
			assert_int_equal(code, PAM_MAXTRIES);
			break;
		case COSMO_CLASS_INTERNAL:
			if (err != COSMO_E_NOMEM && err != COSMO_E_NOT_ROOT)
				assert_int_equal(code, PAM_SYSTEM_ERR);
			break;
		case COSMO_CLASS_NOT_OURS:
			assert_int_equal(code, PAM_IGNORE);
			break;
		}
	}
}

static void test_pam_result__particular_codes__as_documented(void **state)
{
	static const struct {
		enum cosmo_err err;
		int authenticate, account;
	} rows[] = {
		{COSMO_E_NOMEM, PAM_BUF_ERR, PAM_BUF_ERR},
		{COSMO_E_NOT_ROOT, PAM_CRED_INSUFFICIENT, PAM_PERM_DENIED},
		{COSMO_E_NO_PROMPT, PAM_CONV_ERR, PAM_PERM_DENIED},
		{COSMO_E_LOCKED, PAM_PERM_DENIED, PAM_ACCT_EXPIRED},
		{COSMO_E_REMOVED, PAM_USER_UNKNOWN, PAM_ACCT_EXPIRED},
		{COSMO_E_NOT_ENROLLED, PAM_USER_UNKNOWN, PAM_USER_UNKNOWN},
		{COSMO_E_LOGIN_AGAIN, PAM_AUTH_ERR, PAM_AUTH_ERR},
		{COSMO_E_SERVICE, PAM_PERM_DENIED, PAM_PERM_DENIED},
		{COSMO_E_DENIED, PAM_AUTH_ERR, PAM_PERM_DENIED},
		{COSMO_E_NOT_OURS, PAM_IGNORE, PAM_PERM_DENIED},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", cosmo_err_id(rows[i].err));
		assert_int_equal(
			pam_result(PHASE_AUTHENTICATE, rows[i].err, false), rows[i].authenticate);
		assert_int_equal(pam_result(PHASE_ACCOUNT, rows[i].err, false), rows[i].account);
	}
}

static void test_pam_result_name__each_result__has_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++)
		for (int phase = PHASE_AUTHENTICATE; phase <= PHASE_PASSWORD; phase++) {
			enum cosmo_err err = (enum cosmo_err)i;
			enum pam_phase asked = (enum pam_phase)phase;

			assert_non_null(pam_result_name(pam_result(asked, err, false)));
			assert_non_null(pam_result_name(pam_result(asked, err, true)));
		}
	assert_string_equal(pam_result_name(PAM_SUCCESS), "PAM_SUCCESS");
	assert_null(pam_result_name(PAM_NEW_AUTHTOK_REQD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pam_result__ok__is_success_in_each_phase),
		cmocka_unit_test(test_pam_result__any_failure__is_never_success_nor_half_of_it),
		cmocka_unit_test(test_pam_result__sshd__ends_all_tries),
		cmocka_unit_test(test_pam_result__not_sshd__tells_classes_apart),
		cmocka_unit_test(test_pam_result__particular_codes__as_documented),
		cmocka_unit_test(test_pam_result_name__each_result__has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
