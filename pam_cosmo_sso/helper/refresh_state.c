/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_state.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "common/ini.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/record_text.h"

#define STATE_NAME     "refresh-run"
#define LOCK_NAME      "refresh-run.lock"
#define MAX_FILE_BYTES ((size_t)4096)

/* A number of the file and where it stands; each is 64 bits and none is negative. */
static const struct {
	const char *key;
	size_t place;
} numbers[] = {
	{"began", offsetof(struct refresh_state, began_s)},
	{"ended", offsetof(struct refresh_state, ended_s)},
	{"total", offsetof(struct refresh_state, tally.total)},
	{"confirmed", offsetof(struct refresh_state, tally.confirmed)},
	{"changed", offsetof(struct refresh_state, tally.changed)},
	{"refused", offsetof(struct refresh_state, tally.refused)},
	{"unanswered", offsetof(struct refresh_state, tally.unanswered)},
	{"passed_over", offsetof(struct refresh_state, tally.passed_over)},
};

struct reading {
	struct refresh_state *state;
	unsigned int seen; /* numbers, then the other keys */
};

#define SEEN_INTEGRATION (1U << COSMO_ARRAY_LEN(numbers))
#define SEEN_OF_ALL      (2U << COSMO_ARRAY_LEN(numbers))
#define SEEN_OUTCOME     (4U << COSMO_ARRAY_LEN(numbers))
#define SEEN_END         (8U << COSMO_ARRAY_LEN(numbers))
#define SEEN_ALL         (2 * SEEN_END - 1)

static enum cosmo_err take_small(struct refresh_state *state, bool is_outcome, const char *value)
{
	int64_t number = 0;

	if (parse_i64(value, 0, is_outcome ? UINT32_MAX : 1, &number))
		return COSMO_E_STORE_DAMAGED;
	if (is_outcome)
		state->outcome = cosmo_err_from_wire((unsigned long long)number);
	else
		state->is_of_all = number != 0;
	return COSMO_OK;
}

static enum cosmo_err take_number(struct refresh_state *state, size_t index, const char *value)
{
	int64_t number = 0;

	if (parse_i64(value, 0, INT64_MAX, &number))
		return COSMO_E_STORE_DAMAGED;
	memcpy((char *)state + numbers[index].place, &number, sizeof(number));
	return COSMO_OK;
}

/* *ret_bit stays 0 for a key that is none of ours. */
static enum cosmo_err take_value(
	struct refresh_state *state, const char *key, const char *value, unsigned int *ret_bit)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(numbers); i++) {
		if (!streq(key, numbers[i].key))
			continue;
		*ret_bit = 1U << i;
		return take_number(state, i, value);
	}
	if (streq(key, "integration")) {
		*ret_bit = SEEN_INTEGRATION;
		return parse_hex(value, state->integration, INTEGRATION_BYTES);
	}
	if (streq(key, "end"))
		*ret_bit = SEEN_END;
	if (!streq(key, "of_all") && !streq(key, "outcome"))
		return COSMO_OK;
	*ret_bit = streq(key, "of_all") ? SEEN_OF_ALL : SEEN_OUTCOME;
	return take_small(state, *ret_bit == SEEN_OUTCOME, value);
}

static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	struct reading *reading = context;
	unsigned int bit = 0;

	if (!streq(line->section, STATE_NAME) || line->argument[0])
		return COSMO_E_STORE_DAMAGED;
	if (!line->key)
		return COSMO_OK;
	if (take_value(reading->state, line->key, line->value, &bit) || bit == 0 ||
		reading->seen & bit)
		return COSMO_E_STORE_DAMAGED;
	reading->seen |= bit;
	return COSMO_OK;
}

static bool read_state(const char *text, size_t len, struct refresh_state *ret)
{
	struct reading reading = {.state = ret};
	unsigned int line = 0;
	const char *problem = NULL;

	return record_text_is_whole(text, len) &&
	       ini_read(text, len, take_line, &reading, &line, &problem) == COSMO_OK &&
	       reading.seen == SEEN_ALL;
}

void refresh_state_load(const struct store *store, struct refresh_state *ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_FILE_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	struct refresh_state state = {.began_s = 0};
	size_t len = 0;

	*ret = state;
	if (fdio_read_file(store_run_fd(store), STATE_NAME, &demands, &text, &len) == COSMO_OK &&
		read_state(text, len, &state))
		*ret = state;
}

enum cosmo_err refresh_state_save(const struct store *store, const struct refresh_state *state)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	enum cosmo_err err = record_text_init(owned, STATE_NAME, MAX_FILE_BYTES);

	if (err)
		return err;
	record_text_put_hex(owned, "integration", state->integration, INTEGRATION_BYTES);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(numbers); i++) {
		int64_t number = 0;

		memcpy(&number, (const char *)state + numbers[i].place, sizeof(number));
		record_text_put_number(owned, numbers[i].key, number);
	}
	record_text_put_number(owned, "of_all", state->is_of_all);
	record_text_put_number(owned, "outcome", (int64_t)state->outcome);
	err = record_text_end(owned);
	return err ? err
		   : fdio_replace_file(store_run_fd(store), STATE_NAME, text.data, text.len, 0600);
}

enum cosmo_err refresh_state_lock(const struct store *store, int *ret_fd)
{
	return folder_lock(store_run_fd(store), LOCK_NAME, 0, ret_fd);
}
