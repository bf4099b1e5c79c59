/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "common/base/effective_roles.h"
#include "common/base/fdio.h"
#include "common/refresh_outage.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/check.h"
#include "pam_cosmo_sso/helper/confirmations.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/refresh_state.h"
#include "pam_cosmo_sso/helper/show.h"

/* Closed by a disconnect that could not write it down; a copied host's gate is closed as well. */
static bool is_closed_for_now(
	struct store *store, const struct integration *integration, const struct gate_view *gate)
{
	uint64_t machine_hash = 0;

	return integration->connected && gate->state == GATE_CLOSED &&
	       store_machine_hash(store, &machine_hash) == COSMO_OK &&
	       integration->machine_hash == machine_hash;
}

/* How the host came to be disconnected; what was never written down is not known. */
static void put_end(struct message *item, const struct integration *integration)
{
	message_put_u64(item, FIELD_SINCE_S, (uint64_t)integration->since_s);
	message_put_str(item, FIELD_REASON, integration->reason);
	message_put_str(item, FIELD_BY, integration->by);
	if (integration->unfinished)
		message_put_u64(item, FIELD_UNFINISHED, 1);
}

static void put_integration(struct message *item, struct store *store,
	const struct integration *integration, const struct gate_view *gate)
{
	char id[2 * INTEGRATION_BYTES + 1] = "";

	format_hex(integration->id, INTEGRATION_BYTES, id);
	message_put_str(item, FIELD_ISSUER, integration->issuer);
	message_put_str(item, FIELD_CLIENT_ID, integration->client_id);
	message_put_u64(item, FIELD_OFFLINE_ACCESS, integration->offline_access);
	if (!integration->connected) {
		put_end(item, integration);
		return;
	}
	message_put_str(item, FIELD_INTEGRATION, id);
	if (gate->state == GATE_OPEN)
		message_put_u64(item, FIELD_SINCE_S, (uint64_t)integration->since_s);
	if (is_closed_for_now(store, integration, gate))
		message_put_u64(item, FIELD_UNFINISHED, 1);
}

/* What people have to know to sign in. */
static void put_way_in(
	struct message *item, const struct integration *integration, const struct config *config)
{
	char host[HOST_NAME_MAX + 1] = "";

	show_host(host);
	message_put_str(item, FIELD_HOST, host);
	if (integration)
		message_put_str(item, FIELD_LOGIN_PAGE, integration->login_page);
	if (!config)
		return;
	message_put_str(item, FIELD_USERNAME_CLAIM, config->username_claim);
	for (size_t i = 0; i < config->strip_domain.count; i++)
		message_put_str(item, FIELD_STRIP_DOMAIN, config->strip_domain.items[i]);
}

/* What the IdP said of this integration when it was last asked. */
static void put_check(
	struct message *item, const struct store *store, const struct integration *integration)
{
	struct check_state state = {.checked_s = 0};

	check_load(store, &state);
	if (!state.checked_s || !integration->connected ||
		memcmp(state.integration, integration->id, INTEGRATION_BYTES) != 0)
		return;
	message_put_u64(item, FIELD_CHECKED_S, (uint64_t)state.checked_s);
	message_put_u64(item, FIELD_REFUSALS, state.refusals);
	if (!state.outage)
		return;
	message_put_u64(item, FIELD_OUTAGE_ERR, (uint64_t)state.outage);
	message_put_u64(item, FIELD_OUTAGE_SINCE_S, (uint64_t)state.outage_since_s);
}

/* How fresh the roles are, and why they are not fresher. */
static void put_confirmations(struct message *item, struct store *store,
	const struct config *config, const struct gate_view *gate)
{
	struct confirmations found = {.oldest_s = 0};
	struct refresh_outage outage = {.err = 0};
	int64_t now_s = fdio_now_s();

	if (gate->state != GATE_OPEN ||
		confirmations_count(store, config->refresh_after_s, now_s, &found))
		return;
	message_put_u64(item, FIELD_CONFIRMED_S, (uint64_t)found.oldest_s);
	message_put_u64(item, FIELD_UNCONFIRMED, found.unconfirmed);
	message_put_u64(item, FIELD_LAPSED, found.lapsed);
	message_put_u64(item, FIELD_REFUSED, found.refused);
	if (refresh_outage_read(store_run_public_fd(store), gate->integration, &outage))
		return;
	message_put_u64(item, FIELD_REFRESH_ERR, outage.err);
	message_put_u64(
		item, FIELD_REFRESH_ERR_SINCE_S, (uint64_t)refresh_outage_since_s(&outage, now_s));
}

/* What came of the last run of refreshes. */
static void put_run(struct message *item, const struct store *store, const struct gate_view *gate)
{
	struct refresh_state state = {.began_s = 0};

	refresh_state_load(store, &state);
	if (gate->state != GATE_OPEN || !state.began_s ||
		memcmp(state.integration, gate->integration, INTEGRATION_BYTES) != 0)
		return;
	message_put_u64(item, FIELD_RUN_S, (uint64_t)state.began_s);
	message_put_u64(item, FIELD_RUN_ERR, (uint64_t)state.outcome);
	message_put_u64(item, FIELD_UNANSWERED, state.tally.unanswered);
}

/* What users.db knows. */
static enum cosmo_err put_users_db(struct message *item, struct store *store)
{
	struct users_db_settings settings = {0};
	uint64_t count = 0;
	enum cosmo_err err = users_db_count(store_users_db(store), &count);

	if (!err)
		err = users_db_settings(store_users_db(store), &settings);
	message_put_u64(item, FIELD_COUNT, count);
	if (!err)
		message_put_u64(item, FIELD_SSHD_READY, settings.provisional_on);
	return err;
}

/* Of the store: @durable is of the integration, @users_db of the rest, which is worth telling once
 * the host was connected. */
static enum cosmo_err problem_of(
	struct store *store, enum cosmo_err durable, enum cosmo_err users_db)
{
	enum cosmo_err err = durable;

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK; /* never connected is no fault */
	if (!err)
		err = integration_check_machine(store);
	return err ? err : users_db;
}

enum cosmo_err admin_status(struct admin *admin)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct message *item = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	enum cosmo_err problem = integration_load(admin->store, &integration);
	enum cosmo_err users_problem = COSMO_OK;
	enum cosmo_err err = message_new(MESSAGE_STATUS_ITEM, &item);

	if (err)
		return err;
	gate_read(store_gate(admin->store), &gate);
	message_put_u64(item, FIELD_GATE, gate.state);
	if (integration) {
		put_integration(item, admin->store, integration, &gate);
		put_check(item, admin->store, integration);
	}
	users_problem = put_users_db(item, admin->store);
	problem = problem_of(admin->store, problem, users_problem);
	if (!problem)
		problem = admin_load_config(admin, &config);
	put_way_in(item, integration, config);
	put_run(item, admin->store, &gate);
	if (config) {
		put_confirmations(item, admin->store, config, &gate);
		message_put_u64(item, FIELD_ROLE_LEASE_S, (uint64_t)config->role_lease_s);
	}
	if (problem)
		message_put_err(item, problem);
	if (problem && admin->detail[0])
		message_put_str(item, FIELD_DETAIL, admin->detail);
	admin->detail[0] = '\0';
	return admin_send(admin, item);
}
