/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/integration.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/fdio.h"
#include "common/ini.h"
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
	if (!streq(line->section, "integration"))
		return COSMO_E_STORE_DAMAGED;
	return line->key ? take_key(context, line->key, line->value) : COSMO_OK;
}

enum cosmo_err integration_load(struct store *store, struct integration **ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_FILE_BYTES};
	COSMO_AUTO(integration_free)
	struct integration *integration = calloc(1, sizeof(*integration));
	COSMO_AUTO(free) char *text = NULL;
	struct reading reading = {.integration = integration};
	unsigned int line = 0;
	const char *problem = NULL;
	size_t len = 0;
	enum cosmo_err err = COSMO_E_NOMEM;

	if (integration)
		err = fdio_read_file(store_private_fd(store), "integration", &demands, &text, &len);
	if (err)
		return err;
	err = ini_read(text, len, take_line, &reading, &line, &problem);
	if (err == COSMO_E_NOMEM)
		return err;
	if (err || (reading.seen & SEEN_NEEDED) != SEEN_NEEDED)
		return COSMO_E_STORE_DAMAGED;
	if (integration->connected && (!integration->issuer || !integration->client_id))
		return COSMO_E_STORE_DAMAGED;
	*ret = COSMO_STEAL(&integration);
	return COSMO_OK;
}

static enum cosmo_err save(struct store *store, const struct integration *integration)
{
	char *text = NULL;
	char machine[24] = "";
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	enum cosmo_err err = COSMO_E_NOMEM;

	if (!out)
		return COSMO_E_NOMEM;
	snprintf(machine, sizeof(machine), "%llu", (unsigned long long)integration->machine_hash);
	fputs("[integration]\n", out);
	record_text_put(out, "connected", integration->connected ? "yes" : "no");
	record_text_put_hex(out, "id", integration->id, INTEGRATION_BYTES);
	record_text_put(out, "issuer", integration->issuer);
	record_text_put(out, "client_id", integration->client_id);
	record_text_put_number(out, "since", integration->since_s);
	record_text_put(out, "offline_access", integration->offline_access ? "yes" : "no");
	record_text_put(out, "machine", machine);
	record_text_put(out, "reason", integration->reason);
	fputs("end = yes\n", out);
	if (fclose(out) == 0)
		err = fdio_replace_file(store_private_fd(store), "integration", text, len, 0600);
	free(text);
	return err;
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
		err = gate_write_ensure(store_run_public_fd(store));
	if (!err)
		err = save(store, integration);
	if (!err)
		err = gate_write_open(store_run_public_fd(store), integration->id);
	if (!err)
		*ret = COSMO_STEAL(&integration);
	return err;
}

enum cosmo_err integration_disconnect(struct store *store, const char *reason)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err gate_err = gate_write_close(store_run_public_fd(store));
	enum cosmo_err err = integration_load(store, &integration);

	if (gate_err == COSMO_E_NOT_FOUND)
		gate_err = COSMO_OK; /* no gate is a closed gate */
	if (err == COSMO_E_NOT_FOUND)
		return gate_err;
	if (err)
		return err;
	if (integration->connected) {
		integration->connected = false;
		integration->since_s = fdio_now_s();
		free(integration->reason);
		integration->reason = reason ? strdup(reason) : NULL;
		err = save(store, integration);
	}
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
	struct gate_view view = {.state = GATE_MISSING};
	int run_fd = store_run_public_fd(store);
	enum cosmo_err closed = COSMO_OK;
	enum cosmo_err err = gate_write_ensure(run_fd);

	if (err)
		return err;
	atomic_store(&store_gate(store)->looked_ms, 0); /* it may have been made this very moment */
	gate_read(store_gate(store), &view);
	if (view.state != GATE_FRESH)
		return COSMO_OK;
	err = check_durable(store, &integration);
	if (!err && integration->connected)
		return gate_write_open(run_fd, integration->id);
	closed = gate_write_close(run_fd);
	return err ? err : closed;
}

enum cosmo_err integration_seed_ensure(struct store *store, const unsigned char *import)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	enum cosmo_err err = seed_read(store, seed);

	if (err != COSMO_E_STORE_MISSING)
		return !err && import ? COSMO_E_EXISTS : err;
	if (import)
		memcpy(seed, import, sizeof(seed));
	else if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return COSMO_E_IO;
	err = fdio_replace_file(store_private_fd(store), "uid_seed", seed, sizeof(seed), 0600);
	explicit_bzero(seed, sizeof(seed));
	return err;
}
