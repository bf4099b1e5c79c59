/* SPDX-License-Identifier: MIT */
/*
 * cosmo-sso-fetch: HTTPS for the judge, which has no network. Request in, answer out, until the
 * judge's socket ends; knows nothing of what the bytes mean. Logs nothing.
 */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/dialogue.h"
#include "common/message.h"
#include "common/sandbox.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/fetch/http.h"
#include "paths.h"

/* No sign-in lasts longer; a judge that forgets us must not keep us for ever. */
#define LIFE_MS ((int64_t)60 * 60 * 1000)

/* The judge waits for every answer, so it takes it at once. */
#define SEND_TIMEOUT_MS ((int64_t)10 * 1000)

static struct http_request request_of(const struct message *message)
{
	uint64_t method = message_u64(message, FIELD_METHOD, UINT64_MAX);
	struct http_request request = {
		.method = (enum fetch_method)(method > FETCH_POST ? FETCH_POST + 1 : method),
		.url = message_str(message, FIELD_URL),
		.proxy = message_str(message, FIELD_PROXY),
		.connect_timeout_ms = message_u64(message, FIELD_CONNECT_TIMEOUT_MS, 0),
		.timeout_ms = message_u64(message, FIELD_TIMEOUT_MS, 0),
	};

	request.ca_pem = message_bytes(message, FIELD_CA_PEM, &request.ca_pem_len);
	request.body = message_bytes(message, FIELD_BODY, &request.body_len);
	request.authorization =
		message_bytes(message, FIELD_AUTHORIZATION, &request.authorization_len);
	return request;
}

static void put_if_told(struct message *message, enum message_field field, int64_t value)
{
	if (value >= 0)
		message_put_u64(message, field, (uint64_t)value);
}

static enum cosmo_err response_message(const struct http_response *response, struct message **ret)
{
	enum cosmo_err err = message_new(MESSAGE_FETCH_RESPONSE, ret);

	if (err)
		return err;
	message_put_u64(*ret, FIELD_HTTP_STATUS, response->status);
	message_put_bytes(*ret, FIELD_BODY, response->body, response->body_len);
	put_if_told(*ret, FIELD_DATE_S, response->date_s);
	put_if_told(*ret, FIELD_RETRY_AFTER_S, response->retry_after_s);
	put_if_told(*ret, FIELD_MAX_AGE_S, response->max_age_s);
	return COSMO_OK;
}

static enum cosmo_err failed_message(enum cosmo_err why, const char *detail, struct message **ret)
{
	enum cosmo_err err = message_new(MESSAGE_FETCH_FAILED, ret);

	if (err)
		return err;
	message_put_err(*ret, why);
	if (detail[0])
		message_put_str(*ret, FIELD_DETAIL, detail);
	return COSMO_OK;
}

/* What to answer; an error only where there is nobody left to answer, or no memory for it. */
static enum cosmo_err answer_of(
	struct http *http, const struct message *message, int peer_fd, struct message **ret)
{
	struct http_request request = request_of(message);
	struct http_response response = {0};
	enum cosmo_err err = http_exchange(http, &request, peer_fd, &response);

	if (err == COSMO_E_PEER_GONE)
		return err;
	if (err)
		return failed_message(err, http_detail(http), ret);
	return response_message(&response, ret);
}

static enum cosmo_err serve_one(struct dialogue *dialogue, struct http *http, int64_t end_boot_ms)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = dialogue_recv(dialogue, end_boot_ms, &request);

	if (err)
		return err;
	err = answer_of(http, request, dialogue->fd, &answer);
	if (err)
		return err;
	err = dialogue_send(dialogue, answer, fdio_boot_ms() + SEND_TIMEOUT_MS);
	http_forget(http);
	return err;
}

static enum cosmo_err serve(int peer_fd, struct http *http)
{
	struct dialogue dialogue = dialogue_init(peer_fd, CHANNEL_FETCH, SIDE_SERVER);
	int64_t end_boot_ms = fdio_boot_ms() + LIFE_MS;
	enum cosmo_err err = COSMO_OK;

	while (!err)
		err = serve_one(&dialogue, http, end_boot_ms);
	return err;
}

int main(void)
{
	static const struct sandbox_profile profile = {
		.user = COSMO_FETCH_USER,
		.last_fd = SPAWN_PEER_FD,
		.max_fds = 64,
		.max_tasks = 4096, /* of the user: a thread for each look-up of each sign-in */
		.max_cpu_s = 60,
		.max_data_bytes = (size_t)64 * 1024 * 1024,
	};
	/* Ours to the end and left to _exit(): a name look-up may still run in it. */
	struct http *http = NULL;
	enum cosmo_err err = sandbox_enter(&profile);

	if (err)
		_exit(EXIT_FAILURE);
	/* One arena: libcurl's look-up threads would each dirty one of their own. */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread was started yet */
	(void)mallopt(M_ARENA_MAX, 1);
	(void)signal(SIGPIPE, SIG_IGN);
	err = http_new(&http);
	if (!err)
		err = serve(SPAWN_PEER_FD, http);
	_exit(err == COSMO_E_PEER_GONE ? EXIT_SUCCESS : EXIT_FAILURE);
}
