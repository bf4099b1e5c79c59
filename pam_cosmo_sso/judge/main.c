/* SPDX-License-Identifier: MIT */
/*
 * cosmo-sso-judge: one question from the helper (or the administrator's command), answered and
 * done. Runs as a user of its own without a network; opens no file and no socket. Logs nothing.
 */
#include <fcntl.h>

#include <openssl/crypto.h>

#include "common/base/fdio.h"
#include "common/dialogue.h"
#include "common/message.h"
#include "common/sandbox.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/judge/openssl_memory.h"
#include "pam_cosmo_sso/judge/request.h"
#include "paths.h"

#define FIRST_TIMEOUT_MS ((int64_t)10 * 1000)

static enum cosmo_err answer(struct request *request)
{
	enum message_type type = message_type(request->message);

	if (type == MESSAGE_JUDGE_SIGN_IN)
		return request_sign_in(request);
	if (type == MESSAGE_JUDGE_PROBE)
		return request_probe(request);
	if (type == MESSAGE_JUDGE_RULES)
		return request_rules(request);
	if (type == MESSAGE_JUDGE_VERIFY)
		return request_verify(request);
	if (type == MESSAGE_JUDGE_CHECK)
		return request_check(request);
	if (type == MESSAGE_JUDGE_REVOKE)
		return request_revoke(request);
	if (type == MESSAGE_JUDGE_REFRESH)
		return request_refresh(request);
	return COSMO_E_PROTOCOL;
}

static enum cosmo_err fail(struct request *request, enum cosmo_err err)
{
	struct message *message = NULL;

	if (message_new(MESSAGE_JUDGE_FAILED, &message))
		return COSMO_E_NOMEM;
	message_put_err(message, err);
	if (request->why.text[0])
		message_put_str(message, FIELD_DETAIL, request->why.text);
	message_put_str(message, FIELD_STEP_ID, request->step);
	if (request->idp_time_s > 0)
		message_put_u64(message, FIELD_IDP_TIME_S, (uint64_t)request->idp_time_s);
	return request_send(request, message);
}

static enum cosmo_err serve(void)
{
	struct dialogue peer = dialogue_init(SPAWN_PEER_FD, CHANNEL_JUDGE, SIDE_SERVER);
	struct dialogue fetch = dialogue_init(SPAWN_SECOND_FD, CHANNEL_FETCH, SIDE_CLIENT);
	COSMO_AUTO(message_free) struct message *message = NULL;
	struct request request = {.peer = &peer, .fetch = &fetch};
	enum cosmo_err err = dialogue_recv(&peer, fdio_boot_ms() + FIRST_TIMEOUT_MS, &message);

	if (err)
		return err;
	request.message = message;
	err = answer(&request);
	return err ? fail(&request, err) : COSMO_OK;
}

/* Without its configuration file, which OpenSSL would open when it is first used. */
static enum cosmo_err start_crypto(void)
{
	openssl_memory_watch();
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 ? COSMO_OK
									   : COSMO_E_INTERNAL;
}

int main(void)
{
	const bool has_fetch = fcntl(SPAWN_SECOND_FD, F_GETFD) >= 0;
	const struct sandbox_profile profile = {
		.user = COSMO_JUDGE_USER,
		.last_fd = has_fetch ? SPAWN_SECOND_FD : SPAWN_PEER_FD,
		.isolate_network = true,
		.max_fds = 16,
		.max_cpu_s = 60,
		.max_data_bytes = (size_t)64 * 1024 * 1024,
	};
	enum cosmo_err err = sandbox_enter(&profile);

	if (!err)
		err = start_crypto();
	if (!err)
		err = serve();
	return err ? 1 : 0;
}
