/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "tests/unit/judge/fetch_stand_in.h"

static struct fetch_stand_in fetch;
static struct reason why;

static struct idp idp_with(int64_t left_ms)
{
	return (struct idp){.fetch = &fetch.dialogue, .deadline_ms = fdio_boot_ms() + left_ms};
}

static enum cosmo_err get(struct idp_response *ret)
{
	const struct idp idp = idp_with(60000);

	return idp_get(&idp, FETCH_ISSUER "/x", NULL, &why, ret);
}

static void test_idp_get__answer__is_handed_on_whatever_its_status(void **state)
{
	static const unsigned int statuses[] = {200, 302, 404, 500};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(statuses); i++) {
		IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};

		fetch_lay(&fetch, (struct fetch_answer){.status = statuses[i],
					  .body = "text",
					  .date_s = 77,
					  .retry_after_s = 8,
					  .max_age_s = 0});
		assert_int_equal(get(&response), COSMO_OK);
		assert_int_equal(response.http_status, statuses[i]);
		assert_int_equal(response.body_len, 4);
		assert_memory_equal(response.body, "text", 4);
		assert_int_equal(response.date_s, 77);
		assert_int_equal(response.retry_after_s, 8);
		assert_int_equal(response.max_age_s, 0);
		fetch_expect(&fetch, "/x", NULL);
	}
}

static void test_idp_get__headers_not_told__have_their_marks(void **state)
{
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};

	(void)state;
	fetch_lay_body(&fetch, 204, "");
	assert_int_equal(get(&response), COSMO_OK);
	assert_int_equal(response.body_len, 0);
	assert_non_null(response.body);
	assert_int_equal(response.date_s, 0);
	assert_int_equal(response.retry_after_s, 0);
	assert_int_equal(response.max_age_s, -1);
	idp_response_done(&response);
	idp_response_done(&response);
}

static void test_idp_get__huge_numbers__cannot_overflow_later_sums(void **state)
{
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};

	(void)state;
	fetch_lay(&fetch, (struct fetch_answer){.status = 200,
				  .body = "",
				  .date_s = INT64_MAX,
				  .retry_after_s = INT64_MAX,
				  .max_age_s = INT64_MAX});
	assert_int_equal(get(&response), COSMO_OK);
	assert_int_equal(response.retry_after_s, INT32_MAX);
	assert_int_equal(response.max_age_s, INT32_MAX);
	assert_true(response.date_s <= INT64_MAX / 4);
}

static void test_idp_get__failure__is_fetchs_own_business_only(void **state)
{
	static const struct {
		enum cosmo_err told, err;
	} cases[] = {
		{COSMO_E_DNS, COSMO_E_DNS},
		{COSMO_E_TLS_TRUST, COSMO_E_TLS_TRUST},
		{COSMO_E_IDP_REDIRECT, COSMO_E_IDP_REDIRECT},
		{COSMO_E_NOMEM, COSMO_E_NOMEM},
		{COSMO_OK, COSMO_E_PROTOCOL},
		{COSMO_E_DENIED, COSMO_E_PROTOCOL},
		{COSMO_E_INVALID_GRANT, COSMO_E_PROTOCOL},
		{COSMO_E_BUSY, COSMO_E_PROTOCOL},
		{COSMO_E_NOT_OURS, COSMO_E_PROTOCOL},
		{COSMO_E_LOCKED, COSMO_E_PROTOCOL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};

		print_message("%s\n", cosmo_err_id(cases[i].told));
		fetch_lay_failure(&fetch, cases[i].told, "because");
		assert_int_equal(get(&response), cases[i].err);
		assert_null(response.message);
	}
}

static void test_idp_get__no_time_left__asks_nobody(void **state)
{
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	const struct idp idp = idp_with(0);

	(void)state;
	assert_int_equal(idp_get(&idp, FETCH_ISSUER "/x", NULL, &why, &response), COSMO_E_DEADLINE);
	fetch_expect_none(&fetch);
}

static void test_idp_get__fetch_gone__is_told_and_stays_so(void **state)
{
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};

	(void)state;
	fetch_stop(&fetch);
	fetch_start(&fetch);
	close(fetch.fd);
	fetch.fd = -1;
	assert_int_equal(get(&response), COSMO_E_PEER_GONE);
	assert_string_equal(why.text, "talking to fetch: peer_gone");
	assert_int_not_equal(get(&response), COSMO_OK);
}

/* Each request has the time that is left, at most the usual. */
static void test_idp_post__request__tells_everything_and_no_more(void **state)
{
	static const int64_t lefts_ms[] = {3000, 7000, 60000};
	COSMO_AUTO(secret_free) struct cosmo_secret *authorization = NULL;
	COSMO_AUTO(form_free) struct form *form = NULL;

	(void)state;
	assert_int_equal(secret_new("Basic eA==", 10, &authorization), COSMO_OK);
	assert_int_equal(form_new(&form), COSMO_OK);
	form_add(form, "a", "b");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(lefts_ms); i++) {
		IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
		COSMO_AUTO(message_free) struct message *request = NULL;
		struct idp idp = idp_with(lefts_ms[i]);
		uint64_t left_ms = (uint64_t)lefts_ms[i];
		size_t len = 0;

		idp.ca_pem = "pem";
		idp.ca_pem_len = 3;
		idp.proxy = "http://proxy.example";
		fetch_lay_body(&fetch, 200, "{}");
		assert_int_equal(
			idp_post(&idp, FETCH_ISSUER "/token", form, authorization, &why, &response),
			COSMO_OK);
		request = fetch_request(&fetch);
		assert_non_null(request);
		assert_string_equal(message_str(request, FIELD_URL), FETCH_ISSUER "/token");
		assert_string_equal(message_str(request, FIELD_PROXY), "http://proxy.example");
		assert_memory_equal(message_bytes(request, FIELD_CA_PEM, &len), "pem", 3);
		assert_memory_equal(message_bytes(request, FIELD_BODY, &len), "a=b", 3);
		assert_memory_equal(
			message_bytes(request, FIELD_AUTHORIZATION, &len), "Basic eA==", 10);
		assert_true(message_u64(request, FIELD_TIMEOUT_MS, 0) <=
			    (left_ms < IDP_TIMEOUT_MS ? left_ms : IDP_TIMEOUT_MS));
		assert_true(message_u64(request, FIELD_CONNECT_TIMEOUT_MS, 0) <=
			    (left_ms < IDP_CONNECT_TIMEOUT_MS ? left_ms : IDP_CONNECT_TIMEOUT_MS));
		assert_true(message_u64(request, FIELD_CONNECT_TIMEOUT_MS, 0) > 0);
	}
}

/* What must not be asked twice is waited for to the end. */
static void test_idp_post__patient__has_all_the_time_there_is(void **state)
{
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(form_free) struct form *form = NULL;
	struct idp idp = idp_with(60000);
	uint64_t timeout_ms = 0;
	uint64_t connect_ms = 0;

	(void)state;
	idp.is_patient = true;
	assert_int_equal(form_new(&form), COSMO_OK);
	fetch_lay_body(&fetch, 200, "{}");
	assert_int_equal(
		idp_post(&idp, FETCH_ISSUER "/token", form, NULL, &why, &response), COSMO_OK);
	request = fetch_request(&fetch);
	timeout_ms = message_u64(request, FIELD_TIMEOUT_MS, 0);
	connect_ms = message_u64(request, FIELD_CONNECT_TIMEOUT_MS, 0);
	assert_true(timeout_ms > IDP_TIMEOUT_MS && timeout_ms <= 60000);
	assert_true(connect_ms > 0 && connect_ms <= IDP_CONNECT_TIMEOUT_MS);
}

struct work {
	int steps;       /* done so far */
	int answered_at; /* the step during which an answer comes */
	int steps_there_are;
};

static bool work(void *of)
{
	struct work *work = of;

	if (++work->steps == work->answered_at)
		fetch_lay_body(&fetch, 200, "{}");
	return work->steps < work->steps_there_are;
}

/* Not a step more than it takes to have an answer, and none without a question on its way. */
static void test_idp_get__meanwhile__work_is_done_until_an_answer_is_there(void **state)
{
	static const struct {
		struct work work;
		int steps;
	} cases[] = {
		{{.answered_at = 2, .steps_there_are = 5}, 2},
		{{.answered_at = 3, .steps_there_are = 3}, 3},
		{{.answered_at = 0, .steps_there_are = 5}, 0},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
		struct work todo = cases[i].work;
		struct idp idp = idp_with(60000);

		idp.meanwhile = work;
		idp.meanwhile_of = &todo;
		if (todo.answered_at == 0)
			fetch_lay_body(&fetch, 200, "{}");
		assert_int_equal(idp_get(&idp, FETCH_ISSUER "/x", NULL, &why, &response), COSMO_OK);
		assert_int_equal(todo.steps, cases[i].steps);
		idp.deadline_ms = fdio_boot_ms();
		idp_response_done(&response);
		assert_int_equal(
			idp_get(&idp, FETCH_ISSUER "/x", NULL, &why, &response), COSMO_E_DEADLINE);
		assert_int_equal(todo.steps, cases[i].steps);
	}
}

static void test_idp_post__form_too_big__is_not_sent(void **state)
{
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	COSMO_AUTO(form_free) struct form *form = NULL;
	static char many[FORM_MAX_BYTES + 2];
	const struct idp idp = idp_with(60000);

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	assert_int_equal(form_new(&form), COSMO_OK);
	form_add(form, "a", many);
	assert_int_equal(idp_post(&idp, FETCH_ISSUER "/token", form, NULL, &why, &response),
		COSMO_E_TOO_BIG);
	fetch_expect_none(&fetch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FETCH(test_idp_get__answer__is_handed_on_whatever_its_status, &fetch),
		WITH_FETCH(test_idp_get__headers_not_told__have_their_marks, &fetch),
		WITH_FETCH(test_idp_get__huge_numbers__cannot_overflow_later_sums, &fetch),
		WITH_FETCH(test_idp_get__failure__is_fetchs_own_business_only, &fetch),
		WITH_FETCH(test_idp_get__no_time_left__asks_nobody, &fetch),
		WITH_FETCH(test_idp_get__fetch_gone__is_told_and_stays_so, &fetch),
		WITH_FETCH(test_idp_post__request__tells_everything_and_no_more, &fetch),
		WITH_FETCH(test_idp_post__form_too_big__is_not_sent, &fetch),
		WITH_FETCH(test_idp_get__meanwhile__work_is_done_until_an_answer_is_there, &fetch),
		WITH_FETCH(test_idp_post__patient__has_all_the_time_there_is, &fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
