/* SPDX-License-Identifier: MIT */
#include "tests/unit/judge/fetch_stand_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "common/fetch_method.h"

const char fetch_discovery[] =
	"{\"issuer\":\"" FETCH_ISSUER "\",\"device_authorization_endpoint\":\"" FETCH_ISSUER
	"/device\",\"token_endpoint\":\"" FETCH_ISSUER "/token\",\"jwks_uri\":\"" FETCH_ISSUER
	"/jwks\",\"userinfo_endpoint\":\"" FETCH_ISSUER
	"/me\",\"scopes_supported\":[\"openid\",\"offline_access\"]}";

void fetch_start(struct fetch_stand_in *fetch)
{
	int ends[2] = {-1, -1};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	fetch->fd = ends[0];
	fetch->dialogue = dialogue_init(ends[1], CHANNEL_FETCH, SIDE_CLIENT);
}

void fetch_stop(struct fetch_stand_in *fetch)
{
	close(fetch->fd);
	close(fetch->dialogue.fd);
}

int fetch_set_up(void **state)
{
	fetch_start(*state);
	return 0;
}

int fetch_put_away(void **state)
{
	fetch_stop(*state);
	return 0;
}

static void lay(struct fetch_stand_in *fetch, struct message *message)
{
	const unsigned char *frame = NULL;
	size_t len = 0;

	assert_int_equal(message_encode(message, &frame, &len), COSMO_OK);
	assert_int_equal(send(fetch->fd, frame, len, MSG_DONTWAIT), (ssize_t)len);
	message_free(message);
}

void fetch_lay(struct fetch_stand_in *fetch, struct fetch_answer answer)
{
	struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_FETCH_RESPONSE, &message), COSMO_OK);
	message_put_u64(message, FIELD_HTTP_STATUS, answer.status);
	message_put_bytes(message, FIELD_BODY, answer.body, strlen(answer.body));
	if (answer.date_s)
		message_put_u64(message, FIELD_DATE_S, (uint64_t)answer.date_s);
	if (answer.retry_after_s >= 0)
		message_put_u64(message, FIELD_RETRY_AFTER_S, (uint64_t)answer.retry_after_s);
	if (answer.max_age_s >= 0)
		message_put_u64(message, FIELD_MAX_AGE_S, (uint64_t)answer.max_age_s);
	lay(fetch, message);
}

void fetch_lay_body(struct fetch_stand_in *fetch, unsigned int status, const char *body)
{
	fetch_lay(fetch,
		(struct fetch_answer){
			.status = status, .body = body, .retry_after_s = -1, .max_age_s = -1});
}

void fetch_lay_failure(struct fetch_stand_in *fetch, enum cosmo_err err, const char *detail)
{
	struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_FETCH_FAILED, &message), COSMO_OK);
	message_put_err(message, err);
	message_put_str(message, FIELD_DETAIL, detail);
	lay(fetch, message);
}

struct message *fetch_request(struct fetch_stand_in *fetch)
{
	static unsigned char frame[MESSAGE_HEADER_BYTES + COSMO_MAX_MESSAGE_BYTES];
	struct message *message = NULL;
	size_t len = 0;

	if (recv(fetch->fd, frame, MESSAGE_HEADER_BYTES, MSG_DONTWAIT) !=
		(ssize_t)MESSAGE_HEADER_BYTES)
		return NULL;
	assert_int_equal(message_decode_header(frame, &len), COSMO_OK);
	assert_int_equal(
		recv(fetch->fd, frame + MESSAGE_HEADER_BYTES, len, MSG_DONTWAIT), (ssize_t)len);
	assert_int_equal(message_decode(frame, MESSAGE_HEADER_BYTES + len, &message), COSMO_OK);
	return message;
}

void fetch_expect(struct fetch_stand_in *fetch, const char *path, const char *body)
{
	COSMO_AUTO(message_free) struct message *message = fetch_request(fetch);
	char url[512] = "";
	const char *sent = NULL;
	size_t len = 0;

	assert_non_null(message);
	snprintf(url, sizeof(url), FETCH_ISSUER "%s", path);
	assert_string_equal(message_str(message, FIELD_URL), url);
	assert_int_equal(message_u64(message, FIELD_METHOD, 99), body ? FETCH_POST : FETCH_GET);
	sent = message_bytes(message, FIELD_BODY, &len);
	if (!body)
		assert_false(message_has(message, FIELD_BODY));
	if (!body)
		return;
	assert_int_equal(len, strlen(body));
	assert_memory_equal(sent, body, len);
}

void fetch_expect_none(struct fetch_stand_in *fetch)
{
	COSMO_AUTO(message_free) struct message *message = fetch_request(fetch);

	assert_null(message);
}

struct message *fetch_question(void)
{
	struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_JUDGE_SIGN_IN, &message), COSMO_OK);
	message_put_str(message, FIELD_ISSUER, FETCH_ISSUER);
	message_put_str(message, FIELD_CLIENT_ID, "cosmo");
	message_put_u64(message, FIELD_CLIENT_AUTH, CLIENT_AUTH_NONE);
	message_put_str(message, FIELD_SCOPES, "openid profile");
	message_put_str(message, FIELD_ALG, "RS256");
	message_put_str(message, FIELD_ALG, "ES256");
	message_put_u64(message, FIELD_SKEW_S, 60);
	message_put_u64(message, FIELD_DEADLINE_MS, 110000);
	message_put_str(message, FIELD_USERNAME_CLAIM, "preferred_username");
	message_put_str(message, FIELD_SUBJECT_CLAIM, "sub");
	message_put_str(message, FIELD_NAME_CLAIM, "name");
	message_put_str(message, FIELD_ROLES_CLAIM, "groups");
	message_put_str(message, FIELD_RULE, "admin = admins");
	message_put_u64(message, FIELD_KEEP_DOMAINS, 0);
	return message;
}
