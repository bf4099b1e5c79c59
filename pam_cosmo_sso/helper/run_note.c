/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/run_note.h"

#include <stdlib.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "common/ini.h"
#include "pam_cosmo_sso/helper/record_text.h"

#define MAX_FILE_BYTES ((size_t)4096)

struct reading {
	const struct run_note *note;
	unsigned char *integration;
	int64_t *numbers;
	uint32_t seen; /* the numbers, then the other keys */
};

/* Behind the numbers. */
enum other_key {
	KEY_INTEGRATION,
	KEY_END,
	OTHER_KEYS,
};

/* Each key once. */
static enum cosmo_err see(struct reading *reading, size_t at)
{
	uint32_t bit = (uint32_t)1 << at;

	if (reading->seen & bit)
		return COSMO_E_STORE_DAMAGED;
	reading->seen |= bit;
	return COSMO_OK;
}

static enum cosmo_err take_value(struct reading *reading, const char *key, const char *value)
{
	const struct run_note *note = reading->note;

	for (size_t i = 0; i < note->count; i++) {
		if (!streq(key, note->numbers[i].key))
			continue;
		if (see(reading, i))
			return COSMO_E_STORE_DAMAGED;
		return parse_i64(value, 0, note->numbers[i].most, &reading->numbers[i]);
	}
	if (streq(key, "end"))
		return see(reading, note->count + KEY_END);
	if (!streq(key, "integration") || see(reading, note->count + KEY_INTEGRATION))
		return COSMO_E_STORE_DAMAGED;
	return parse_hex(value, reading->integration, INTEGRATION_BYTES);
}

static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	struct reading *reading = context;

	if (!streq(line->section, reading->note->name) || line->argument[0])
		return COSMO_E_STORE_DAMAGED;
	return line->key ? take_value(reading, line->key, line->value) : COSMO_OK;
}

static bool read_text(const char *text, size_t len, struct reading *reading)
{
	uint32_t all = ((uint32_t)1 << (reading->note->count + OTHER_KEYS)) - 1;
	unsigned int line = 0;
	const char *problem = NULL;

	return record_text_is_whole(text, len) &&
	       ini_read(text, len, take_line, reading, &line, &problem) == COSMO_OK &&
	       reading->seen == all;
}

bool run_note_load(const struct store *store, const struct run_note *note,
	unsigned char ret_integration[INTEGRATION_BYTES], int64_t *ret_numbers)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_FILE_BYTES};
	struct reading reading = {.note = note};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;

	reading.integration = ret_integration;
	reading.numbers = ret_numbers;
	return fdio_read_file(store_run_fd(store), note->name, &demands, &text, &len) == COSMO_OK &&
	       read_text(text, len, &reading);
}

enum cosmo_err run_note_save(const struct store *store, const struct run_note *note,
	const unsigned char integration[INTEGRATION_BYTES], const int64_t *numbers)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	enum cosmo_err err = record_text_init(owned, note->name, MAX_FILE_BYTES);

	if (err)
		return err;
	record_text_put_hex(owned, "integration", integration, INTEGRATION_BYTES);
	for (size_t i = 0; i < note->count; i++)
		record_text_put_number(owned, note->numbers[i].key, numbers[i]);
	err = record_text_end(owned);
	return err ? err
		   : fdio_replace_file(store_run_fd(store), note->name, text.data, text.len, 0600);
}
