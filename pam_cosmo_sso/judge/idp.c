/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/idp.h"

#include <poll.h>

#include "common/base/fdio.h"
#include "common/fetch_method.h"

/* How much longer than the request itself an answer of fetch may take. */
#define FETCH_GRACE_MS 2000

void idp_response_done(struct idp_response *response)
{
	message_free(response->message);
	*response = (struct idp_response){.message = NULL};
}

static int64_t within(int64_t limit_ms, int64_t left_ms)
{
	return left_ms < limit_ms ? left_ms : limit_ms;
}

static enum cosmo_err failure(const struct message *answer, struct reason *why)
{
	enum cosmo_err err = message_err(answer);
	const char *detail = message_str(answer, FIELD_DETAIL);

	/* What an IdP or a person says is never fetch's to report. */
	switch (cosmo_err_class(err)) {
	case COSMO_CLASS_UNREACHABLE:
	case COSMO_CLASS_MISCONFIGURED:
	case COSMO_CLASS_INTERNAL:
		return reason_give(why, err, "%s", detail ? detail : "");
	case COSMO_CLASS_OK:
	case COSMO_CLASS_DENIED:
	case COSMO_CLASS_BUSY:
	case COSMO_CLASS_NOT_OURS:
		break;
	}
	return reason_give(why, COSMO_E_PROTOCOL, "fetch reported what is not its business");
}

/* Seconds of a field as a signed number that later sums cannot overflow. */
static int64_t seconds(const struct message *answer, enum message_field field, int64_t absent_s)
{
	uint64_t value_s = message_u64(answer, field, 0);

	if (!message_has(answer, field))
		return absent_s;
	return value_s > INT32_MAX && field != FIELD_DATE_S ? INT32_MAX
	       : value_s > (uint64_t)INT64_MAX / 4          ? INT64_MAX / 4
							    : (int64_t)value_s;
}

static enum cosmo_err read_answer(
	struct message *answer, struct reason *why, struct idp_response *ret)
{
	const void *body = NULL;
	size_t body_len = 0;

	if (message_type(answer) == MESSAGE_FETCH_FAILED)
		return failure(answer, why);
	if (message_type(answer) != MESSAGE_FETCH_RESPONSE)
		return COSMO_E_PROTOCOL;
	body = message_bytes(answer, FIELD_BODY, &body_len);
	*ret = (struct idp_response){
		.message = answer,
		.http_status = (unsigned int)message_u64(answer, FIELD_HTTP_STATUS, 0),
		.body = body ? body : "",
		.body_len = body_len,
		.date_s = seconds(answer, FIELD_DATE_S, 0),
		.max_age_s = seconds(answer, FIELD_MAX_AGE_S, -1),
		.retry_after_s = seconds(answer, FIELD_RETRY_AFTER_S, 0),
	};
	return COSMO_OK;
}

static bool has_answer(const struct idp *idp)
{
	struct pollfd fetch = {.fd = idp->fetch->fd, .events = POLLIN};

	return poll(&fetch, 1, 0) != 0;
}

static void use_the_time(const struct idp *idp)
{
	while (idp->meanwhile && !has_answer(idp) && idp->meanwhile(idp->meanwhile_of))
		;
}

/* Complete @request, send it, wait for the answer. */
static enum cosmo_err exchange(const struct idp *idp, struct message *request, const char *url,
	const struct cosmo_secret *authorization, struct reason *why, struct idp_response *ret)
{
	COSMO_AUTO(message_free) struct message *answer = NULL;
	int64_t now_ms = fdio_boot_ms();
	int64_t left_ms = idp->deadline_ms - now_ms;
	int64_t timeout_ms = idp->is_patient ? left_ms : within(IDP_TIMEOUT_MS, left_ms);
	int64_t answer_by_ms = now_ms + timeout_ms + FETCH_GRACE_MS;
	enum cosmo_err err = COSMO_OK;

	if (left_ms <= 0)
		return reason_give(why, COSMO_E_DEADLINE, "no time left for a request");
	message_put_str(request, FIELD_URL, url);
	message_put_str(request, FIELD_PROXY, idp->proxy);
	if (idp->ca_pem)
		message_put_bytes(request, FIELD_CA_PEM, idp->ca_pem, idp->ca_pem_len);
	if (authorization)
		message_put_secret(request, FIELD_AUTHORIZATION, authorization);
	message_put_u64(request, FIELD_CONNECT_TIMEOUT_MS,
		(uint64_t)within(IDP_CONNECT_TIMEOUT_MS, left_ms));
	message_put_u64(request, FIELD_TIMEOUT_MS, (uint64_t)timeout_ms);
	err = dialogue_send(idp->fetch, request, answer_by_ms);
	if (err == COSMO_OK)
		use_the_time(idp);
	if (err == COSMO_OK)
		err = dialogue_recv(idp->fetch, answer_by_ms, &answer);
	if (err != COSMO_OK)
		return reason_give(why, err, "talking to fetch: %s", cosmo_err_id(err));
	err = read_answer(answer, why, ret);
	if (err == COSMO_OK)
		answer = NULL; /* the response's now */
	return err;
}

enum cosmo_err idp_get(const struct idp *idp, const char *url,
	const struct cosmo_secret *authorization, struct reason *why, struct idp_response *ret)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = message_new(MESSAGE_FETCH_REQUEST, &request);

	if (err != COSMO_OK)
		return err;
	message_put_u64(request, FIELD_METHOD, FETCH_GET);
	return exchange(idp, request, url, authorization, why, ret);
}

enum cosmo_err idp_post(const struct idp *idp, const char *url, const struct form *form,
	const struct cosmo_secret *authorization, struct reason *why, struct idp_response *ret)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	const char *body = NULL;
	size_t body_len = 0;
	enum cosmo_err err = form_body(form, &body, &body_len);

	if (err == COSMO_OK)
		err = message_new(MESSAGE_FETCH_REQUEST, &request);
	if (err != COSMO_OK)
		return err;
	message_put_u64(request, FIELD_METHOD, FETCH_POST);
	message_put_bytes(request, FIELD_BODY, body, body_len);
	return exchange(idp, request, url, authorization, why, ret);
}
