/* SPDX-License-Identifier: MIT */
/*
 * check: ask the IdP whether it still knows this integration. No lock is held meanwhile; whatever
 * it says is about the integration that was open when it was asked, and about no later one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/check.h"
#include "pam_cosmo_sso/helper/disconnect.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/judge_client.h"

#define CHECK_NAME "cosmo-sso-check"

/* Discovery and two questions, each of which ends by itself before. */
#define CHECK_MS 40000

struct checking {
	struct admin *admin;
	struct config *config;
	unsigned char id[INTEGRATION_BYTES]; /* of the integration this is about */
	enum cosmo_err answer;
	struct check_rule rule;
	struct check_state state;
};

static void checking_done(struct checking *checking)
{
	config_free(checking->config);
}
COSMO_AUTO_DEFINE(struct checking *, checking_done);

/* The gate decides what is connected now, and to what. */
static bool is_open(const struct checking *checking, unsigned char ret_id[INTEGRATION_BYTES])
{
	struct gate_view gate = {.state = GATE_MISSING};

	gate_read(store_gate(checking->admin->store), &gate);
	memcpy(ret_id, gate.integration, INTEGRATION_BYTES);
	return gate.state == GATE_OPEN;
}

static bool is_still_open(const struct checking *checking)
{
	unsigned char id[INTEGRATION_BYTES] = {0};

	return is_open(checking, id) && memcmp(id, checking->id, INTEGRATION_BYTES) == 0;
}

static enum cosmo_err find_integration(struct checking *checking, struct integration **ret)
{
	enum cosmo_err err = COSMO_OK;

	if (!is_open(checking, checking->id))
		return COSMO_E_DISCONNECTED;
	err = integration_load(checking->admin->store, ret);
	if (err)
		return err;
	if (!(*ret)->connected || memcmp((*ret)->id, checking->id, INTEGRATION_BYTES) != 0)
		return COSMO_E_INTEGRATION_CHANGED;
	return COSMO_OK;
}

/* A file that was edited since names somebody else: what he says is not about us. */
static enum cosmo_err configure(struct checking *checking, const struct integration *integration)
{
	struct admin *admin = checking->admin;
	enum cosmo_err err = admin_load_config(admin, &checking->config);
	const struct config *config = checking->config;

	if (err)
		return err;
	checking->rule = (struct check_rule){
		.refusals = config->check_refusals, .period_s = config->check_period_s};
	if (streq(config->issuer, integration->issuer) &&
		streq(config->client_id, integration->client_id))
		return COSMO_OK;
	snprintf(admin->detail, sizeof(admin->detail),
		"issuer or client_id of the configuration are not those that this host is connected "
		"to: run `cosmo-ssoctl connect`");
	return COSMO_E_CONFIG;
}

static void note_detail(struct admin *admin, const struct judge *judge)
{
	if (judge && judge_detail(judge))
		snprintf(admin->detail, sizeof(admin->detail), "%s", judge_detail(judge));
}

static enum cosmo_err ask(struct checking *checking)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_CHECK, &question);

	/* No store: what is cached must not answer for the IdP. */
	if (!err)
		err = judge_put_setup(question, checking->config, NULL, CHECK_MS);
	if (!err)
		err = judge_start(checking->config, &judge);
	if (!err)
		err = judge_ask(judge, question);
	if (!err)
		err = judge_next(judge, fdio_boot_ms() + CHECK_MS, &answer);
	note_detail(checking->admin, judge);
	if (!err && message_type(answer) != MESSAGE_JUDGE_DONE)
		err = COSMO_E_PROTOCOL;
	return err;
}

static void log_step(const struct checking *checking, enum check_step step)
{
	const struct check_state *state = &checking->state;
	struct audit_line line = {.reason = checking->answer};
	char detail[1200] = "";

	if (step == CHECK_NOTHING)
		return;
	line.event = step == CHECK_CLEARED ? AUDIT_CHECK_CLEARED : AUDIT_CHECK_REFUSED;
	if (step != CHECK_CLEARED)
		(void)snprintf(detail, sizeof(detail),
			"%" PRIu32 " of %" PRIu32 " in %" PRId64 " s of %" PRId64 " s%s%s",
			state->refusals, checking->rule.refusals, check_refused_for_s(state),
			checking->rule.period_s, checking->admin->detail[0] ? ": " : "",
			checking->admin->detail);
	line.detail = detail[0] ? detail : NULL;
	audit_send(&line);
}

/* A reconnect meanwhile wins: the answer is about an integration that is no more. */
static enum cosmo_err count(struct checking *checking, enum check_step *ret)
{
	COSMO_AUTO_FD int lock_fd = -1;
	struct admin *admin = checking->admin;
	const struct check_moment moment = {.boot_s = fdio_boot_ms() / 1000, .now_s = fdio_now_s()};
	enum cosmo_err err = check_lock(admin->store, &lock_fd);

	if (err)
		return err;
	if (!is_still_open(checking))
		return COSMO_E_INTEGRATION_CHANGED;
	check_load(admin->store, &checking->state);
	*ret = check_advance(
		&checking->state, &checking->rule, checking->id, checking->answer, &moment);
	err = check_save(admin->store, &checking->state);
	log_step(checking, *ret);
	return err;
}

/* What ends is what was refused, and nothing that was connected since. */
static enum cosmo_err end_integration(struct checking *checking)
{
	struct admin *admin = checking->admin;
	char reason[128] = "";
	const struct disconnect_order order = {
		.reason = reason,
		.by = CHECK_NAME,
		.expected = checking->id,
		.config = checking->config,
		.caller = admin->peer,
	};
	struct disconnect_report report = {0};
	enum cosmo_err err = COSMO_OK;

	(void)snprintf(reason, sizeof(reason), "remote: %s", cosmo_err_id(checking->answer));
	err = disconnect_run(admin->store, &order, NULL, &report);
	admin_disconnect_done(admin, &report, err);
	return err;
}

/* What a disconnect has left is finished by the timer too. */
static enum cosmo_err resume(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct disconnect_order order = {.by = CHECK_NAME, .caller = admin->peer};
	struct disconnect_report report = {0};
	bool any = false;
	enum cosmo_err err = COSMO_OK;

	if (admin_load_config(admin, &config) == COSMO_OK)
		order.config = config;
	admin->detail[0] = '\0';
	err = disconnect_resume(admin->store, &order, &any, &report);
	admin_disconnect_done(admin, &report, err);
	return err;
}

static enum cosmo_err send_item(const struct checking *checking)
{
	const struct check_state *state = &checking->state;
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_CHECK_ITEM, &item);

	if (err)
		return err;
	message_put_err(item, checking->answer);
	if (checking->admin->detail[0])
		message_put_str(item, FIELD_DETAIL, checking->admin->detail);
	message_put_u64(item, FIELD_CHECKED_S, (uint64_t)state->checked_s);
	message_put_u64(item, FIELD_REFUSALS, state->refusals);
	message_put_u64(item, FIELD_REFUSALS_NEEDED, checking->rule.refusals);
	message_put_u64(item, FIELD_REFUSED_FOR_S, (uint64_t)check_refused_for_s(state));
	message_put_u64(item, FIELD_REFUSED_NEEDED_S, (uint64_t)checking->rule.period_s);
	if (state->outage) {
		message_put_u64(item, FIELD_OUTAGE_ERR, (uint64_t)state->outage);
		message_put_u64(item, FIELD_OUTAGE_SINCE_S, (uint64_t)state->outage_since_s);
	}
	return admin_send(checking->admin, item);
}

enum cosmo_err admin_check_idp(struct admin *admin)
{
	struct checking checking = {.admin = admin};
	COSMO_AUTO(checking_done) struct checking *owned = &checking;
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum check_step step = CHECK_NOTHING;
	enum cosmo_err err = find_integration(owned, &integration);

	/* The timer has nothing to ask then, and an administrator is told. */
	if (err == COSMO_E_DISCONNECTED && !message_u64(admin->request, FIELD_BY_HAND, 0))
		return resume(admin);
	if (err == COSMO_E_DISCONNECTED)
		snprintf(admin->detail, sizeof(admin->detail),
			"there is nothing to ask about; see `cosmo-ssoctl status`");
	if (err)
		return err;
	/* What keeps this host from asking is an outage like any other. */
	owned->answer = configure(owned, integration);
	if (!owned->answer)
		owned->answer = ask(owned);
	err = count(owned, &step);
	if (!err && step == CHECK_DISCONNECT)
		err = end_integration(owned);
	if (!err)
		err = send_item(owned);
	return err ? err : owned->answer;
}
