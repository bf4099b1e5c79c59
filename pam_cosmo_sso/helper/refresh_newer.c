/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_newer.h"

#include <poll.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/commit.h"

/* A token that is not stored costs its owner a sign-in: longer than others wait for the lock. */
#define TOKEN_LOCK_MS 10000
/* Between two tries where it is not the lock. */
#define AGAIN_PAUSE_MS 100

enum cosmo_err refresh_newer_take(const struct refresh_sign_in *asked, struct record *record)
{
	struct cosmo_secret *token = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!asked->newer)
		return COSMO_OK;
	err = secret_new(secret_peek(asked->newer), secret_len(asked->newer), &token);
	if (err)
		return err;
	secret_free(record->refresh_token);
	record->refresh_token = token;
	record->refresh_expires_s = asked->newer_expires_s;
	record->refresh_asked_s = 0;
	return COSMO_OK;
}

/* Lock held. The new token is known: whatever becomes of this try, nothing was lost. */
static enum cosmo_err write_token(struct exchange *exchange, struct refresh_sign_in *asked)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	enum cosmo_err err = refresh_sign_in_find(exchange, asked, &record);

	if (!err)
		err = refresh_newer_take(asked, record);
	if (!err)
		err = commit_unshown(exchange->store, record);
	if (err)
		return err;
	secret_free(asked->token);
	asked->token = COSMO_STEAL(&asked->newer);
	return COSMO_OK;
}

static enum cosmo_err read_newer(const struct message *message, struct refresh_sign_in *asked)
{
	uint64_t expires_in_s = message_u64(message, FIELD_REFRESH_EXPIRES_IN_S, 0);
	size_t len = 0;
	const void *token = message_bytes(message, FIELD_REFRESH_TOKEN, &len);

	/* A record holds it as text. */
	if (!token || len == 0 || memchr(token, '\0', len) || expires_in_s > INT32_MAX)
		return COSMO_E_PROTOCOL;
	secret_free(COSMO_STEAL(&asked->newer));
	asked->newer_expires_s = expires_in_s > 0 ? fdio_now_s() + (int64_t)expires_in_s : 0;
	return secret_new(token, len, &asked->newer);
}

static enum cosmo_err try_newer(
	struct exchange *exchange, struct refresh_sign_in *asked, int64_t lock_ms)
{
	enum cosmo_err err = store_lock(exchange->store, lock_ms);

	if (err)
		return err;
	err = write_token(exchange, asked);
	store_unlock(exchange->store);
	return err;
}

enum cosmo_err refresh_newer_store(
	struct exchange *exchange, struct refresh_sign_in *asked, const struct message *message)
{
	enum cosmo_err err = read_newer(message, asked);

	return err ? err : try_newer(exchange, asked, TOKEN_LOCK_MS);
}

enum cosmo_err refresh_newer_again(
	struct exchange *exchange, struct refresh_sign_in *asked, int64_t deadline_boot_ms)
{
	int64_t left_ms = deadline_boot_ms - fdio_boot_ms();
	enum cosmo_err err = try_newer(exchange, asked, left_ms);

	/* A token that no record can hold does not get smaller. */
	while (err && err != COSMO_E_SIGNED_OUT && err != COSMO_E_INVALID) {
		left_ms = deadline_boot_ms - fdio_boot_ms();
		if (left_ms <= 0)
			return err;
		(void)poll(NULL, 0, AGAIN_PAUSE_MS);
		err = try_newer(exchange, asked, left_ms);
	}
	return err;
}
