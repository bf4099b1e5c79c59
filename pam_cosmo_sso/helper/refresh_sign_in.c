/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_sign_in.h"

#include <string.h>

void refresh_sign_in_done(struct refresh_sign_in *asked)
{
	if (!asked)
		return;
	secret_free(asked->token);
	secret_free(asked->newer);
	*asked = (struct refresh_sign_in){.token = NULL};
}

enum cosmo_err refresh_sign_in_read(const struct record *record, struct refresh_sign_in *ret)
{
	ret->signed_in_s = record->signed_in_s;
	ret->sign_outs = record->sign_outs;
	ret->was_interrupted = record->refresh_asked_s != 0;
	memcpy(ret->integration, record->integration, INTEGRATION_BYTES);
	return secret_new(
		secret_peek(record->refresh_token), secret_len(record->refresh_token), &ret->token);
}

/* A try that could not be made durable may have put the newer one there all the same. */
static bool is_known(const struct refresh_sign_in *asked, const struct cosmo_secret *token)
{
	return token && (secret_equal(token, asked->token) ||
				(asked->newer && secret_equal(token, asked->newer)));
}

static bool is_same(const struct refresh_sign_in *asked, const struct record *record)
{
	return record->reason == COSMO_OK && record->signed_in_s == asked->signed_in_s &&
	       record->sign_outs == asked->sign_outs &&
	       (record->flags & (USERS_DB_LOCKED | USERS_DB_REMOVED)) == 0 &&
	       memcmp(record->integration, asked->integration, INTEGRATION_BYTES) == 0 &&
	       is_known(asked, record->refresh_token);
}

enum cosmo_err refresh_sign_in_find(
	struct exchange *exchange, const struct refresh_sign_in *asked, struct record **ret)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {.state = GATE_MISSING};
	enum cosmo_err err = record_load(exchange->store, exchange->user, &record);

	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_E_SIGNED_OUT : err;
	gate_read(store_gate(exchange->store), &gate);
	if (gate.state != GATE_OPEN ||
		memcmp(gate.integration, asked->integration, INTEGRATION_BYTES) != 0 ||
		!is_same(asked, record))
		return COSMO_E_SIGNED_OUT;
	*ret = COSMO_STEAL(&record);
	return COSMO_OK;
}
