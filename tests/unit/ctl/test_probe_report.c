/* SPDX-License-Identifier: MIT */
#include "ctl/probe_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct message *item_new(const char *step, enum cosmo_err err)
{
	struct message *item = NULL;

	assert_int_equal(message_new(MESSAGE_PROBE_ITEM, &item), COSMO_OK);
	message_put_str(item, FIELD_STEP_ID, step);
	message_put_err(item, err);
	return item;
}

#define P PROBE_PASSED
#define F PROBE_FAILED
#define N PROBE_NOT_REACHED

static const struct {
	const char *step;
	enum cosmo_err err;
	bool was_asked;
	enum probe_outcome
		outcomes[PROBE_STAGE_COUNT]; /* dns, proxy, ca, discovery, keys, client */
} cases[] = {
	{"done", COSMO_OK, true, {P, P, P, P, P, P}},
	{"discovery", COSMO_E_DNS, true, {F, N, N, N, N, N}},
	{"discovery", COSMO_E_PROXY, true, {P, F, N, N, N, N}},
	{"discovery", COSMO_E_TLS_TRUST, true, {P, P, F, N, N, N}},
	{"discovery", COSMO_E_CONNECT, true, {P, P, N, F, N, N}},
	{"discovery", COSMO_E_IDP_TIMEOUT, true, {P, P, N, F, N, N}},
	{"discovery", COSMO_E_TLS, true, {P, P, N, F, N, N}},
	{"discovery", COSMO_E_IDP_DROPPED, true, {P, P, N, F, N, N}},
	{"discovery", COSMO_E_IDP_NOT_JSON, true, {P, P, P, F, N, N}},
	{"keys", COSMO_E_IDP_NO_KEYS, true, {P, P, P, P, F, N}},
	{"keys", COSMO_E_IDP_STATUS, true, {P, P, P, P, F, N}},
	{"keys", COSMO_E_CONNECT, true, {P, P, P, P, F, N}},
	{"keys", COSMO_E_DNS, true, {F, N, N, N, N, N}},
	{"client", COSMO_E_IDP_CLIENT, true, {P, P, P, P, P, F}},
	{"client", COSMO_E_IDP_TIMEOUT, true, {P, P, P, P, P, F}},
	{"ca_file", COSMO_E_CONFIG, false, {N, N, F, N, N, N}},
	{"secret_file", COSMO_E_UNSAFE_FILE, false, {N, N, N, N, N, F}},
	{"config", COSMO_E_CONFIG, false, {N, N, N, F, N, N}},
	{"judge", COSMO_E_SPAWN, false, {N, N, N, F, N, N}},
	/* Nothing follows from a word of another version. */
	{"moon", COSMO_E_DNS, false, {N, N, N, F, N, N}},
};

static void test_probe_outcome_of__each_end__tells_how_far_it_came(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(cases); i++) {
		COSMO_AUTO(message_free)
		struct message *item = item_new(cases[i].step, cases[i].err);

		print_message("%s, %s\n", cases[i].step, cosmo_err_id(cases[i].err));
		assert_int_equal(probe_was_asked(item), cases[i].was_asked);
		for (size_t stage = 0; stage < PROBE_STAGE_COUNT; stage++)
			assert_int_equal(probe_outcome_of(item, (enum probe_stage)stage),
				cases[i].outcomes[stage]);
	}
}

static const struct {
	uint64_t host_s;
	uint64_t idp_s;
	bool is_told;
	int64_t ahead_s;
} clocks[] = {
	{1000, 1000, true, 0},
	{1000, 900, true, 100},
	{900, 1000, true, -100},
	{1000, 0, false, 0},
	{UINT64_MAX, 1000, false, 0},
	{1000, UINT64_MAX, false, 0},
	{0, UINT64_MAX / 4, true, -(INT64_MAX / 2)},
};

static void test_probe_clock_ahead_s__two_clocks__their_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(clocks); i++) {
		COSMO_AUTO(message_free) struct message *item = item_new("done", COSMO_OK);
		int64_t ahead_s = 0;

		message_put_u64(item, FIELD_CHECKED_S, clocks[i].host_s);
		message_put_u64(item, FIELD_IDP_TIME_S, clocks[i].idp_s);
		assert_int_equal(probe_clock_ahead_s(item, &ahead_s), clocks[i].is_told);
		assert_int_equal(ahead_s, clocks[i].ahead_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe_outcome_of__each_end__tells_how_far_it_came),
		cmocka_unit_test(test_probe_clock_ahead_s__two_clocks__their_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
