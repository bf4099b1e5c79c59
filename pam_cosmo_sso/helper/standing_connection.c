/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/standing_connection.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "paths.h"

static enum cosmo_err refuse_half_ended(struct standing_connection *standing)
{
	standing->refusal = "A disconnect of this host has steps left.";
	snprintf(standing->advice, sizeof(standing->advice),
		"run `cosmo-ssoctl disconnect`, which takes them, and then connect");
	return COSMO_E_BUSY;
}

/* It may have said that steps are left. A disconnect writes it anew, and takes them all. */
static enum cosmo_err refuse_unreadable(struct standing_connection *standing, enum cosmo_err why)
{
	standing->refusal = "What this host is connected to cannot be read.";
	snprintf(standing->advice, sizeof(standing->advice),
		"%s/private/integration is damaged, or others could have written it: run "
		"`cosmo-ssoctl disconnect`, which logs everybody out and writes it anew, and then connect",
		COSMO_STATE_DIR);
	return why;
}

static enum cosmo_err refuse_connected(struct standing_connection *standing)
{
	standing->refusal = "This host is connected already.";
	return COSMO_E_EXISTS;
}

static enum cosmo_err refuse_other_partner(
	struct standing_connection *standing, const struct integration *integration)
{
	snprintf(standing->advice, sizeof(standing->advice),
		"it is connected to %s as client %s: run `cosmo-ssoctl disconnect` first, after which "
		"everybody is a viewer until their own next sign-in",
		integration->issuer, integration->client_id);
	return refuse_connected(standing);
}

static enum cosmo_err refuse_other_settings(struct standing_connection *standing)
{
	snprintf(standing->advice, sizeof(standing->advice),
		"to change settings edit %s and run `cosmo-ssoctl apply`; to connect anew run "
		"`cosmo-ssoctl disconnect` first",
		COSMO_CONF_FILE);
	return refuse_connected(standing);
}

static bool is_partner(const struct integration *integration, const struct config *config)
{
	return streq(integration->issuer, config->issuer) &&
	       streq(integration->client_id, config->client_id);
}

/* To the letter. */
static bool is_installed(const struct connection_wish *wish)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = CONFIG_MAX_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;

	if (fdio_read_file(AT_FDCWD, COSMO_CONF_FILE, &demands, &text, &len) != COSMO_OK)
		return false;
	return len == wish->text_len && memcmp(text, wish->text, len) == 0;
}

static enum cosmo_err refuse_unopened(struct standing_connection *standing)
{
	snprintf(standing->advice, sizeof(standing->advice),
		"its gate is not open, as it is after a boot: run `cosmo-ssoctl boot`; to connect anew "
		"run `cosmo-ssoctl disconnect` first");
	return refuse_connected(standing);
}

/* What the durable state says is not all: a disconnect closes the gate first, and may have come no
 * further. */
static enum cosmo_err check_gate(struct store *store, const struct integration *integration,
	struct standing_connection *standing)
{
	struct gate_view gate = {.state = GATE_MISSING};

	gate_read(store_gate(store), &gate);
	if (gate.state == GATE_MISSING || gate.state == GATE_FRESH)
		return refuse_unopened(standing);
	if (gate.state == GATE_OPEN &&
		memcmp(gate.integration, integration->id, INTEGRATION_BYTES) == 0)
		return COSMO_OK;
	return refuse_half_ended(standing);
}

static enum cosmo_err check_connected(struct store *store, const struct integration *integration,
	const struct connection_wish *wish, struct standing_connection *standing)
{
	uint64_t machine_hash = 0;
	enum cosmo_err err = store_machine_hash(store, &machine_hash);

	if (err || machine_hash != integration->machine_hash)
		return err;
	err = check_gate(store, integration, standing);
	if (err)
		return err;
	if (!is_partner(integration, wish->config))
		return refuse_other_partner(standing, integration);
	if (!is_installed(wish))
		return refuse_other_settings(standing);
	standing->is_wished = true;
	return COSMO_OK;
}

enum cosmo_err standing_connection_check(
	struct store *store, const struct connection_wish *wish, struct standing_connection *ret)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = integration_load(store, &integration);

	*ret = (struct standing_connection){.is_wished = false};
	if (err == COSMO_E_STORE_DAMAGED || err == COSMO_E_UNSAFE_FILE)
		return refuse_unreadable(ret, err);
	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
	if (integration->connected)
		return check_connected(store, integration, wish, ret);
	return integration->unfinished ? refuse_half_ended(ret) : COSMO_OK;
}
