/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/unused_token.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/token_revoke.h"

static enum cosmo_err make_question(const struct config *config, const struct message *told,
	int64_t duration_ms, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	size_t len = 0;
	const void *token = message_bytes(told, FIELD_REFRESH_TOKEN, &len);
	enum cosmo_err err =
		token ? message_new(MESSAGE_JUDGE_REVOKE, &question) : COSMO_E_NOT_FOUND;

	if (!err)
		err = judge_put_setup(question, config, NULL, duration_ms);
	if (err)
		return err;
	message_put_bytes(question, FIELD_REFRESH_TOKEN, token, len);
	*ret = COSMO_STEAL(&question);
	return COSMO_OK;
}

enum cosmo_err unused_token_revoke(
	const struct config *config, const struct message *told, int64_t duration_ms)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	enum cosmo_err err = make_question(config, told, duration_ms, &question);

	if (!err)
		err = judge_start(config, &judge);
	if (!err)
		err = judge_ask(judge, question);
	if (!err)
		err = judge_next(
			judge, fdio_boot_ms() + duration_ms + TOKEN_REVOKE_GRACE_MS, &answer);
	if (err)
		return err;
	if (message_type(answer) != MESSAGE_JUDGE_REVOKED)
		return COSMO_E_PROTOCOL;
	if (message_u64(answer, FIELD_COUNT, 0) == 1)
		return COSMO_OK;
	return message_has(answer, FIELD_ERR) ? message_err(answer) : COSMO_E_PROTOCOL;
}
