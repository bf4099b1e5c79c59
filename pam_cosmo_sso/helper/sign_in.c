/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/sign_in.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admission.h"
#include "pam_cosmo_sso/helper/decision.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/key_doubt.h"
#include "pam_cosmo_sso/helper/show.h"

/* How long the module may take to read the prompt's message; it waits for nothing else. */
#define SHOW_MS 10000

static enum cosmo_err ask(struct exchange *exchange, struct judge *judge)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	const struct config_service *service = &exchange->service;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_SIGN_IN, &question);

	if (err)
		return err;
	err = judge_put_setup(
		question, exchange->config, exchange->store, service->deadline_s * 1000);
	if (err)
		return err;
	judge_put_claims(question, exchange->config);
	message_put_str(question, FIELD_ACR, service->acr);
	if (service->max_age_s > 0)
		message_put_u64(question, FIELD_AUTH_MAX_AGE_S, (uint64_t)service->max_age_s);
	return judge_ask(judge, question);
}

static enum cosmo_err relay_show(
	struct exchange *exchange, struct judge *judge, int64_t deadline_boot_ms)
{
	COSMO_AUTO(message_free) struct message *told = NULL;
	COSMO_AUTO(message_free) struct message *shown = NULL;
	enum cosmo_err err = judge_next(judge, deadline_boot_ms, &told);

	if (err)
		return err;
	if (message_type(told) != MESSAGE_JUDGE_SHOW)
		return COSMO_E_PROTOCOL;
	err = show_make(exchange, told, deadline_boot_ms - fdio_boot_ms(), &shown);
	if (err)
		return err;
	err = dialogue_send(exchange->dialogue, shown, fdio_boot_ms() + SHOW_MS);
	return err == COSMO_E_PEER_GONE ? COSMO_E_CANCELLED : err;
}

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
	return decision_make(exchange, admission->began, &who);
}

/* What this exchange showed about discovery document and keys. */
static void learn(const struct exchange *exchange, const struct judge *judge, enum cosmo_err err)
{
	if (err == COSMO_OK)
		judge_keep_fetched(judge, exchange->store);
	else if (err == COSMO_E_JWS_KEY || err == COSMO_E_JWS_SIGNATURE)
		key_doubt_raise(store_cache_fd(exchange->store), fdio_now_s());
}

static enum cosmo_err converse(struct exchange *exchange, const struct admission *admission)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	int64_t deadline_boot_ms = fdio_boot_ms() + exchange->service.deadline_s * 1000;
	enum cosmo_err err = judge_start(exchange->config, &judge);

	if (err)
		return err;
	judge_watch(judge, exchange->dialogue->fd);
	err = ask(exchange, judge);
	if (!err)
		err = relay_show(exchange, judge, deadline_boot_ms);
	if (!err)
		err = conclude(exchange, admission, judge, deadline_boot_ms);
	learn(exchange, judge, err);
	exchange_note_detail(exchange, judge_detail(judge));
	return err;
}

static enum cosmo_err run(struct exchange *exchange)
{
	struct admission admission = {0};
	enum cosmo_err err = admission_check(exchange, &admission);

	if (err)
		return err;
	err = converse(exchange, &admission);
	rate_limit_free(admission.place);
	return err;
}

static enum audit_event event_of(enum cosmo_err err)
{
	if (err == COSMO_OK)
		return AUDIT_SIGN_IN_OK;
	return err == COSMO_E_CANCELLED ? AUDIT_SIGN_IN_CANCELLED : AUDIT_SIGN_IN_REFUSED;
}

enum cosmo_err sign_in_answer(struct exchange *exchange)
{
	enum cosmo_err err = run(exchange);

	if (err != COSMO_E_NOT_OURS)
		exchange_log(exchange, event_of(err), err);
	return err;
}
