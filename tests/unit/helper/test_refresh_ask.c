/* SPDX-License-Identifier: MIT */
/* Which token that nobody has is revoked, and above all which one is not. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/refresh_ask.h"
#include "tests/unit/store/store_fixture.h"

/* How often the IdP would have been asked to. */
static int asked;

enum cosmo_err __wrap_judge_start(const struct config *config, struct judge **ret);

enum cosmo_err __wrap_judge_start(const struct config *config, struct judge **ret)
{
	(void)config;
	(void)ret;
	asked++;
	return COSMO_E_SPAWN;
}

static bool is_revoked(struct fixture *fixture, const char *text)
{
	struct exchange exchange = {
		.store = fixture->store, .user = "ada", .config = &fixture->config};
	struct cosmo_secret *token = NULL;

	asked = 0;
	assert_int_equal(secret_new(text, strlen(text), &token), COSMO_OK);
	refresh_ask_revoke(&exchange, token);
	secret_free(token);
	return asked == 1;
}

static void give_token(struct fixture *fixture, struct record *record, const char *token)
{
	secret_free(COSMO_STEAL(&record->refresh_token));
	if (token)
		assert_int_equal(
			secret_new(token, strlen(token), &record->refresh_token), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static void damage_record(struct fixture *fixture)
{
	COSMO_AUTO_FD int fd = openat(store_folder_fd(fixture->store, STORE_USERS), "ada",
		O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
}

/* case: refresh: a token that the user's record holds is not revoked for a sign-in that is no more
 */
static void test_refresh_ask_revoke__whose_token__only_nobodys(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	assert_true(is_revoked(fixture, "second")); /* of somebody who is no more */
	give_token(fixture, record, NULL);
	assert_true(is_revoked(fixture, "second"));
	give_token(fixture, record, "first");
	assert_true(is_revoked(fixture, "second"));
	give_token(fixture, record, "second");
	assert_false(is_revoked(fixture, "second"));
	/* whose it is cannot be told */
	damage_record(fixture);
	assert_false(is_revoked(fixture, "first"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_refresh_ask_revoke__whose_token__only_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
