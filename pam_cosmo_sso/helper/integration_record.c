/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/integration_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/fdio.h"
#include "common/ini.h"
#include "pam_cosmo_sso/helper/record_text.h"

#define MAX_FILE_BYTES ((size_t)16 * 1024)

void integration_free(struct integration *integration)
{
	if (!integration)
		return;
	free(integration->issuer);
	free(integration->client_id);
	free(integration->login_page);
	free(integration->reason);
	free(integration->by);
	free(integration);
}

struct reading {
	struct integration *integration;
	unsigned int seen;
};

enum seen_bit {
	SEEN_CONNECTED = 1U << 0,
	SEEN_ID = 1U << 1,
	SEEN_SINCE = 1U << 2,
	SEEN_MACHINE = 1U << 3,
	SEEN_OFFLINE = 1U << 4,
	SEEN_ISSUER = 1U << 5,
	SEEN_CLIENT = 1U << 6,
	SEEN_REASON = 1U << 7,
	SEEN_END = 1U << 8,
	SEEN_LOGIN_PAGE = 1U << 9,
	SEEN_UNFINISHED = 1U << 10,
	SEEN_KEEP = 1U << 11,
	SEEN_STRIP = 1U << 12,
	SEEN_BY = 1U << 13,
	SEEN_NEEDED =
		SEEN_CONNECTED | SEEN_ID | SEEN_SINCE | SEEN_MACHINE | SEEN_OFFLINE | SEEN_END,
};

static enum cosmo_err take_value(
	struct integration *integration, enum seen_bit bit, const char *value)
{
	switch (bit) {
	case SEEN_CONNECTED:
		return parse_bool(value, &integration->connected);
	case SEEN_OFFLINE:
		return parse_bool(value, &integration->offline_access);
	case SEEN_ID:
		return parse_hex(value, integration->id, INTEGRATION_BYTES);
	case SEEN_MACHINE:
		return parse_u64(value, 0, UINT64_MAX, &integration->machine_hash);
	case SEEN_SINCE:
		return parse_i64(value, 0, INT64_MAX, &integration->since_s);
	case SEEN_ISSUER:
		return record_text_get(value, &integration->issuer);
	case SEEN_CLIENT:
		return record_text_get(value, &integration->client_id);
	case SEEN_REASON:
		return record_text_get(value, &integration->reason);
	case SEEN_BY:
		return record_text_get(value, &integration->by);
	case SEEN_LOGIN_PAGE:
		return record_text_get(value, &integration->login_page);
	case SEEN_UNFINISHED:
		return parse_bool(value, &integration->unfinished);
	case SEEN_KEEP:
		return parse_bool(value, &integration->keep_sessions);
	case SEEN_STRIP:
		return parse_bool(value, &integration->strip_setgid);
	case SEEN_END:
		return COSMO_OK;
	case SEEN_NEEDED:
		break;
	}
	return COSMO_E_STORE_DAMAGED;
}

/* Each key once, and nothing behind the end. */
static enum cosmo_err take_key(struct reading *reading, const char *key, const char *value)
{
	static const struct {
		const char *key;
		enum seen_bit bit;
	} keys[] = {
		{"connected", SEEN_CONNECTED},
		{"id", SEEN_ID},
		{"since", SEEN_SINCE},
		{"machine", SEEN_MACHINE},
		{"offline_access", SEEN_OFFLINE},
		{"issuer", SEEN_ISSUER},
		{"client_id", SEEN_CLIENT},
		{"reason", SEEN_REASON},
		{"by", SEEN_BY},
		{"login_page", SEEN_LOGIN_PAGE},
		{"unfinished", SEEN_UNFINISHED},
		{"keep_sessions", SEEN_KEEP},
		{"strip_setgid", SEEN_STRIP},
		{"end", SEEN_END},
	};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(keys); i++) {
		if (!streq(key, keys[i].key))
			continue;
		if (reading->seen & ((unsigned int)keys[i].bit | SEEN_END))
			return COSMO_E_STORE_DAMAGED;
		reading->seen |= keys[i].bit;
		return take_value(reading->integration, keys[i].bit, value);
	}
	return COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	if (!streq(line->section, "integration") || line->argument[0])
		return COSMO_E_STORE_DAMAGED;
	return line->key ? take_key(context, line->key, line->value) : COSMO_OK;
}

static enum cosmo_err parse(const char *text, size_t len, struct integration *integration)
{
	struct reading reading = {.integration = integration};
	unsigned int line = 0;
	const char *problem = NULL;
	enum cosmo_err err = COSMO_E_STORE_DAMAGED;

	if (record_text_is_whole(text, len))
		err = ini_read(text, len, take_line, &reading, &line, &problem);
	if (err == COSMO_E_NOMEM)
		return err;
	if (err || (reading.seen & SEEN_NEEDED) != SEEN_NEEDED)
		return COSMO_E_STORE_DAMAGED;
	if (integration->connected && (!integration->issuer || !integration->client_id))
		return COSMO_E_STORE_DAMAGED;
	return COSMO_OK;
}

enum cosmo_err integration_parse(const char *text, size_t len, struct integration **ret)
{
	COSMO_AUTO(integration_free)
	struct integration *integration = calloc(1, sizeof(*integration));
	enum cosmo_err err = integration ? parse(text, len, integration) : COSMO_E_NOMEM;

	if (!err)
		*ret = COSMO_STEAL(&integration);
	return err;
}

enum cosmo_err integration_load(struct store *store, struct integration **ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_FILE_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err =
		fdio_read_file(store_private_fd(store), INTEGRATION_NAME, &demands, &text, &len);

	if (!err)
		err = integration_parse(text, len, ret);
	return err == COSMO_E_TOO_BIG ? COSMO_E_STORE_DAMAGED : err;
}

/* What is so in few records stands in those alone: an older version still reads the others. */
static void put_flag(struct record_text *text, const char *key, bool value)
{
	if (value)
		record_text_put(text, key, "yes");
}

static void put_all(struct record_text *text, const struct integration *integration)
{
	char machine[24] = "";

	snprintf(machine, sizeof(machine), "%" PRIu64, integration->machine_hash);
	record_text_put(text, "connected", integration->connected ? "yes" : "no");
	record_text_put_hex(text, "id", integration->id, INTEGRATION_BYTES);
	record_text_put(text, "issuer", integration->issuer);
	record_text_put(text, "client_id", integration->client_id);
	record_text_put(text, "login_page", integration->login_page);
	record_text_put_number(text, "since", integration->since_s);
	record_text_put(text, "offline_access", integration->offline_access ? "yes" : "no");
	record_text_put(text, "machine", machine);
	record_text_put(text, "reason", integration->reason);
	record_text_put(text, "by", integration->by);
	put_flag(text, "unfinished", integration->unfinished);
	put_flag(text, "keep_sessions", integration->keep_sessions);
	put_flag(text, "strip_setgid", integration->strip_setgid);
}

enum cosmo_err integration_format(const struct integration *integration, struct record_text *ret)
{
	enum cosmo_err err = record_text_init(ret, "integration", MAX_FILE_BYTES);

	if (err)
		return err;
	put_all(ret, integration);
	return record_text_end(ret);
}

enum cosmo_err integration_save(
	struct store *store, const char *name, const struct integration *integration)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	enum cosmo_err err = integration_format(integration, owned);

	if (err)
		return err;
	return fdio_replace_file(store_private_fd(store), name, text.data, text.len, 0600);
}
