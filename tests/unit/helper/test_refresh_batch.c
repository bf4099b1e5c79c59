/* SPDX-License-Identifier: MIT */
/* Several users refreshed together, where new tokens cannot be stored as they come: nobody waits
 * for another one's token, and no token is given up before it was tried for again. The IdP is
 * played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/refresh_ask.h"
#include "pam_cosmo_sso/helper/refresh_batch.h"
#include "pam_cosmo_sso/helper/refresh_due.h"
#include "pam_cosmo_sso/helper/refresh_newer.h"
#include "pam_cosmo_sso/helper/refresh_turn.h"
#include "tests/unit/store/store_fixture.h"

#define ISSUER "https://idp.example"
#define HOUR_S 3600

static char issuer[] = ISSUER;

/* What was done, in its order: each with a blank behind it. */
static char done[512];

static void note(const char *what, const char *user)
{
	size_t used = strlen(done);

	(void)snprintf(done + used, sizeof(done) - used, "%s-%s ", what, user);
}

/* Somebody else has the lock, for so many tries. */
static int tries_in_vain;

enum cosmo_err __real_store_lock(struct store *store, int64_t timeout_ms);
enum cosmo_err __wrap_store_lock(struct store *store, int64_t timeout_ms);

enum cosmo_err __wrap_store_lock(struct store *store, int64_t timeout_ms)
{
	if (tries_in_vain > 0) {
		tries_in_vain--;
		return COSMO_E_BUSY;
	}
	return __real_store_lock(store, timeout_ms);
}

/* A clock that goes on with each look at it. */
int64_t __real_fdio_boot_ms(void);
int64_t __wrap_fdio_boot_ms(void);

int64_t __wrap_fdio_boot_ms(void)
{
	static int64_t looks = 0;

	return __real_fdio_boot_ms() + ++looks;
}

enum cosmo_err __wrap_refresh_ask_begin(struct refresh_ask *ask);

enum cosmo_err __wrap_refresh_ask_begin(struct refresh_ask *ask)
{
	(void)ask;
	return COSMO_OK;
}

/* The IdP gives "second", which cannot be stored at once, and has no other word. */
enum cosmo_err __wrap_refresh_ask_next(
	struct refresh_ask *ask, int64_t until_boot_ms, struct message **ret, bool *ret_is_over);

enum cosmo_err __wrap_refresh_ask_next(
	struct refresh_ask *ask, int64_t until_boot_ms, struct message **ret, bool *ret_is_over)
{
	COSMO_AUTO(message_free) struct message *token = NULL;

	(void)until_boot_ms;
	(void)ret;
	*ret_is_over = false;
	assert_int_equal(message_new(MESSAGE_JUDGE_TOKEN, &token), COSMO_OK);
	message_put_bytes(token, FIELD_REFRESH_TOKEN, "second", 6);
	tries_in_vain = 1;
	assert_int_equal(refresh_newer_store(ask->exchange, ask->asked, token), COSMO_E_BUSY);
	return COSMO_E_IDP_DROPPED;
}

void __wrap_refresh_ask_learn(const struct refresh_ask *ask, enum cosmo_err ended);

void __wrap_refresh_ask_learn(const struct refresh_ask *ask, enum cosmo_err ended)
{
	(void)ask;
	(void)ended;
}

const char *__wrap_judge_detail(const struct judge *judge);

const char *__wrap_judge_detail(const struct judge *judge)
{
	(void)judge;
	return NULL;
}

void __wrap_refresh_ask_revoke(const struct exchange *exchange, const struct cosmo_secret *token);

void __wrap_refresh_ask_revoke(const struct exchange *exchange, const struct cosmo_secret *token)
{
	assert_string_equal(secret_peek(token), "second");
	note("revoke", exchange->user);
}

void __real_refresh_turn_tell(int turn_fd, enum cosmo_err err);
void __wrap_refresh_turn_tell(int turn_fd, enum cosmo_err err);

void __wrap_refresh_turn_tell(int turn_fd, enum cosmo_err err)
{
	note("tell", cosmo_err_id(err));
	__real_refresh_turn_tell(turn_fd, err);
}

/* What a try comes to instead, and until when each went on that was not over at once. */
static enum cosmo_err again_fails;
static int64_t deadlines[4];
static size_t deadline_count;

enum cosmo_err __real_refresh_newer_again(
	struct exchange *exchange, struct refresh_sign_in *asked, int64_t deadline_boot_ms);
enum cosmo_err __wrap_refresh_newer_again(
	struct exchange *exchange, struct refresh_sign_in *asked, int64_t deadline_boot_ms);

enum cosmo_err __wrap_refresh_newer_again(
	struct exchange *exchange, struct refresh_sign_in *asked, int64_t deadline_boot_ms)
{
	bool is_short = deadline_boot_ms <= fdio_boot_ms();

	note(is_short ? "once" : "again", exchange->user);
	if (!is_short && deadline_count < COSMO_ARRAY_LEN(deadlines))
		deadlines[deadline_count++] = deadline_boot_ms;
	return again_fails ? again_fails
			   : __real_refresh_newer_again(exchange, asked, deadline_boot_ms);
}

static void enrol(struct fixture *fixture, const struct integration *integration, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	memcpy(record->integration, integration->id, INTEGRATION_BYTES);
	record->signed_in_s = record->confirmed_s = fdio_now_s() - HOUR_S;
	assert_int_equal(secret_new("first", 5, &record->refresh_token), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

/* ada and bob have signed in an hour ago, and are asked about together. */
static void begin(void **state, struct refresh_batch *batch)
{
	static const struct integration_partner partner = {
		.issuer = ISSUER, .client_id = "client", .offline_access = true};
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct fixture *fixture = fixture_of(state);

	fixture->config.issuer = issuer;
	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	refresh_batch_init(batch, fixture->store, &fixture->config);
	for (size_t i = 0; i < 2; i++) {
		enrol(fixture, integration, i ? "bob" : "ada");
		assert_true(refresh_batch_add(batch, i ? "bob" : "ada", 0, REFRESH_ALWAYS_DUE));
	}
	refresh_batch_begin(batch);
	done[0] = '\0';
	deadline_count = 0;
	again_fails = COSMO_OK;
	for (size_t i = 0; i < 2; i++) {
		assert_true(batch->members[i].is_due);
		assert_true(refresh_batch_ask(batch, i));
		assert_int_equal(batch->members[i].end, REFRESH_OUTAGE);
		assert_non_null(batch->members[i].asked.newer);
	}
	/* Whoever waits for one of them has been told, before anything is tried again. */
	assert_string_equal(done, "tell-idp_dropped tell-idp_dropped ");
	done[0] = '\0';
}

static bool is_taken(const struct refresh_batch *batch, const char *user)
{
	COSMO_AUTO_FD int fd = -1;

	return refresh_turn_try(batch->store, user, &fd) == COSMO_E_BUSY;
}

static void assert_token(const struct refresh_batch *batch, const char *user, const char *token)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	assert_int_equal(record_load(batch->store, user, &record), COSMO_OK);
	assert_string_equal(secret_peek(record->refresh_token), token);
}

/* case: refresh: of several together, those wait for nobody whose new token cannot be stored yet */
static void test_refresh_batch__tokens_not_stored__are_tried_for_when_all_have_been_told(
	void **state)
{
	struct refresh_batch batch;

	begin(state, &batch);
	/* Nobody is to show a token that was spent. */
	assert_true(is_taken(&batch, "ada") && is_taken(&batch, "bob"));
	tries_in_vain = 1;
	refresh_batch_settle(&batch);
	assert_string_equal(done, "once-ada once-bob again-ada ");
	assert_token(&batch, "ada", "second");
	assert_token(&batch, "bob", "second");
	assert_false(is_taken(&batch, "ada") || is_taken(&batch, "bob"));
	refresh_batch_done(&batch);
}

static void test_refresh_batch__tokens_cannot_be_stored__have_one_deadline_together(void **state)
{
	struct refresh_batch batch;

	begin(state, &batch);
	again_fails = COSMO_E_IO;
	refresh_batch_settle(&batch);
	assert_string_equal(done, "once-ada once-bob again-ada again-bob ");
	assert_int_equal(deadline_count, 2);
	assert_int_equal(deadlines[0], deadlines[1]);
	assert_true(deadlines[0] <= fdio_boot_ms() + REFRESH_NEWER_AGAIN_MS);
	assert_token(&batch, "ada", "first");
	assert_false(is_taken(&batch, "ada") || is_taken(&batch, "bob"));
	refresh_batch_done(&batch);
}

static void test_refresh_batch__signed_out_meanwhile__tokens_are_revoked_last(void **state)
{
	struct refresh_batch batch;

	begin(state, &batch);
	again_fails = COSMO_E_SIGNED_OUT;
	refresh_batch_settle(&batch);
	assert_string_equal(done, "once-ada once-bob revoke-ada revoke-bob ");
	assert_false(is_taken(&batch, "ada") || is_taken(&batch, "bob"));
	refresh_batch_done(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(
			test_refresh_batch__tokens_not_stored__are_tried_for_when_all_have_been_told),
		WITH_READY_FIXTURE(
			test_refresh_batch__tokens_cannot_be_stored__have_one_deadline_together),
		WITH_READY_FIXTURE(
			test_refresh_batch__signed_out_meanwhile__tokens_are_revoked_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
