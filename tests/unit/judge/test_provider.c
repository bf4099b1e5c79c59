/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "tests/unit/judge/fetch_stand_in.h"
#include "tests/unit/judge/signer.h"

static const struct jws_allowed all = {.names = {"ES256"}, .count = 1};
static struct fetch_stand_in fetch;
static struct reason why;
static EVP_PKEY *old_key;
static EVP_PKEY *new_key;
static char *old_set;
static char *new_set;

static int make_keys(void **state)
{
	(void)state;
	old_key = signer_new_ec("P-256");
	new_key = signer_new_ec("P-256");
	COSMO_AUTO(free) char *old_jwk = signer_jwk(old_key, "\"kid\":\"old\"");
	COSMO_AUTO(free) char *new_jwk = signer_jwk(new_key, "\"kid\":\"new\"");
	old_set = signer_jwks(old_jwk, NULL);
	new_set = signer_jwks(new_jwk, NULL);
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(old_key);
	EVP_PKEY_free(new_key);
	free(old_set);
	free(new_set);
	return 0;
}

/* Of a question that brings what is cached; freed together. */
struct opened {
	struct message *question;
	struct setup *setup;
	struct provider *provider;
	bool is_final; /* keys given are not to be fetched again */
};

static void opened_done(struct opened *opened)
{
	provider_free(opened->provider);
	setup_free(opened->setup);
	message_free(opened->question);
}
#define OPENED_AUTO __attribute__((cleanup(opened_done)))

static enum cosmo_err open_with(
	struct opened *opened, const char *cached_discovery, const char *cached_jwks)
{
	opened->question = fetch_question();
	if (cached_discovery)
		message_put_bytes(opened->question, FIELD_DISCOVERY, cached_discovery,
			strlen(cached_discovery));
	if (cached_jwks)
		message_put_bytes(opened->question, FIELD_JWKS, cached_jwks, strlen(cached_jwks));
	if (opened->is_final)
		message_put_u64(opened->question, FIELD_JWKS_FINAL, 1);
	assert_int_equal(setup_read(opened->question, &fetch.dialogue, &opened->setup), COSMO_OK);
	return provider_open(opened->setup, &why, &opened->provider);
}

static enum cosmo_err find(struct opened *opened, const char *kid, EVP_PKEY *wanted)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	enum cosmo_err err =
		provider_find_key(opened->provider, kid, jws_alg_find("ES256", &all), &why, &key);

	if (!err)
		assert_int_equal(EVP_PKEY_eq(key, wanted), 1);
	return err;
}

static void test_provider_open__nothing_cached__asks_once(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	fetch_lay(&fetch, (struct fetch_answer){.status = 200,
				  .body = fetch_discovery,
				  .date_s = 4711,
				  .retry_after_s = -1,
				  .max_age_s = -1});
	assert_int_equal(open_with(&opened, NULL, NULL), COSMO_OK);
	fetch_expect(&fetch, "/.well-known/openid-configuration", NULL);
	fetch_expect_none(&fetch);
	assert_string_equal(discovery_token_endpoint(provider_discovery(opened.provider)),
		FETCH_ISSUER "/token");
	assert_int_equal(provider_date_s(opened.provider), 4711);
	assert_int_equal(provider_key_count(opened.provider), 0);
	provider_free(NULL);
}

static void test_provider_open__cached__asks_nobody(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	assert_int_equal(open_with(&opened, fetch_discovery, old_set), COSMO_OK);
	assert_int_equal(provider_load_keys(opened.provider, &why), COSMO_OK);
	assert_int_equal(find(&opened, "old", old_key), COSMO_OK);
	assert_int_equal(provider_key_count(opened.provider), 1);
	fetch_expect_none(&fetch);
}

static void test_provider_prepare__keys_are_cached__asks_nobody(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	assert_int_equal(open_with(&opened, fetch_discovery, old_set), COSMO_OK);
	assert_true(provider_prepare(opened.provider));
	assert_false(provider_prepare(opened.provider));
	assert_int_equal(find(&opened, "old", old_key), COSMO_OK);
	fetch_expect_none(&fetch);
}

static void test_provider_prepare__no_good_cached_keys__left_to_be_asked_for(void **state)
{
	(void)state;
	for (int i = 0; i <= 1; i++) {
		OPENED_AUTO struct opened opened = {0};

		assert_int_equal(
			open_with(&opened, fetch_discovery, i ? "{\"keys\":[]}" : NULL), COSMO_OK);
		assert_false(provider_prepare(opened.provider));
		fetch_expect_none(&fetch);
		fetch_lay_body(&fetch, 200, old_set);
		assert_int_equal(find(&opened, "old", old_key), COSMO_OK);
		fetch_expect(&fetch, "/jwks", NULL);
	}
}

/* A cache that is damaged or another issuer's is no cache. */
/* case: token: keys and documents cached for another issuer, or damaged, are fetched anew */
static void test_provider_open__cache_unusable__is_fetched_anew(void **state)
{
	static const char *const bad[] = {"", "{}", "{\"issuer\":\"https://other.example\"}"};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(bad); i++) {
		OPENED_AUTO struct opened opened = {0};

		fetch_lay_body(&fetch, 200, fetch_discovery);
		fetch_lay_body(&fetch, 200, new_set);
		assert_int_equal(open_with(&opened, bad[i], bad[i]), COSMO_OK);
		assert_int_equal(find(&opened, "new", new_key), COSMO_OK);
		fetch_expect(&fetch, "/.well-known/openid-configuration", NULL);
		fetch_expect(&fetch, "/jwks", NULL);
		fetch_expect_none(&fetch);
	}
}

/* case: grant: each fault of the discovery document has its own code */
static void test_provider_open__refusals__have_their_codes(void **state)
{
	static const struct {
		unsigned int status;
		const char *body;
		enum cosmo_err err;
	} cases[] = {
		{404, "", COSMO_E_IDP_GONE},
		{410, "", COSMO_E_IDP_GONE},
		{429, "", COSMO_E_IDP_RATE},
		{403, "", COSMO_E_IDP_STATUS},
		{500, "", COSMO_E_IDP_STATUS},
		{204, "", COSMO_E_IDP_STATUS},
		{301, "", COSMO_E_IDP_STATUS},
		{404, fetch_discovery, COSMO_E_IDP_GONE}, /* whatever the page says */
		{200, "<html>", COSMO_E_IDP_NOT_JSON},
		{200, "{\"issuer\":\"https://other.example\"}", COSMO_E_IDP_ISSUER},
		{200, "{\"issuer\":\"" FETCH_ISSUER "/\"}", COSMO_E_IDP_ISSUER},
		{200, "{\"issuer\":\"" FETCH_ISSUER "\"}", COSMO_E_IDP_NO_DEVICE_GRANT},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		OPENED_AUTO struct opened opened = {0};

		print_message("%u %s\n", cases[i].status, cases[i].body);
		fetch_lay_body(&fetch, cases[i].status, cases[i].body);
		assert_int_equal(open_with(&opened, NULL, NULL), cases[i].err);
		assert_null(opened.provider);
		fetch_expect(&fetch, "/.well-known/openid-configuration", NULL);
	}
	OPENED_AUTO struct opened opened = {0};
	fetch_lay_failure(&fetch, COSMO_E_DNS, NULL);
	assert_int_equal(open_with(&opened, NULL, NULL), COSMO_E_DNS);
}

/* case: token: an unknown kid is looked for in keys fetched again, once in a sign-in */
static void test_provider_find_key__unknown_kid__is_asked_for_once(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	assert_int_equal(open_with(&opened, fetch_discovery, old_set), COSMO_OK);
	fetch_lay_body(&fetch, 200, new_set);
	assert_int_equal(find(&opened, "new", new_key), COSMO_OK);
	assert_false(provider_may_refetch(opened.provider));
	fetch_expect(&fetch, "/jwks", NULL);
	/* Another unknown one within the exchange: no further question. */
	assert_int_equal(find(&opened, "third", NULL), COSMO_E_JWS_KEY);
	assert_int_equal(find(&opened, "old", NULL), COSMO_E_JWS_KEY);
	fetch_expect_none(&fetch);
}

/* case: token: a kid that fresh keys do not have is refused */
static void test_provider_find_key__unknown_everywhere__is_refused(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	assert_int_equal(open_with(&opened, fetch_discovery, old_set), COSMO_OK);
	fetch_lay_body(&fetch, 200, new_set);
	assert_int_equal(find(&opened, "third", NULL), COSMO_E_JWS_KEY);
	fetch_expect(&fetch, "/jwks", NULL);
	fetch_expect_none(&fetch);
}

/* case: token: while a doubt about the keys is fresh an exchange asks for them once at most */
static void test_provider_find_key__final_keys__are_not_asked_for_again(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	opened.is_final = true;
	assert_int_equal(open_with(&opened, fetch_discovery, old_set), COSMO_OK);
	assert_false(provider_may_refetch(opened.provider));
	assert_int_equal(find(&opened, "new", NULL), COSMO_E_JWS_KEY);
	assert_int_equal(find(&opened, "old", old_key), COSMO_OK);
	fetch_expect_none(&fetch);
}

/* Newer keys that cannot be had are "cannot tell", not "no". The old ones stay. */
static void test_provider_find_key__refetch_fails__says_so(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	assert_int_equal(open_with(&opened, fetch_discovery, old_set), COSMO_OK);
	fetch_lay_body(&fetch, 503, "");
	assert_int_equal(find(&opened, "new", NULL), COSMO_E_IDP_STATUS);
	assert_int_equal(find(&opened, "new", NULL), COSMO_E_JWS_KEY);
	assert_int_equal(find(&opened, "old", old_key), COSMO_OK);
}

static void test_provider_load_keys__fault__is_tried_again_when_needed(void **state)
{
	OPENED_AUTO struct opened opened = {0};

	(void)state;
	assert_int_equal(open_with(&opened, fetch_discovery, NULL), COSMO_OK);
	fetch_lay_failure(&fetch, COSMO_E_IDP_TIMEOUT, NULL);
	assert_int_equal(provider_load_keys(opened.provider, &why), COSMO_E_IDP_TIMEOUT);
	fetch_lay_body(&fetch, 200, old_set);
	assert_int_equal(find(&opened, "old", old_key), COSMO_OK);
	assert_true(provider_may_refetch(opened.provider));
}

/* The IdP rotated under the same name, or has none: what the signature proves. */
/* case: token: keys rotated under the same kid, or without one, are found by fetching again once */
static void test_provider_refetch_key__rotated_keys__are_found(void **state)
{
	OPENED_AUTO struct opened opened = {0};
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;

	(void)state;
	assert_int_equal(open_with(&opened, fetch_discovery, old_set), COSMO_OK);
	assert_int_equal(find(&opened, NULL, old_key), COSMO_OK);
	assert_true(provider_may_refetch(opened.provider));
	fetch_lay_body(&fetch, 200, new_set);
	assert_int_equal(provider_refetch_key(
				 opened.provider, NULL, jws_alg_find("ES256", &all), &why, &key),
		COSMO_OK);
	assert_int_equal(EVP_PKEY_eq(key, new_key), 1);
	assert_false(provider_may_refetch(opened.provider));
}

static void test_provider_report__only_what_was_fetched__is_told_once(void **state)
{
	OPENED_AUTO struct opened opened = {0};
	int ends[2] = {-1, -1};
	struct dialogue peer = {0};
	struct dialogue helper = {0};
	COSMO_AUTO(message_free) struct message *cache = NULL;
	size_t len = 0;
	const int64_t deadline_ms = fdio_boot_ms() + 60000;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	peer = dialogue_init(ends[0], CHANNEL_JUDGE, SIDE_SERVER);
	helper = dialogue_init(ends[1], CHANNEL_JUDGE, SIDE_CLIENT);
	peer.state = helper.state = STATE_ASKED_LONG;
	assert_int_equal(open_with(&opened, fetch_discovery, NULL), COSMO_OK);
	assert_int_equal(provider_report(opened.provider, &peer, deadline_ms), COSMO_OK);
	assert_int_equal(recv(ends[1], &len, 1, MSG_DONTWAIT), -1); /* cached: nothing to tell */
	fetch_lay(&fetch,
		(struct fetch_answer){
			.status = 200, .body = old_set, .retry_after_s = -1, .max_age_s = 90});
	assert_int_equal(provider_load_keys(opened.provider, &why), COSMO_OK);
	assert_int_equal(provider_report(opened.provider, &peer, deadline_ms), COSMO_OK);
	assert_int_equal(dialogue_recv(&helper, deadline_ms, &cache), COSMO_OK);
	assert_int_equal(message_type(cache), MESSAGE_JUDGE_CACHE);
	assert_false(message_has(cache, FIELD_DISCOVERY));
	assert_memory_equal(message_bytes(cache, FIELD_JWKS, &len), old_set, strlen(old_set));
	assert_int_equal(len, strlen(old_set));
	assert_int_equal(message_u64(cache, FIELD_MAX_AGE_S, 0), 90);
	assert_int_equal(provider_report(opened.provider, &peer, deadline_ms), COSMO_OK);
	assert_int_equal(recv(ends[1], &len, 1, MSG_DONTWAIT), -1);
	close(ends[0]);
	close(ends[1]);
}

/* Each as long as the IdP says; the document for an hour at most, the keys for a day. */
/* case: token: keys are kept as long as the provider says and a day at most, the discovery document
 * an hour */
static void test_provider_report__age__is_told_for_each(void **state)
{
	static const struct {
		int64_t discovery_s, jwks_s;
		uint64_t told_discovery_s, told_jwks_s;
	} cases[] = {
		{-1, -1, 3600, 86400},
		{10, -1, 10, 86400},
		{-1, 20, 3600, 20},
		{30, 20, 30, 20},
		{0, 20, 0, 20},
		{86400, 86400, 3600, 86400},
		{INT64_MAX, INT64_MAX, 3600, 86400},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		OPENED_AUTO struct opened opened = {0};
		COSMO_AUTO(message_free) struct message *document = NULL;
		COSMO_AUTO(message_free) struct message *keys = NULL;
		int ends[2] = {-1, -1};
		struct dialogue peer = {0};
		struct dialogue helper = {0};
		const int64_t deadline_ms = fdio_boot_ms() + 60000;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		peer = dialogue_init(ends[0], CHANNEL_JUDGE, SIDE_SERVER);
		helper = dialogue_init(ends[1], CHANNEL_JUDGE, SIDE_CLIENT);
		peer.state = helper.state = STATE_PROBING;
		fetch_lay(&fetch, (struct fetch_answer){.status = 200,
					  .body = fetch_discovery,
					  .retry_after_s = -1,
					  .max_age_s = cases[i].discovery_s});
		fetch_lay(&fetch, (struct fetch_answer){.status = 200,
					  .body = old_set,
					  .retry_after_s = -1,
					  .max_age_s = cases[i].jwks_s});
		assert_int_equal(open_with(&opened, NULL, NULL), COSMO_OK);
		assert_int_equal(provider_load_keys(opened.provider, &why), COSMO_OK);
		assert_int_equal(provider_report(opened.provider, &peer, deadline_ms), COSMO_OK);
		assert_int_equal(dialogue_recv(&helper, deadline_ms, &document), COSMO_OK);
		assert_true(message_has(document, FIELD_DISCOVERY));
		assert_false(message_has(document, FIELD_JWKS));
		assert_int_equal(
			message_u64(document, FIELD_MAX_AGE_S, 1), cases[i].told_discovery_s);
		assert_int_equal(dialogue_recv(&helper, deadline_ms, &keys), COSMO_OK);
		assert_true(message_has(keys, FIELD_JWKS));
		assert_false(message_has(keys, FIELD_DISCOVERY));
		assert_int_equal(message_u64(keys, FIELD_MAX_AGE_S, 1), cases[i].told_jwks_s);
		close(ends[0]);
		close(ends[1]);
	}
}

int main(void)
{
#define ONE(test) WITH_FETCH(test, &fetch)
	const struct CMUnitTest tests[] = {
		ONE(test_provider_open__nothing_cached__asks_once),
		ONE(test_provider_open__cached__asks_nobody),
		ONE(test_provider_prepare__keys_are_cached__asks_nobody),
		ONE(test_provider_prepare__no_good_cached_keys__left_to_be_asked_for),
		ONE(test_provider_open__cache_unusable__is_fetched_anew),
		ONE(test_provider_open__refusals__have_their_codes),
		ONE(test_provider_find_key__unknown_kid__is_asked_for_once),
		ONE(test_provider_find_key__unknown_everywhere__is_refused),
		ONE(test_provider_find_key__final_keys__are_not_asked_for_again),
		ONE(test_provider_find_key__refetch_fails__says_so),
		ONE(test_provider_load_keys__fault__is_tried_again_when_needed),
		ONE(test_provider_refetch_key__rotated_keys__are_found),
		ONE(test_provider_report__only_what_was_fetched__is_told_once),
		ONE(test_provider_report__age__is_told_for_each),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
