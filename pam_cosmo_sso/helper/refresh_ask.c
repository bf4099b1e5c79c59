/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_ask.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/refresh_newer.h"

/* How long the end of a token that nobody has is waited for. */
#define REVOKE_MS (INT64_C(10) * 1000)

void refresh_ask_done(struct refresh_ask *ask)
{
	if (ask)
		judge_free(COSMO_STEAL(&ask->judge));
}

static enum cosmo_err put_question(struct refresh_ask *ask)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	const struct config *config = ask->exchange->config;
	struct store *cached = ask->doubt == KEY_DOUBT_ASK_ANEW ? NULL : ask->exchange->store;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_REFRESH, &question);

	if (err)
		return err;
	err = judge_put_setup(question, config, cached, ask->deadline_boot_ms - fdio_boot_ms());
	if (err)
		return err;
	if (ask->doubt != KEY_DOUBT_NONE)
		message_put_u64(question, FIELD_JWKS_FINAL, 1);
	judge_put_claims(question, config);
	message_put_secret(question, FIELD_REFRESH_TOKEN, ask->asked->token);
	return judge_ask(ask->judge, question);
}

enum cosmo_err refresh_ask_start(struct refresh_ask *ask)
{
	return judge_start(ask->exchange->config, &ask->judge);
}

enum cosmo_err refresh_ask_begin(struct refresh_ask *ask)
{
	enum cosmo_err err = ask->judge ? COSMO_OK : refresh_ask_start(ask);

	if (err)
		return err;
	ask->doubt = key_doubt_now(store_cache_fd(ask->exchange->store), fdio_now_s());
	return put_question(ask);
}

enum cosmo_err refresh_ask_next(
	struct refresh_ask *ask, int64_t until_boot_ms, struct message **ret, bool *ret_is_over)
{
	COSMO_AUTO(message_free) struct message *told = NULL;
	enum cosmo_err err =
		judge_next_until(ask->judge, until_boot_ms, ask->deadline_boot_ms, &told);

	*ret_is_over = false;
	if (!err && message_type(told) == MESSAGE_JUDGE_TOKEN) {
		err = refresh_newer_store(ask->exchange, ask->asked, told);
		*ret_is_over = err == COSMO_E_SIGNED_OUT;
		if (*ret_is_over)
			return err;
		message_free(COSMO_STEAL(&told));
		err = judge_next_until(ask->judge, until_boot_ms, ask->deadline_boot_ms, &told);
	}
	if (!err)
		*ret = COSMO_STEAL(&told);
	return err;
}

void refresh_ask_learn(const struct refresh_ask *ask, enum cosmo_err ended)
{
	struct store *store = ask->exchange->store;

	if (ended == COSMO_OK)
		judge_keep_fetched(ask->judge, store);
	else if (ended == COSMO_E_JWS_KEY || ended == COSMO_E_JWS_SIGNATURE)
		key_doubt_raise(store_cache_fd(store), ask->doubt, fdio_now_s());
}

static enum cosmo_err ask_to_revoke(
	const struct exchange *exchange, const struct cosmo_secret *token)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = judge_start(exchange->config, &judge);

	if (!err)
		err = message_new(MESSAGE_JUDGE_REVOKE, &question);
	if (!err)
		err = judge_put_setup(question, exchange->config, exchange->store, REVOKE_MS);
	if (err)
		return err;
	message_put_secret(question, FIELD_REFRESH_TOKEN, token);
	err = judge_ask(judge, question);
	return err ? err : judge_next(judge, fdio_boot_ms() + REVOKE_MS, &answer);
}

/* Where nobody can tell it may be. */
static bool is_in_force(const struct exchange *exchange, const struct cosmo_secret *token)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = record_load(exchange->store, exchange->user, &record);

	if (err)
		return err != COSMO_E_NOT_FOUND;
	return record->refresh_token && secret_equal(record->refresh_token, token);
}

void refresh_ask_revoke(const struct exchange *exchange, const struct cosmo_secret *token)
{
	if (!is_in_force(exchange, token))
		(void)!ask_to_revoke(exchange, token);
}

void refresh_ask_keep(struct exchange *exchange, struct refresh_sign_in *asked)
{
	int64_t deadline_boot_ms = fdio_boot_ms() + REFRESH_NEWER_AGAIN_MS;

	if (asked->newer &&
		refresh_newer_again(exchange, asked, deadline_boot_ms) == COSMO_E_SIGNED_OUT)
		refresh_ask_revoke(exchange, asked->newer);
}
