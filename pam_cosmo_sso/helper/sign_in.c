/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/sign_in.h"

#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admission.h"
#include "pam_cosmo_sso/helper/decision.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/key_doubt.h"
#include "pam_cosmo_sso/helper/recent.h"
#include "pam_cosmo_sso/helper/sign_in_ask.h"

/* Who approved the code, if it was not who signs in: the person on the phone wants to know. */
static void note_identity(struct exchange *exchange, const struct identity *who)
{
	if (streq(who->username, exchange->user))
		exchange->line.user_known = true;
	else
		exchange_note_approver(exchange, who->username);
}

static enum cosmo_err conclude(struct exchange *exchange, const struct admission *admission,
	struct judge *judge, int64_t deadline_boot_ms)
{
	COSMO_AUTO(message_free) struct message *told = NULL;
	struct identity who = {0};
	enum cosmo_err err = judge_next(judge, deadline_boot_ms, &told);

	if (err)
		return err;
	err = identity_read(told, &who);
	if (err)
		return err;
	note_identity(exchange, &who);
	exchange_note_detail(exchange, who.detail);
	err = decision_make(exchange, admission, &who);
	if (!err)
		recent_note(exchange, &who, admission->sign_outs, admission->began);
	return err;
}

/* Told to end: by a newer sign-in, or because what this one is to is no more. */
static enum cosmo_err why_told(struct exchange *exchange, const struct admission *admission)
{
	struct gate_view gate = {.state = GATE_MISSING};

	gate_read(store_gate(exchange->store), &gate);
	if (gate.state != GATE_OPEN)
		return COSMO_E_DISCONNECTED;
	return memcmp(gate.integration, admission->began, INTEGRATION_BYTES) == 0
		       ? COSMO_E_REPLACED
		       : COSMO_E_INTEGRATION_CHANGED;
}

static enum cosmo_err converse(
	struct exchange *exchange, const struct admission *admission, bool *ret_asked)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	int64_t deadline_boot_ms = fdio_boot_ms() + exchange->service.deadline_s * 1000;
	enum key_doubt doubt = key_doubt_now(store_cache_fd(exchange->store), fdio_now_s());
	enum cosmo_err err = judge_start(exchange->config, &judge);

	if (err)
		return err;
	judge_watch(judge, exchange->dialogue->fd);
	judge_watch_newer(judge, flow_fd(admission->flow));
	err = sign_in_ask(exchange, judge, (struct sign_in_manner){.doubt = doubt});
	if (!err)
		err = sign_in_show(exchange, judge, deadline_boot_ms, ret_asked);
	if (!err)
		err = conclude(exchange, admission, judge, deadline_boot_ms);
	if (err == COSMO_E_REPLACED)
		err = why_told(exchange, admission);
	sign_in_learn(exchange, judge, doubt, err);
	exchange_note_detail(exchange, judge_detail(judge));
	return err;
}

/* Did the sign-in end before anything reached the IdP? */
static bool never_reached(enum cosmo_err err)
{
	return err == COSMO_E_DNS || err == COSMO_E_CONNECT || err == COSMO_E_TLS ||
	       err == COSMO_E_TLS_TRUST || err == COSMO_E_PROXY || err == COSMO_E_SPAWN ||
	       err == COSMO_E_CONFIG;
}

static enum cosmo_err run(struct exchange *exchange, bool *ret_recent)
{
	struct admission admission = {0};
	COSMO_AUTO(admission_done) struct admission *owned = &admission;
	bool asked = false;
	enum cosmo_err err = admission_check(exchange, owned);

	*ret_recent = !err && admission.is_signed_in;
	if (err || *ret_recent)
		return err;
	err = converse(exchange, owned, &asked);
	if (err == COSMO_OK || err == COSMO_E_LOGIN_AGAIN || (!asked && never_reached(err)))
		rate_limit_give_back(owned->limit);
	return err;
}

static enum audit_event event_of(enum cosmo_err err)
{
	if (err == COSMO_OK)
		return AUDIT_SIGN_IN_OK;
	if (err == COSMO_E_REPLACED)
		return AUDIT_SIGN_IN_REPLACED;
	return err == COSMO_E_CANCELLED ? AUDIT_SIGN_IN_CANCELLED : AUDIT_SIGN_IN_REFUSED;
}

enum cosmo_err sign_in_answer(struct exchange *exchange)
{
	bool recent = false;
	enum cosmo_err err = run(exchange, &recent);

	if (err != COSMO_E_NOT_OURS)
		exchange_log(exchange, recent ? AUDIT_SIGN_IN_RECENT : event_of(err), err);
	return err;
}
