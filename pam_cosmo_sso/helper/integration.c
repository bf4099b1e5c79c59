/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/integration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/fdio.h"
#include "common/ini.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/gate_write.h"
#include "pam_cosmo_sso/helper/record_text.h"
#include "pam_cosmo_sso/helper/seed.h"

#define MAX_FILE_BYTES ((size_t)16 * 1024)

void integration_free(struct integration *integration)
{
	if (!integration)
		return;
	free(integration->issuer);
	free(integration->client_id);
	free(integration->reason);
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

enum cosmo_err integration_load(struct store *store, struct integration **ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_FILE_BYTES};
	COSMO_AUTO(integration_free)
	struct integration *integration = calloc(1, sizeof(*integration));
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = COSMO_E_NOMEM;

	if (integration)
		err = fdio_read_file(store_private_fd(store), "integration", &demands, &text, &len);
	if (!err)
		err = parse(text, len, integration);
	if (!err)
		*ret = COSMO_STEAL(&integration);
	return err == COSMO_E_TOO_BIG ? COSMO_E_STORE_DAMAGED : err;
}

static enum cosmo_err save(struct store *store, const struct integration *integration)
{
	struct record_text text = {0};
	COSMO_AUTO(record_text_done) struct record_text *owned = &text;
	char machine[24] = "";
	enum cosmo_err err = record_text_init(owned, "integration", MAX_FILE_BYTES);

	if (err)
		return err;
	snprintf(machine, sizeof(machine), "%" PRIu64, integration->machine_hash);
	record_text_put(owned, "connected", integration->connected ? "yes" : "no");
	record_text_put_hex(owned, "id", integration->id, INTEGRATION_BYTES);
	record_text_put(owned, "issuer", integration->issuer);
	record_text_put(owned, "client_id", integration->client_id);
	record_text_put_number(owned, "since", integration->since_s);
	record_text_put(owned, "offline_access", integration->offline_access ? "yes" : "no");
	record_text_put(owned, "machine", machine);
	record_text_put(owned, "reason", integration->reason);
	err = record_text_end(owned);
	if (err)
		return err;
	return fdio_replace_file(store_private_fd(store), "integration", text.data, text.len, 0600);
}

/* Closed first: until the new id stands in both places nobody may hold roles by the old one. */
static enum cosmo_err connect_gate(struct store *store, const struct integration *integration)
{
	int run_fd = store_run_public_fd(store);
	uint64_t word = 0;
	enum cosmo_err err = gate_write_ensure(run_fd);

	if (!err)
		err = gate_write_close(run_fd, &word);
	if (!err)
		err = save(store, integration);
	return err ? err : gate_write_open(run_fd, word, integration->id);
}

enum cosmo_err integration_connect(struct store *store, const char *issuer, const char *client_id,
	bool offline_access, struct integration **ret)
{
	COSMO_AUTO(integration_free)
	struct integration *integration = calloc(1, sizeof(*integration));
	enum cosmo_err err = COSMO_E_NOMEM;

	if (!integration)
		return COSMO_E_NOMEM;
	integration->connected = true;
	integration->offline_access = offline_access;
	integration->since_s = fdio_now_s();
	integration->issuer = strdup(issuer);
	integration->client_id = strdup(client_id);
	if (integration->issuer && integration->client_id)
		err = store_machine_hash(store, &integration->machine_hash);
	if (!err && getrandom(integration->id, INTEGRATION_BYTES, 0) != INTEGRATION_BYTES)
		err = COSMO_E_IO;
	if (!err)
		err = connect_gate(store, integration);
	if (err == COSMO_E_DISCONNECTED) {
		/* A disconnect came between, and it may have saved before us. */
		integration->connected = false;
		(void)save(store, integration);
	}
	if (!err)
		*ret = COSMO_STEAL(&integration);
	return err;
}

/* What cannot be read is replaced: it must not say connected when somebody mends it. */
static enum cosmo_err save_disconnected(struct store *store, const char *reason)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = integration_load(store, &integration);

	if (err == COSMO_E_NOT_FOUND || (!err && !integration->connected))
		return COSMO_OK;
	if (err == COSMO_E_STORE_DAMAGED || err == COSMO_E_UNSAFE_FILE)
		integration = calloc(1, sizeof(*integration));
	else if (err)
		return err;
	if (!integration)
		return COSMO_E_NOMEM;
	integration->connected = false;
	integration->since_s = fdio_now_s();
	free(integration->reason);
	integration->reason = reason ? strdup(reason) : NULL;
	return save(store, integration);
}

/* No gate is a closed gate. */
static enum cosmo_err close_gate(struct store *store)
{
	enum cosmo_err err = gate_write_close(store_run_public_fd(store), NULL);

	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

enum cosmo_err integration_disconnect(struct store *store, const char *reason)
{
	enum cosmo_err gate_err = close_gate(store);
	bool locked = store_lock(store, STORE_LOCK_MS) == COSMO_OK;
	enum cosmo_err err = save_disconnected(store, reason);

	/* Without the lock a connect may have gone on meanwhile; then it is the later one that
	 * loses. */
	if (!locked)
		gate_err = close_gate(store);
	else
		store_unlock(store);
	return err ? err : gate_err;
}

static enum cosmo_err check_durable(struct store *store, struct integration **ret)
{
	uint64_t machine_hash = 0;
	enum cosmo_err err = integration_load(store, ret);

	if (!err)
		err = store_machine_hash(store, &machine_hash);
	if (err)
		return err;
	return machine_hash == (*ret)->machine_hash ? COSMO_OK : COSMO_E_MACHINE;
}

enum cosmo_err integration_boot(struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	int run_fd = store_run_public_fd(store);
	uint64_t word = 0;
	enum cosmo_err closed = COSMO_OK;
	enum cosmo_err err = gate_write_ensure(run_fd);

	if (!err)
		err = gate_write_word(run_fd, &word);
	if (err || gate_word_state(word) == GATE_OPEN || gate_word_state(word) == GATE_CLOSED)
		return err;
	err = check_durable(store, &integration);
	if (!err && integration->connected) {
		err = gate_write_open(run_fd, word, integration->id);
		return err == COSMO_E_DISCONNECTED ? COSMO_OK : err;
	}
	closed = gate_write_close(run_fd, NULL);
	return err ? err : closed;
}

/* A store that knows people but no seed has lost it: a new one would part them from their links. */
static enum cosmo_err check_newness(struct store *store)
{
	static const enum store_folder folders[] = {STORE_USERS, STORE_SUBJECTS, STORE_UIDS};
	bool empty = true;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(folders) && !err && empty; i++)
		err = folder_is_empty(store_folder_fd(store, folders[i]), &empty);
	if (err)
		return err;
	return empty ? COSMO_OK : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err integration_seed_ensure(struct store *store, const unsigned char *import)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	enum cosmo_err err = seed_read(store, seed);

	if (err != COSMO_E_STORE_MISSING) {
		explicit_bzero(seed, sizeof(seed));
		return !err && import ? COSMO_E_EXISTS : err;
	}
	err = import ? COSMO_OK : check_newness(store);
	if (err)
		return err;
	if (import)
		memcpy(seed, import, sizeof(seed));
	else if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return COSMO_E_IO;
	err = fdio_replace_file(store_private_fd(store), "uid_seed", seed, sizeof(seed), 0600);
	explicit_bzero(seed, sizeof(seed));
	return err;
}
