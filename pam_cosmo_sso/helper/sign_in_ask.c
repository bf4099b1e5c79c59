/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/sign_in_ask.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/show.h"

/* How long who asked may take to read the prompt's message; it waits for nothing else. */
#define SHOW_MS 10000

enum cosmo_err sign_in_ask(
	struct exchange *exchange, struct judge *judge, struct sign_in_manner manner)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	const struct config_service *service = &exchange->service;
	struct store *cached = manner.doubt == KEY_DOUBT_ASK_ANEW ? NULL : exchange->store;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_SIGN_IN, &question);

	if (err)
		return err;
	err = judge_put_setup(question, exchange->config, cached, service->deadline_s * 1000);
	if (err)
		return err;
	if (manner.doubt != KEY_DOUBT_NONE)
		message_put_u64(question, FIELD_JWKS_FINAL, 1);
	judge_put_claims(question, exchange->config);
	message_put_str(question, FIELD_ACR, service->acr);
	if (service->max_age_s > 0)
		message_put_u64(question, FIELD_AUTH_MAX_AGE_S, (uint64_t)service->max_age_s);
	if (manner.explains)
		message_put_u64(question, FIELD_EXPLAIN, 1);
	if (manner.is_once)
		message_put_u64(question, FIELD_ONCE, 1);
	return judge_ask(judge, question);
}

enum cosmo_err sign_in_show(
	struct exchange *exchange, struct judge *judge, int64_t deadline_boot_ms, bool *ret_asked)
{
	COSMO_AUTO(message_free) struct message *told = NULL;
	COSMO_AUTO(message_free) struct message *shown = NULL;
	enum cosmo_err err = judge_next(judge, deadline_boot_ms, &told);

	if (err)
		return err;
	*ret_asked = true;
	if (message_type(told) != MESSAGE_JUDGE_SHOW)
		return COSMO_E_PROTOCOL;
	err = show_make(exchange, told, deadline_boot_ms - fdio_boot_ms(), &shown);
	if (err)
		return err;
	err = dialogue_send(exchange->dialogue, shown, fdio_boot_ms() + SHOW_MS);
	return err == COSMO_E_PEER_GONE ? COSMO_E_CANCELLED : err;
}

void sign_in_learn(const struct exchange *exchange, const struct judge *judge, enum key_doubt began,
	enum cosmo_err err)
{
	if (err == COSMO_OK)
		judge_keep_fetched(judge, exchange->store);
	else if (err == COSMO_E_JWS_KEY || err == COSMO_E_JWS_SIGNATURE)
		key_doubt_raise(store_cache_fd(exchange->store), began, fdio_now_s());
}
