/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/check.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "common/ini.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/record_text.h"

#define STATE_NAME     "check"
#define LOCK_NAME      "check.lock"
#define LOCK_MS        2000
#define MAX_FILE_BYTES ((size_t)4096)

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

struct reading {
	struct check_state *state;
	unsigned int seen;
};

static enum cosmo_err take_number(const char *value, int64_t most, int64_t *ret)
{
	return parse_i64(value, 0, most, ret) ? COSMO_E_STORE_DAMAGED : COSMO_OK;
}

static enum cosmo_err take_narrow(struct check_state *state, const char *key, const char *value)
{
	int64_t number = 0;

	if (take_number(value, UINT32_MAX, &number))
		return COSMO_E_STORE_DAMAGED;
	if (streq(key, "refusals"))
		state->refusals = (uint32_t)number;
	else
		state->outage = cosmo_err_from_wire((unsigned long long)number);
	return COSMO_OK;
}

/* One bit for each key; 0 for one that is none of ours. */
static unsigned int key_bit(const char *key)
{
	static const char *const keys[] = {"integration", "checked", "refusals", "first", "last",
		"outage", "outage_since", "end"};

	for (unsigned int i = 0; i < COSMO_ARRAY_LEN(keys); i++)
		if (streq(key, keys[i]))
			return 1U << i;
	return 0;
}
#define ALL_KEYS 0xffU

static enum cosmo_err take_value(struct check_state *state, const char *key, const char *value)
{
	if (streq(key, "integration"))
		return parse_hex(value, state->integration, INTEGRATION_BYTES);
	if (streq(key, "checked"))
		return take_number(value, INT64_MAX, &state->checked_s);
	if (streq(key, "first"))
		return take_number(value, INT64_MAX, &state->first_boot_s);
	if (streq(key, "last"))
		return take_number(value, INT64_MAX, &state->last_boot_s);
	if (streq(key, "outage_since"))
		return take_number(value, INT64_MAX, &state->outage_since_s);
	return streq(key, "end") ? COSMO_OK : take_narrow(state, key, value);
}

static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	struct reading *reading = context;
	unsigned int bit = line->key ? key_bit(line->key) : 0;

	if (!streq(line->section, STATE_NAME) || line->argument[0])
		return COSMO_E_STORE_DAMAGED;
	if (!line->key)
		return COSMO_OK;
	if (bit == 0 || reading->seen & bit)
		return COSMO_E_STORE_DAMAGED;
	reading->seen |= bit;
	return take_value(reading->state, line->key, line->value);
}

static bool read_state(const char *text, size_t len, struct check_state *ret)
{
	struct reading reading = {.state = ret};
	unsigned int line = 0;
	const char *problem = NULL;

	return record_text_is_whole(text, len) &&
	       ini_read(text, len, take_line, &reading, &line, &problem) == COSMO_OK &&
	       reading.seen == ALL_KEYS;
}

void check_load(const struct store *store, struct check_state *ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_FILE_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	struct check_state state = {.checked_s = 0};
	size_t len = 0;

	*ret = state;
	if (fdio_read_file(store_run_fd(store), STATE_NAME, &demands, &text, &len) == COSMO_OK &&
		read_state(text, len, &state))
		*ret = state;
}

enum cosmo_err check_save(const struct store *store, const struct check_state *state)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	enum cosmo_err err = record_text_init(owned, STATE_NAME, MAX_FILE_BYTES);

	if (err)
		return err;
	record_text_put_hex(owned, "integration", state->integration, INTEGRATION_BYTES);
	record_text_put_number(owned, "checked", state->checked_s);
	record_text_put_number(owned, "refusals", state->refusals);
	record_text_put_number(owned, "first", state->first_boot_s);
	record_text_put_number(owned, "last", state->last_boot_s);
	record_text_put_number(owned, "outage", (int64_t)state->outage);
	record_text_put_number(owned, "outage_since", state->outage_since_s);
	err = record_text_end(owned);
	return err ? err
		   : fdio_replace_file(store_run_fd(store), STATE_NAME, text.data, text.len, 0600);
}

enum cosmo_err check_lock(const struct store *store, int *ret_fd)
{
	return folder_lock(store_run_fd(store), LOCK_NAME, LOCK_MS, ret_fd);
}
