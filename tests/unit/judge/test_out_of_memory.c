/* SPDX-License-Identifier: MIT */
/*
 * Each allocation of the judge's work fails once, alone and with all that follow it. The allocator
 * is the test's own, for the libraries as well, see below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json-c/json.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "pam_cosmo_sso/judge/device_flow.h"
#include "pam_cosmo_sso/judge/jwks.h"
#include "pam_cosmo_sso/judge/jws.h"
#include "pam_cosmo_sso/judge/openssl_memory.h"
#include "pam_cosmo_sso/judge/person.h"
#include "pam_cosmo_sso/judge/token_response.h"
#include "tests/unit/judge/fetch_stand_in.h"
#include "tests/unit/judge/signer.h"
#include "tests/unit/judge/waiting_clock.h"

void *libc_malloc(size_t size) __asm__("__libc_malloc");
void *libc_calloc(size_t count, size_t size) __asm__("__libc_calloc");
void *libc_realloc(void *block, size_t size) __asm__("__libc_realloc");
void libc_free(void *block) __asm__("__libc_free");

static bool is_counting;
static bool goes_on;          /* all that follow fail too */
static size_t asked, failing; /* the how-manieth fails, from 1 */
static long live;

static bool is_refused(void)
{
	if (!is_counting)
		return false;
	asked++;
	return asked == failing || (goes_on && asked > failing);
}

static void *counted(void *block)
{
	live += block != NULL;
	return block;
}

/* Also for the libraries. */
#pragma GCC visibility push(default)

void *malloc(size_t size)
{
	return is_refused() ? NULL : counted(libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : counted(libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	void *moved = is_refused() ? NULL : libc_realloc(block, size);

	return block ? moved : counted(moved);
}

/* glibc's own would not come by. */
void *reallocarray(void *block, size_t count, size_t size)
{
	return size && count > SIZE_MAX / size ? NULL : realloc(block, count * size);
}

void free(void *block)
{
	live -= block != NULL;
	libc_free(block);
}

#pragma GCC visibility pop

static char *keys, *tokens[3];
static const char *const algorithms[] = {"RS256", "ES256", "EdDSA"};
#define LONG_GROUP "eng-with-a-long-name-1234567890123456789012345678901234567890"
#define CLAIMS                                                                                     \
	"{\"sub\":\"s-1\",\"preferred_username\":\"ada\",\"groups\":[\"" LONG_GROUP                \
	"\",\"x\",\"admins\"]}"

/* What OK has to mean is asserted by each. */
typedef enum cosmo_err work_fn(void);

static enum cosmo_err verify(size_t which)
{
	const struct jws_allowed allowed = {.names = {algorithms[which]}, .count = 1};
	COSMO_AUTO(jwks_free) struct jwks *set = NULL;
	COSMO_AUTO(jws_free) struct jws *token = NULL;
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	struct reason why = {.text = ""};
	const char *payload = NULL;
	size_t len = 0;
	enum cosmo_err err = jwks_parse(keys, strlen(keys), &why, &set);

	if (!err)
		err = jws_parse(tokens[which], strlen(tokens[which]), &allowed, &why, &token);
	if (!err)
		err = jwks_find(set, jws_kid(token), jws_alg(token), &why, &key);
	if (!err)
		err = jws_verify(token, key, &why, &payload, &len);
	if (!err)
		assert_string_equal(payload, CLAIMS);
	return err;
}

static enum cosmo_err verify_rsa(void)
{
	return verify(0);
}

static enum cosmo_err verify_ec(void)
{
	return verify(1);
}

static enum cosmo_err verify_okp(void)
{
	return verify(2);
}

static struct message *question;

static void assert_person(const struct message *answer)
{
	assert_string_equal(message_str(answer, FIELD_USERNAME), "ada");
	assert_string_equal(message_str(answer, FIELD_SUB), "s-1");
	assert_int_equal(message_u64(answer, FIELD_CLAIM_STATE, 99), CLAIM_PRESENT);
	assert_int_equal(message_count(answer, FIELD_ROLE), 2);
	assert_string_equal(message_str_nth(answer, FIELD_ROLE, 0), "admin");
	assert_string_equal(message_str_nth(answer, FIELD_ROLE, 1), "dev");
}

static enum cosmo_err judge_person(void)
{
	COSMO_AUTO(json_free) struct json_object *claims = NULL;
	COSMO_AUTO(role_rules_free) struct role_rules *rules = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	struct claim_sources sources = {.id_token = NULL};
	struct person_rules silent = {.on_match = NULL};
	struct reason why = {.text = ""};
	const unsigned char *frame = NULL;
	size_t len = 0;
	enum cosmo_err err = json_parse(CLAIMS, strlen(CLAIMS), &claims);

	sources.id_token = claims;
	if (!err)
		err = person_read_rules(question, &why, &rules);
	silent.rules = rules;
	if (!err)
		err = message_new(MESSAGE_JUDGE_IDENTITY, &answer);
	if (!err)
		err = person_put(question, &sources, &silent, &why, answer);
	/* What could not be put is remembered until then. */
	if (!err && message_encode(answer, &frame, &len) == COSMO_E_NOMEM)
		err = COSMO_E_NOMEM;
	if (!err)
		assert_person(answer);
	return err;
}

static enum cosmo_err read_tokens(void)
{
	static const char text[] = "{\"id_token\":\"i.j.k\",\"access_token\":\"a\",\"token_type\":"
				   "\"Bearer\",\"refresh_token\":\"r\"}";
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	COSMO_AUTO(token_response_free) struct token_response *found = NULL;
	struct reason why = {.text = ""};
	enum cosmo_err err = json_parse(text, strlen(text), &json);

	if (!err)
		err = token_response_parse(json, 0, &why, &found);
	if (!err)
		assert_true(found->id_token && found->access_token && found->refresh_token);
	return err;
}

#define CODE                                                                                        \
	"{\"device_code\":\"d\",\"user_code\":\"U\",\"verification_uri\":\"https://idp.example/\"," \
	"\"expires_in\":60,\"interval\":5}"
#define TOKENS "{\"id_token\":\"i\",\"access_token\":\"a\",\"token_type\":\"Bearer\"}"

static struct fetch_stand_in fetch;
static int peer[2];
static struct setup *setup;
static struct discovery *discovery;

static enum cosmo_err begin_and_finish(void)
{
	COSMO_AUTO(token_response_free) struct token_response *found = NULL;
	struct reason why = {.text = ""};
	struct device_start begun = {.grant = NULL};
	enum cosmo_err err = device_flow_begin(setup, discovery, &why, &begun);

	assert_true((err == COSMO_OK) == (begun.grant != NULL));
	if (!err)
		err = device_flow_finish(setup, discovery, begun.grant, peer[0], &why, &found);
	device_grant_free(begun.grant);
	assert_true((err == COSMO_OK) == (found != NULL));
	if (!err)
		assert_true(found->id_token && found->access_token);
	return err;
}

/* With an IdP that would hand out tokens, however often it is asked. What it is is not counted. */
static enum cosmo_err get_tokens(void)
{
	bool was_counting = is_counting;
	enum cosmo_err err = COSMO_OK;

	is_counting = false;
	clock_start();
	fetch_start(&fetch);
	setup->idp.fetch = &fetch.dialogue;
	fetch_lay_body(&fetch, 200, CODE);
	fetch_lay_body(&fetch, 400, "{\"error\":\"authorization_pending\"}");
	for (size_t i = 0; i < 4; i++)
		fetch_lay_body(&fetch, 200, TOKENS);
	is_counting = was_counting;
	err = begin_and_finish();
	is_counting = false;
	fetch_stop(&fetch);
	return err;
}

/* Longer than what json-c, or a parser, takes at first; every kind of value and of escape. */
#define NAME       "a name of more than thirty-two bytes, "
#define TEXT       "a text of more than thirty-two bytes \\\"\\\\\\n\\u00e9\\u20ac\\ud834\\udd1e, "
#define MEMBERS(n) "\"" NAME n "0\":0,\"" NAME n "1\":\"" n TEXT "\",\"" n "\":{},\"" n "x\":[]"
#define ITEMS      "0,null,true,false,-12,1e3,\"" TEXT TEXT "\",[[]],{\"a\":\"\"}"
static const char document[] =
	"{\"o\":{" MEMBERS("0") "," MEMBERS("1") "," MEMBERS("2") "," MEMBERS("3") "," MEMBERS(
		"4") "},\"a\":[" ITEMS "," ITEMS "," ITEMS "," ITEMS "," ITEMS
		     "],\"d\":1.50000000000000000000000000000000000000000000000}";
static struct json_object *whole;

static enum cosmo_err read_document(void)
{
	COSMO_AUTO(json_free) struct json_object *found = NULL;
	enum cosmo_err err = json_parse(document, strlen(document), &found);

	assert_true((err == COSMO_OK) == (found != NULL));
	assert_true(err ? err == COSMO_E_NOMEM : json_object_equal(found, whole));
	return err;
}

/* How many more blocks there are after the work without the how-manieth allocation. */
static long left_behind(work_fn *work)
{
	long before = live;
	enum cosmo_err err = COSMO_OK;

	openssl_memory_watch();
	asked = 0;
	is_counting = true;
	err = work();
	is_counting = false;
	ERR_clear_error();
	if (err != COSMO_OK)
		assert_int_equal(err, COSMO_E_NOMEM);
	return live - before;
}

#define REPEATS 8

/* json-c forgets the name of a member for which its table cannot grow. */
static long excused;

/*
 * What is lost is lost each time. A library may keep a block from one time to another, or give back
 * one that it had kept: that makes no sum.
 */
static bool is_lossy(work_fn *work)
{
	long sum = 0;

	if (left_behind(work) == 0)
		return false;
	for (int i = 0; i < REPEATS; i++)
		sum += left_behind(work);
	return sum - REPEATS * excused > REPEATS / 2;
}

static void fail_each(work_fn *work)
{
	assert_int_equal(work(), COSMO_OK);
	asked = 0;
	for (failing = 1; asked >= failing - 1; failing++)
		if (is_lossy(work))
			fail_msg("without allocation %zu", failing);
	assert_true(failing > 5);
	assert_int_equal(work(), COSMO_OK);
}

static void fail_all(work_fn *work)
{
	goes_on = false;
	fail_each(work);
	goes_on = true;
	fail_each(work);
}

/* case: claim: memory that runs out while JSON is read ends in an error, never in a part of it */
static void test_json_parse__memory_runs_out__the_whole_or_nothing(void **state)
{
	(void)state;
	assert_int_equal(json_parse(document, strlen(document), &whole), COSMO_OK);
	excused = 1;
	fail_all(read_document);
	excused = 0;
	json_free(whole);
}

/* case: token: memory that runs out ends in an error, never in another token; nothing is lost */
static void test_jws_verify__rsa__memory_runs_out(void **state)
{
	(void)state;
	fail_all(verify_rsa);
}

/* case: token: memory that runs out ends in an error, never in another token; nothing is lost */
static void test_jws_verify__ec__memory_runs_out(void **state)
{
	(void)state;
	fail_all(verify_ec);
}

/* case: token: memory that runs out ends in an error, never in another token; nothing is lost */
static void test_jws_verify__okp__memory_runs_out(void **state)
{
	(void)state;
	fail_all(verify_okp);
}

/* case: claim: memory that runs out ends in an error, never in another person; nothing is lost */
static void test_person_put__memory_runs_out__no_other_person(void **state)
{
	(void)state;
	fail_all(judge_person);
}

/* case: token: memory that runs out ends in an error, never in another token; nothing is lost */
static void test_token_response_parse__memory_runs_out__no_part(void **state)
{
	(void)state;
	fail_all(read_tokens);
}

/* case: grant: memory that runs out ends the wait with an error, never with a part of an answer */
static void test_device_flow__memory_runs_out__ends_in_an_error(void **state)
{
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, peer), 0);
	clock_start(); /* the deadline is of that time */
	assert_int_equal(setup_read(question, &fetch.dialogue, &setup), COSMO_OK);
	assert_int_equal(discovery_parse(fetch_discovery, strlen(fetch_discovery), FETCH_ISSUER,
				 NULL, &discovery),
		COSMO_OK);
	fail_all(get_tokens);
	discovery_free(discovery);
	setup_free(setup);
	close(peer[0]);
	close(peer[1]);
}

static int make(void **state)
{
	EVP_PKEY *made[] = {signer_new_rsa(2048), signer_new_ec("P-256"), signer_new("ED25519")};
	char *jwk[3] = {NULL};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *kid = signer_format("\"kid\":\"%zu\"", i);
		char *header = signer_format("{\"alg\":\"%s\",\"kid\":\"%zu\"}", algorithms[i], i);

		jwk[i] = signer_jwk(made[i], kid);
		tokens[i] = signer_token(made[i], algorithms[i], header, CLAIMS);
		EVP_PKEY_free(made[i]);
		free(kid);
		free(header);
	}
	keys = signer_jwks(jwk[0], jwk[1], jwk[2], NULL);
	for (size_t i = 0; i < 3; i++)
		free(jwk[i]);
	question = fetch_question();
	message_put_str(question, FIELD_RULE, "dev = ~eng.*");
	return 0;
}

static int put_away(void **state)
{
	(void)state;
	free(keys);
	for (size_t i = 0; i < 3; i++)
		free(tokens[i]);
	message_free(question);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_parse__memory_runs_out__the_whole_or_nothing),
		cmocka_unit_test(test_person_put__memory_runs_out__no_other_person),
		cmocka_unit_test(test_token_response_parse__memory_runs_out__no_part),
		cmocka_unit_test(test_device_flow__memory_runs_out__ends_in_an_error),
		cmocka_unit_test(test_jws_verify__okp__memory_runs_out),
		cmocka_unit_test(test_jws_verify__ec__memory_runs_out),
		cmocka_unit_test(test_jws_verify__rsa__memory_runs_out),
	};

	openssl_memory_watch();
	return cmocka_run_group_tests(tests, make, put_away);
}
