/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/check.h"

#include <string.h>

#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/run_note.h"

#define LOCK_NAME "check.lock"
#define LOCK_MS   2000

bool check_is_refusal(enum cosmo_err answer)
{
	return answer == COSMO_E_IDP_CLIENT || answer == COSMO_E_IDP_GRANT_TYPE ||
	       answer == COSMO_E_IDP_GONE || answer == COSMO_E_IDP_ISSUER;
}

int64_t check_refused_for_s(const struct check_state *state)
{
	return state->last_boot_s - state->first_boot_s;
}

/* Refusals from the future are of a boot before this one. */
static bool is_current(const struct check_state *state,
	const unsigned char integration[INTEGRATION_BYTES], int64_t boot_s)
{
	return memcmp(state->integration, integration, INTEGRATION_BYTES) == 0 &&
	       state->first_boot_s <= state->last_boot_s && state->last_boot_s <= boot_s;
}

static void forget_refusals(struct check_state *state)
{
	state->refusals = 0;
	state->first_boot_s = state->last_boot_s = 0;
}

static void note_outage(struct check_state *state, enum cosmo_err answer, int64_t now_s)
{
	if (state->outage == COSMO_OK)
		state->outage_since_s = now_s;
	state->outage = answer;
}

/* Spread over the whole period, as the refusals are to be. */
static enum check_step note_refusal(
	struct check_state *state, const struct check_rule *rule, int64_t boot_s)
{
	int64_t apart_s = rule->period_s / (rule->refusals > 0 ? rule->refusals : 1);

	if (state->refusals > 0 && boot_s - state->last_boot_s < apart_s)
		return CHECK_NOTHING;
	if (state->refusals == 0)
		state->first_boot_s = boot_s;
	state->last_boot_s = boot_s;
	if (state->refusals < UINT32_MAX)
		state->refusals++;
	return state->refusals >= rule->refusals && check_refused_for_s(state) >= rule->period_s
		       ? CHECK_DISCONNECT
		       : CHECK_COUNTED;
}

enum check_step check_advance(struct check_state *state, const struct check_rule *rule,
	const unsigned char integration[INTEGRATION_BYTES], enum cosmo_err answer,
	const struct check_moment *moment)
{
	bool had_refusals = false;

	if (!is_current(state, integration, moment->boot_s)) {
		*state = (struct check_state){.checked_s = 0};
		memcpy(state->integration, integration, INTEGRATION_BYTES);
	}
	had_refusals = state->refusals > 0;
	state->checked_s = moment->now_s;
	if (answer && !check_is_refusal(answer)) {
		note_outage(state, answer, moment->now_s);
		return CHECK_NOTHING;
	}
	state->outage = COSMO_OK;
	state->outage_since_s = 0;
	if (answer)
		return note_refusal(state, rule, moment->boot_s);
	forget_refusals(state);
	return had_refusals ? CHECK_CLEARED : CHECK_NOTHING;
}

enum number {
	CHECKED,
	REFUSALS,
	FIRST,
	LAST,
	OUTAGE,
	OUTAGE_SINCE,
	NUMBERS,
};

static const struct run_note note = {
	.name = "check",
	.numbers = {[CHECKED] = {"checked", INT64_MAX},
		[REFUSALS] = {"refusals", UINT32_MAX},
		[FIRST] = {"first", INT64_MAX},
		[LAST] = {"last", INT64_MAX},
		[OUTAGE] = {"outage", UINT32_MAX},
		[OUTAGE_SINCE] = {"outage_since", INT64_MAX}},
	.count = NUMBERS,
};

void check_load(const struct store *store, struct check_state *ret)
{
	unsigned char integration[INTEGRATION_BYTES] = {0};
	int64_t numbers[NUMBERS] = {0};

	*ret = (struct check_state){.checked_s = 0};
	if (!run_note_load(store, &note, integration, numbers))
		return;
	memcpy(ret->integration, integration, INTEGRATION_BYTES);
	ret->checked_s = numbers[CHECKED];
	ret->refusals = (uint32_t)numbers[REFUSALS];
	ret->first_boot_s = numbers[FIRST];
	ret->last_boot_s = numbers[LAST];
	ret->outage = cosmo_err_from_wire((unsigned long long)numbers[OUTAGE]);
	ret->outage_since_s = numbers[OUTAGE_SINCE];
}

enum cosmo_err check_save(const struct store *store, const struct check_state *state)
{
	const int64_t numbers[NUMBERS] = {
		[CHECKED] = state->checked_s,
		[REFUSALS] = state->refusals,
		[FIRST] = state->first_boot_s,
		[LAST] = state->last_boot_s,
		[OUTAGE] = (int64_t)state->outage,
		[OUTAGE_SINCE] = state->outage_since_s,
	};

	return run_note_save(store, &note, state->integration, numbers);
}

enum cosmo_err check_lock(const struct store *store, int *ret_fd)
{
	return folder_lock(store_run_fd(store), LOCK_NAME, LOCK_MS, ret_fd);
}
