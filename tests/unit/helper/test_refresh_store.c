/* SPDX-License-Identifier: MIT */
/* What a refresh writes, and that it writes nothing for a sign-in that is no more. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/refresh_newer.h"
#include "pam_cosmo_sso/helper/refresh_store.h"
#include "tests/unit/store/store_fixture.h"

#define ISSUER "https://idp.example"
#define HOUR_S 3600

static char issuer[] = ISSUER;

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

/* So many syncs of folders fail: what was renamed there is seen, and may be lost. */
static int syncs_in_vain;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
	struct stat st = {0};

	if (syncs_in_vain > 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		syncs_in_vain--;
		errno = EIO;
		return -1;
	}
	return __real_fsync(fd);
}

/* ada, a developer, has signed in an hour ago. */
struct ada {
	struct fixture *fixture;
	struct exchange exchange;
	struct refresh_sign_in asked;
};

static void ada_done(struct ada *ada)
{
	refresh_sign_in_done(&ada->asked);
}
#define ADA_AUTO __attribute__((cleanup(ada_done)))

static struct record *load(const struct ada *ada)
{
	struct record *record = NULL;

	assert_int_equal(record_load(ada->fixture->store, "ada", &record), COSMO_OK);
	return record;
}

static void save(const struct ada *ada, const struct record *record)
{
	assert_int_equal(commit_user(ada->fixture->store, &ada->fixture->config, record), COSMO_OK);
}

static void set_token(struct record *record, const char *token)
{
	secret_free(COSMO_STEAL(&record->refresh_token));
	if (token)
		assert_int_equal(
			secret_new(token, strlen(token), &record->refresh_token), COSMO_OK);
}

static void give_role(struct record *record, const char *role)
{
	for (uint32_t i = 0; i < record->role_count; i++)
		free(COSMO_STEAL(&record->roles[i]));
	record->roles[0] = strdup(role);
	record->role_count = 1;
}

static void enrol(struct ada *ada, const struct integration *integration)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(ada->fixture, "ada");

	memcpy(record->integration, integration->id, INTEGRATION_BYTES);
	record->signed_in_s = record->confirmed_s = fdio_now_s() - HOUR_S;
	record->auth_time_s = record->signed_in_s - 5;
	record->flags = 0;
	record->reason = COSMO_OK;
	give_role(record, "developer");
	set_token(record, "first");
	save(ada, record);
}

static void prepare(void **state, struct ada *ret)
{
	static const struct integration_partner partner = {
		.issuer = ISSUER, .client_id = "client", .offline_access = true};
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct fixture *fixture = fixture_of(state);

	fixture->config.issuer = issuer;
	fixture->config.refresh_after_s = HOUR_S / 4;
	*ret = (struct ada){.fixture = fixture,
		.exchange = {.store = fixture->store, .user = "ada", .config = &fixture->config}};
	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	enrol(ret, integration);
}

static void ask(struct ada *ada)
{
	bool is_due = false;

	refresh_sign_in_done(&ada->asked);
	assert_int_equal(refresh_store_asked(&ada->exchange, &ada->asked, &is_due), COSMO_OK);
	assert_true(is_due);
}

static enum cosmo_err take_token(struct ada *ada, const char *token, uint64_t expires_in_s)
{
	COSMO_AUTO(message_free) struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_JUDGE_TOKEN, &message), COSMO_OK);
	message_put_bytes(message, FIELD_REFRESH_TOKEN, token, strlen(token));
	if (expires_in_s)
		message_put_u64(message, FIELD_REFRESH_EXPIRES_IN_S, expires_in_s);
	return refresh_newer_store(&ada->exchange, &ada->asked, message);
}

static enum cosmo_err store_newer(struct ada *ada)
{
	return refresh_newer_again(
		&ada->exchange, &ada->asked, fdio_boot_ms() + REFRESH_NEWER_AGAIN_MS);
}

/* What the IdP says of ada: an admin. */
static struct identity identity_of_ada(void)
{
	return (struct identity){.issuer = ISSUER,
		.sub = "sub-of-ada",
		.username = "ada",
		.roles = {"admin"},
		.role_count = 1,
		.claim = CLAIM_PRESENT,
		.idp_time_s = fdio_now_s()};
}

static uint64_t shown_roles(const struct ada *ada)
{
	struct users_db_user user = {0};

	assert_int_equal(
		users_db_find_name(store_users_db(ada->fixture->store), "ada", &user), COSMO_OK);
	return user.roles;
}

static void test_refresh_store_asked__due__is_noted_durably_first(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;

	prepare(state, &ada);
	ask(&ada);
	assert_false(ada.asked.was_interrupted);
	record = load(&ada);
	assert_true(record->refresh_asked_s >= fdio_now_s() - 60);
	assert_string_equal(secret_peek(ada.asked.token), "first");
	/* of a try that nobody knows the end of */
	ask(&ada);
	assert_true(ada.asked.was_interrupted);
}

static void test_refresh_store_asked__not_due__writes_nothing(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;
	bool is_due = true;

	prepare(state, &ada);
	record = load(&ada);
	record->confirmed_s = fdio_now_s();
	save(&ada, record);
	assert_int_equal(refresh_store_asked(&ada.exchange, &ada.asked, &is_due), COSMO_OK);
	assert_false(is_due);
	record_free(COSMO_STEAL(&record));
	record = load(&ada);
	assert_int_equal(record->refresh_asked_s, 0);
}

/* case: refresh: a replaced refresh token is stored before it is known what the IdP says */
static void test_refresh_newer_store__new_one__takes_the_old_ones_place(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;

	prepare(state, &ada);
	ask(&ada);
	assert_int_equal(take_token(&ada, "second", 1800), COSMO_OK);
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "second");
	assert_true(record->refresh_expires_s > fdio_now_s() + 1700);
	assert_int_equal(record->refresh_asked_s, 0);
	assert_int_equal(record->confirmed_s, record->signed_in_s);
	assert_string_equal(record->roles[0], "developer");
	/* a second one in the same exchange is no matter either */
	assert_int_equal(take_token(&ada, "third", 0), COSMO_OK);
	record_free(COSMO_STEAL(&record));
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "third");
	assert_int_equal(record->refresh_expires_s, 0);
}

static void test_refresh_newer_store__no_token_a_record_could_hold__is_refused(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(message_free) struct message *message = NULL;
	COSMO_AUTO(record_free) struct record *record = NULL;

	prepare(state, &ada);
	ask(&ada);
	assert_int_equal(take_token(&ada, "", 0), COSMO_E_PROTOCOL);
	assert_int_equal(take_token(&ada, "t", UINT64_MAX), COSMO_E_PROTOCOL);
	assert_int_equal(message_new(MESSAGE_JUDGE_TOKEN, &message), COSMO_OK);
	message_put_bytes(message, FIELD_REFRESH_TOKEN, "a\0b", 3);
	assert_int_equal(refresh_newer_store(&ada.exchange, &ada.asked, message), COSMO_E_PROTOCOL);
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "first");
}

/* case: refresh: roles are replaced whole, and when and how the person signed in stays */
static void test_refresh_store_identity__yes__replaces_the_roles_alone(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *before = NULL;
	COSMO_AUTO(record_free) struct record *after = NULL;
	struct identity who = identity_of_ada();

	prepare(state, &ada);
	before = load(&ada);
	ask(&ada);
	assert_int_equal(refresh_store_identity(&ada.exchange, &ada.asked, &who), COSMO_OK);
	after = load(&ada);
	assert_int_equal(after->role_count, 1);
	assert_string_equal(after->roles[0], "admin");
	assert_int_equal(shown_roles(&ada), 1ULL << 2);
	assert_true(after->confirmed_s >= fdio_now_s() - 60);
	assert_int_equal(after->refresh_asked_s, 0);
	assert_int_equal(after->signed_in_s, before->signed_in_s);
	assert_int_equal(after->auth_time_s, before->auth_time_s);
	assert_string_equal(after->display_name, before->display_name);
	assert_string_equal(secret_peek(after->refresh_token), "first");
}

static void test_refresh_store_identity__token_was_not_stored__is_stored_with_it(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct identity who = identity_of_ada();

	prepare(state, &ada);
	ask(&ada);
	assert_int_equal(secret_new("second", 6, &ada.asked.newer), COSMO_OK);
	ada.asked.newer_expires_s = 77;
	assert_int_equal(refresh_store_identity(&ada.exchange, &ada.asked, &who), COSMO_OK);
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "second");
	assert_int_equal(record->refresh_expires_s, 77);
}

/* case: refresh: a new refresh token that could not be stored is tried for again by the helper */
static void test_refresh_newer_again__lock_was_held__is_stored_at_last(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;

	prepare(state, &ada);
	ask(&ada);
	tries_in_vain = 1;
	assert_int_equal(take_token(&ada, "second", 1800), COSMO_E_BUSY);
	assert_int_equal(tries_in_vain, 0);
	/* The IdP's other words do not make the first one good again. */
	refresh_store_unspent(&ada.exchange, &ada.asked);
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "first");
	assert_int_not_equal(record->refresh_asked_s, 0);
	tries_in_vain = 2;
	assert_int_equal(store_newer(&ada), COSMO_OK);
	assert_null(ada.asked.newer);
	record_free(COSMO_STEAL(&record));
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "second");
	assert_true(record->refresh_expires_s > fdio_now_s() + 1700);
	assert_int_equal(record->refresh_asked_s, 0);
	assert_int_equal(record->confirmed_s, record->signed_in_s);
}

static void test_refresh_newer_again__signed_out_meanwhile__stores_nothing(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;

	prepare(state, &ada);
	ask(&ada);
	tries_in_vain = 1;
	assert_int_equal(take_token(&ada, "second", 0), COSMO_E_BUSY);
	record = load(&ada);
	record->sign_outs++;
	save(&ada, record);
	assert_int_equal(store_newer(&ada), COSMO_E_SIGNED_OUT);
	assert_non_null(ada.asked.newer); /* to be revoked */
	record_free(COSMO_STEAL(&record));
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "first");
}

static void test_refresh_newer_again__there_but_not_durable__is_made_so(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;

	prepare(state, &ada);
	ask(&ada);
	syncs_in_vain = 1;
	assert_int_equal(take_token(&ada, "second", 0), COSMO_E_IO);
	assert_int_equal(syncs_in_vain, 0);
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "second");
	assert_int_equal(store_newer(&ada), COSMO_OK);
	assert_null(ada.asked.newer); /* nothing is to be revoked */
	record_free(COSMO_STEAL(&record));
	record = load(&ada);
	assert_string_equal(secret_peek(record->refresh_token), "second");
}

/* case: refresh: the IdP's clock bounds the confirmation, as at a sign-in */
static void test_refresh_store_identity__idp_clock_behind__confirms_no_later(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct identity who = identity_of_ada();

	prepare(state, &ada);
	ask(&ada);
	who.idp_time_s = fdio_now_s() - 10 * HOUR_S;
	assert_int_equal(refresh_store_identity(&ada.exchange, &ada.asked, &who), COSMO_OK);
	record = load(&ada);
	assert_int_equal(record->confirmed_s, who.idp_time_s + 300);
}

/* What the IdP may say that ends the person's roles. */
static void make_other_subject(struct ada *ada, struct identity *who)
{
	(void)ada;
	who->sub = "sub-of-bob";
}

static void make_renamed(struct ada *ada, struct identity *who)
{
	(void)ada;
	who->username = "ada.lovelace";
}

static void make_claim_missing(struct ada *ada, struct identity *who)
{
	(void)ada;
	who->claim = CLAIM_MISSING;
	who->role_count = 0;
}

static void make_no_role(struct ada *ada, struct identity *who)
{
	ada->fixture->config.no_match_deny = true;
	who->role_count = 0;
}

/* case: refresh: another subject, another name, no claim or no role end the roles at once */
static void test_refresh_store_identity__a_no__leaves_no_role(void **state)
{
	static const struct {
		void (*make)(struct ada *ada, struct identity *who);
		enum cosmo_err err;
		bool keeps_token;
	} cases[] = {
		{make_other_subject, COSMO_E_OTHER_SUBJECT, false},
		{make_renamed, COSMO_E_RENAMED, true},
		{make_claim_missing, COSMO_E_CLAIM_MISSING, true},
		{make_no_role, COSMO_E_NO_ROLE, true},
	};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		ADA_AUTO struct ada ada = {0};
		COSMO_AUTO(record_free) struct record *record = NULL;
		struct identity who = identity_of_ada();

		print_message("%s\n", cosmo_err_id(cases[i].err));
		if (i == 0)
			prepare(state, &ada);
		else
			ada = (struct ada){.fixture = fixture_of(state)};
		ada.exchange = (struct exchange){
			.store = ada.fixture->store, .user = "ada", .config = &ada.fixture->config};
		record = load(&ada);
		record->reason = COSMO_OK;
		give_role(record, "developer");
		set_token(record, "first");
		save(&ada, record);
		record_free(COSMO_STEAL(&record));
		ask(&ada);
		cases[i].make(&ada, &who);
		assert_int_equal(
			refresh_store_identity(&ada.exchange, &ada.asked, &who), cases[i].err);
		assert_true(refresh_is_refusal(cases[i].err));
		record = load(&ada);
		assert_int_equal(record->role_count, 0);
		assert_int_equal(record->reason, cases[i].err);
		assert_int_equal(record->refresh_token != NULL, cases[i].keeps_token);
		assert_int_equal(shown_roles(&ada), 0);
	}
}

static void test_refresh_store_identity__claims_without_a_name__are_the_persons(void **state)
{
	ADA_AUTO struct ada ada = {0};
	struct identity who = identity_of_ada();

	prepare(state, &ada);
	ask(&ada);
	who.username = "";
	assert_int_equal(refresh_store_identity(&ada.exchange, &ada.asked, &who), COSMO_OK);
}

static void test_refresh_store_identity__role_not_declared__says_nothing(void **state)
{
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct identity who = identity_of_ada();

	prepare(state, &ada);
	ask(&ada);
	who.roles[0] = "operator";
	assert_int_equal(
		refresh_store_identity(&ada.exchange, &ada.asked, &who), COSMO_E_RULE_ROLE);
	assert_false(refresh_is_refusal(COSMO_E_RULE_ROLE));
	record = load(&ada);
	assert_string_equal(record->roles[0], "developer");
}

/* case: refresh: after an interrupted refresh, invalid_grant says that one was interrupted */
static void test_refresh_store_refusal__invalid_grant__leaves_no_role(void **state)
{
	for (int was_interrupted = 0; was_interrupted < 2; was_interrupted++) {
		ADA_AUTO struct ada ada = {0};
		COSMO_AUTO(record_free) struct record *record = NULL;
		const enum cosmo_err err =
			was_interrupted ? COSMO_E_REFRESH_INTERRUPTED : COSMO_E_INVALID_GRANT;
		if (was_interrupted) {
			fixture_teardown(state);
			assert_int_equal(fixture_setup_ready(state), 0);
		}
		prepare(state, &ada);
		ask(&ada);
		if (was_interrupted)
			ask(&ada);
		assert_int_equal(refresh_store_refusal(&ada.exchange, &ada.asked), err);
		record = load(&ada);
		assert_int_equal(record->role_count, 0);
		assert_int_equal(record->reason, err);
		assert_null(record->refresh_token);
		assert_int_equal(record->refresh_asked_s, 0);
		assert_int_equal(shown_roles(&ada), 0);
	}
}

/* What may come between the question and the answer. */
static void sign_out(struct record *record)
{
	record->sign_outs++;
}

static void sign_in_anew(struct record *record)
{
	record->signed_in_s++;
}

static void connect_anew(struct record *record)
{
	record->integration[0] ^= 1;
}

static void replace_token(struct record *record)
{
	set_token(record, "of a later sign-in");
}

static void wipe_token(struct record *record)
{
	set_token(record, NULL);
}

static void lock(struct record *record)
{
	record->flags = USERS_DB_LOCKED;
}

static void refuse(struct record *record)
{
	record->reason = COSMO_E_SIGNED_OUT;
}

static void assert_dropped(struct ada *ada)
{
	COSMO_AUTO(record_free) struct record *before = load(ada);
	COSMO_AUTO(record_free) struct record *after = NULL;
	struct identity who = identity_of_ada();

	assert_int_equal(take_token(ada, "second", 0), COSMO_E_SIGNED_OUT);
	assert_int_equal(
		refresh_store_identity(&ada->exchange, &ada->asked, &who), COSMO_E_SIGNED_OUT);
	assert_int_equal(refresh_store_refusal(&ada->exchange, &ada->asked), COSMO_E_SIGNED_OUT);
	refresh_store_unspent(&ada->exchange, &ada->asked);
	after = load(ada);
	assert_int_equal(after->reason, before->reason);
	assert_string_equal(after->roles[0], "developer");
	assert_int_equal(after->refresh_asked_s, before->refresh_asked_s);
	assert_int_equal(!after->refresh_token, !before->refresh_token);
	if (after->refresh_token)
		assert_true(secret_equal(after->refresh_token, before->refresh_token));
}

/* case: refresh: whatever ends the sign-in meanwhile, what the IdP said of it is not stored */
static void test_refresh_store__sign_in_is_no_more__stores_nothing(void **state)
{
	static void (*const changes[])(struct record * record) = {
		sign_out, sign_in_anew, connect_anew, replace_token, wipe_token, lock, refuse};
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *clean = NULL;

	prepare(state, &ada);
	clean = load(&ada);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(changes); i++) {
		COSMO_AUTO(record_free) struct record *record = NULL;

		print_message("%zu\n", i);
		save(&ada, clean);
		ask(&ada);
		record = load(&ada);
		changes[i](record);
		save(&ada, record);
		assert_dropped(&ada);
	}
}

static void test_refresh_store__gate_closed_meanwhile__stores_nothing(void **state)
{
	ADA_AUTO struct ada ada = {0};

	prepare(state, &ada);
	ask(&ada);
	assert_int_equal(integration_close(ada.fixture->store), COSMO_OK);
	assert_dropped(&ada);
}

/* case: refresh: a token that cannot have reached the IdP leaves no doubt, and another one does */
static void test_refresh_store_unspent__only_where_it_is_sure__forgets_the_doubt(void **state)
{
	static const struct {
		enum cosmo_err err;
		bool stays;
	} cases[] = {{COSMO_E_DNS, false}, {COSMO_E_CONNECT, false}, {COSMO_E_TLS, false},
		{COSMO_E_IDP_CLIENT, false}, {COSMO_E_IDP_RATE, false}, {COSMO_E_IDP_TIMEOUT, true},
		{COSMO_E_IDP_DROPPED, true}, {COSMO_E_IDP_STATUS, true},
		{COSMO_E_IDP_NOT_JSON, true}, {COSMO_E_IDP_FIELD, true}, {COSMO_E_PEER_GONE, true},
		{COSMO_E_DEADLINE, true}};
	ADA_AUTO struct ada ada = {0};
	COSMO_AUTO(record_free) struct record *clean = NULL;

	prepare(state, &ada);
	clean = load(&ada);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(record_free) struct record *record = NULL;

		print_message("%s\n", cosmo_err_id(cases[i].err));
		save(&ada, clean);
		ask(&ada);
		if (refresh_is_unspent(cases[i].err))
			refresh_store_unspent(&ada.exchange, &ada.asked);
		record = load(&ada);
		assert_int_equal(record->refresh_asked_s != 0, cases[i].stays);
	}
	/* a doubt from before is not this one's to settle */
	save(&ada, clean);
	ask(&ada);
	ask(&ada);
	refresh_store_unspent(&ada.exchange, &ada.asked);
	record_free(COSMO_STEAL(&clean));
	clean = load(&ada);
	assert_int_not_equal(clean->refresh_asked_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_refresh_store_asked__due__is_noted_durably_first),
		WITH_READY_FIXTURE(test_refresh_store_asked__not_due__writes_nothing),
		WITH_READY_FIXTURE(test_refresh_newer_store__new_one__takes_the_old_ones_place),
		WITH_READY_FIXTURE(
			test_refresh_newer_store__no_token_a_record_could_hold__is_refused),
		WITH_READY_FIXTURE(test_refresh_store_identity__yes__replaces_the_roles_alone),
		WITH_READY_FIXTURE(
			test_refresh_store_identity__token_was_not_stored__is_stored_with_it),
		WITH_READY_FIXTURE(test_refresh_newer_again__lock_was_held__is_stored_at_last),
		WITH_READY_FIXTURE(test_refresh_newer_again__signed_out_meanwhile__stores_nothing),
		WITH_READY_FIXTURE(test_refresh_newer_again__there_but_not_durable__is_made_so),
		WITH_READY_FIXTURE(
			test_refresh_store_identity__idp_clock_behind__confirms_no_later),
		WITH_READY_FIXTURE(test_refresh_store_identity__a_no__leaves_no_role),
		WITH_READY_FIXTURE(
			test_refresh_store_identity__claims_without_a_name__are_the_persons),
		WITH_READY_FIXTURE(test_refresh_store_identity__role_not_declared__says_nothing),
		WITH_READY_FIXTURE(test_refresh_store_refusal__invalid_grant__leaves_no_role),
		WITH_READY_FIXTURE(test_refresh_store__sign_in_is_no_more__stores_nothing),
		WITH_READY_FIXTURE(test_refresh_store__gate_closed_meanwhile__stores_nothing),
		WITH_READY_FIXTURE(
			test_refresh_store_unspent__only_where_it_is_sure__forgets_the_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
