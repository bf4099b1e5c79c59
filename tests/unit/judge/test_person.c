/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pam_cosmo_sso/judge/person.h"
#include "tests/unit/judge/fetch_stand_in.h"

static struct reason why;

static struct json_object *parsed(const char *text)
{
	struct json_object *root = NULL;

	assert_int_equal(json_parse(text, strlen(text), &root), COSMO_OK);
	return root;
}

static enum cosmo_err put_as(person_put_fn *put, const struct message *question, const char *claims,
	struct message **ret)
{
	COSMO_AUTO(json_free) struct json_object *token = parsed(claims);
	COSMO_AUTO(role_rules_free) struct role_rules *rules = NULL;
	const struct claim_sources sources = {.id_token = token};
	struct person_rules silent = {.on_match = NULL};

	assert_int_equal(person_read_rules(question, &why, &rules), COSMO_OK);
	assert_int_equal(message_new(MESSAGE_JUDGE_IDENTITY, ret), COSMO_OK);
	silent.rules = rules;
	return put(question, &sources, &silent, &why, *ret);
}

static enum cosmo_err put(const struct message *question, const char *claims, struct message **ret)
{
	return put_as(person_put, question, claims, ret);
}

static void test_person_put__claims__become_the_answer(void **state)
{
	COSMO_AUTO(message_free) struct message *question = fetch_question();
	COSMO_AUTO(message_free) struct message *answer = NULL;

	(void)state;
	message_put_str(question, FIELD_RULE, "dev = ~eng.*");
	message_put_str(question, FIELD_STRIP_DOMAIN, "corp.example");
	assert_int_equal(put(question,
				 "{\"sub\":\"1\",\"preferred_username\":\"Ada@corp.example\","
				 "\"groups\":[\"eng-1\",\"admins\"]}",
				 &answer),
		COSMO_OK);
	assert_string_equal(message_str(answer, FIELD_USERNAME), "ada");
	assert_string_equal(message_str(answer, FIELD_SUB), "1");
	assert_int_equal(message_count(answer, FIELD_ROLE), 2);
	assert_string_equal(message_str_nth(answer, FIELD_ROLE, 0), "admin");
	assert_string_equal(message_str_nth(answer, FIELD_ROLE, 1), "dev");
	assert_int_equal(message_u64(answer, FIELD_CLAIM_STATE, 99), CLAIM_PRESENT);
}

/* Missing and empty are told apart; what follows from them is the helper's to say. */
/* case: claim: a missing claim is told apart from an empty one, whatever its form */
static void test_person_put__state_of_the_claim__is_told(void **state)
{
	static const struct {
		const char *claims;
		enum claim_state claim;
	} cases[] = {
		{"{\"sub\":\"1\",\"preferred_username\":\"ada\"}", CLAIM_MISSING},
		{"{\"sub\":\"1\",\"preferred_username\":\"ada\",\"groups\":[]}", CLAIM_EMPTY},
		{"{\"sub\":\"1\",\"preferred_username\":\"ada\",\"groups\":[\"x\"]}",
			CLAIM_PRESENT},
	};
	COSMO_AUTO(message_free) struct message *question = fetch_question();

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(message_free) struct message *answer = NULL;

		assert_int_equal(put(question, cases[i].claims, &answer), COSMO_OK);
		assert_int_equal(message_u64(answer, FIELD_CLAIM_STATE, 99), cases[i].claim);
		assert_int_equal(message_count(answer, FIELD_ROLE), 0);
	}
}

/* case: claim: each fault of the claims has its own code */
static void test_person_put__refusals__have_their_codes(void **state)
{
	static const struct {
		const char *claims;
		enum cosmo_err err;
	} cases[] = {
		{"{\"sub\":\"1\",\"name\":\"ada\"}", COSMO_E_NAME_MISSING},
		{"{\"sub\":\"1\",\"preferred_username\":\"ada@x.example\"}", COSMO_E_NAME_FORM},
		{"{\"preferred_username\":\"ada\"}", COSMO_E_TOKEN_SUB},
		{"{\"sub\":\"1\",\"preferred_username\":\"ada\",\"groups\":7}", COSMO_E_CLAIM_TYPE},
		{"{\"sub\":\"1\",\"preferred_username\":\"ada\",\"_claim_names\":{\"groups\":\"s\"}}",
			COSMO_E_CLAIM_OVERAGE},
	};
	COSMO_AUTO(message_free) struct message *question = fetch_question();

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(message_free) struct message *answer = NULL;

		print_message("%s\n", cases[i].claims);
		assert_int_equal(put(question, cases[i].claims, &answer), cases[i].err);
	}
}

static void test_person_put__domains_kept__stay_in_the_name(void **state)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;

	(void)state;
	assert_int_equal(message_new(MESSAGE_JUDGE_RULES, &question), COSMO_OK);
	message_put_str(question, FIELD_USERNAME_CLAIM, "email");
	message_put_str(question, FIELD_SUBJECT_CLAIM, "sub");
	message_put_str(question, FIELD_ROLES_CLAIM, "groups");
	message_put_str(question, FIELD_RULE, "admin = x");
	message_put_u64(question, FIELD_KEEP_DOMAINS, 1);
	assert_int_equal(
		put(question, "{\"sub\":\"1\",\"email\":\"ada@x.example\"}", &answer), COSMO_OK);
	assert_string_equal(message_str(answer, FIELD_USERNAME), "ada@x.example");
}

static void test_person_put__too_many_domains__is_refused(void **state)
{
	COSMO_AUTO(message_free) struct message *question = fetch_question();
	COSMO_AUTO(message_free) struct message *answer = NULL;

	(void)state;
	for (size_t i = 0; i <= CLAIMS_MAX_DOMAINS; i++)
		message_put_str(question, FIELD_STRIP_DOMAIN, "x.example");
	assert_int_equal(put(question, "{\"sub\":\"1\",\"preferred_username\":\"ada\"}", &answer),
		COSMO_E_INVALID);
}

static void test_person_read_rules__bad_rule__is_refused(void **state)
{
	COSMO_AUTO(message_free) struct message *question = fetch_question();
	COSMO_AUTO(role_rules_free) struct role_rules *rules = NULL;

	(void)state;
	message_put_str(question, FIELD_RULE, "admin = ~(");
	assert_int_equal(person_read_rules(question, &why, &rules), COSMO_E_RULE_PATTERN);
	assert_null(rules);
}

/* Userinfo costs a request: only where a claim that counts is not in the token. */
static void test_person_needs_userinfo__claim_missing__says_yes(void **state)
{
	static const struct {
		const char *claims;
		bool needs;
	} cases[] = {
		{"{\"preferred_username\":\"a\",\"groups\":[],\"uid\":1}", false},
		{"{\"preferred_username\":\"a\",\"groups\":[]}", true},
		{"{\"preferred_username\":\"a\",\"uid\":1}", true},
		{"{\"groups\":[],\"uid\":1}", true},
		{"{\"preferred_username\":null,\"groups\":[],\"uid\":1}", true},
		{"{\"preferred_username\":7,\"groups\":7,\"uid\":\"x\"}", false},
	};
	COSMO_AUTO(message_free) struct message *question = fetch_question();

	(void)state;
	message_put_str(question, FIELD_UID_CLAIM, "uid");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(json_free) struct json_object *token = parsed(cases[i].claims);

		print_message("%s\n", cases[i].claims);
		assert_int_equal(person_needs_userinfo(question, token), cases[i].needs);
	}
	COSMO_AUTO(message_free) struct message *plain = fetch_question();
	COSMO_AUTO(json_free)
	struct json_object *token = parsed("{\"preferred_username\":\"a\",\"groups\":[]}");
	assert_false(person_needs_userinfo(plain, token)); /* the display name is not worth it */
}

static void test_person_put_again__no_name__is_told_as_none(void **state)
{
	COSMO_AUTO(message_free) struct message *question = fetch_question();
	COSMO_AUTO(message_free) struct message *nameless = NULL;
	COSMO_AUTO(message_free) struct message *named = NULL;
	COSMO_AUTO(message_free) struct message *misnamed = NULL;
	COSMO_AUTO(message_free) struct message *nobody = NULL;

	(void)state;
	assert_int_equal(put_as(person_put_again, question,
				 "{\"sub\":\"1\",\"groups\":[\"admins\"]}", &nameless),
		COSMO_OK);
	assert_string_equal(message_str(nameless, FIELD_USERNAME), "");
	assert_string_equal(message_str(nameless, FIELD_SUB), "1");
	assert_string_equal(message_str(nameless, FIELD_ROLE), "admin");
	assert_int_equal(put_as(person_put_again, question,
				 "{\"sub\":\"1\",\"preferred_username\":\"Ada\"}", &named),
		COSMO_OK);
	assert_string_equal(message_str(named, FIELD_USERNAME), "ada");
	assert_int_equal(message_u64(named, FIELD_CLAIM_STATE, 99), CLAIM_MISSING);
	assert_int_equal(put_as(person_put_again, question,
				 "{\"sub\":\"1\",\"preferred_username\":\"../ada\"}", &misnamed),
		COSMO_E_NAME_FORM);
	assert_int_equal(put_as(person_put_again, question, "{\"groups\":[\"admins\"]}", &nobody),
		COSMO_E_TOKEN_SUB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_person_put__claims__become_the_answer),
		cmocka_unit_test(test_person_put__state_of_the_claim__is_told),
		cmocka_unit_test(test_person_put__refusals__have_their_codes),
		cmocka_unit_test(test_person_put__domains_kept__stay_in_the_name),
		cmocka_unit_test(test_person_put_again__no_name__is_told_as_none),
		cmocka_unit_test(test_person_put__too_many_domains__is_refused),
		cmocka_unit_test(test_person_read_rules__bad_rule__is_refused),
		cmocka_unit_test(test_person_needs_userinfo__claim_missing__says_yes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
