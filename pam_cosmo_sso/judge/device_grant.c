/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/device_grant.h"

#include "common/https_url.h"

#define MAX_URI_BYTES          511
#define MAX_COMPLETE_URI_BYTES 1023
#define MAX_USER_CODE_BYTES    63
#define MAX_BACK_OFF_S         60

struct device_grant {
	struct cosmo_secret *device_code;
	char user_code[MAX_USER_CODE_BYTES + 1];
	char uri[MAX_URI_BYTES + 1];
	char complete_uri[MAX_COMPLETE_URI_BYTES + 1]; /* empty: none */
	int64_t expires_in_s;
	int64_t interval_s;
	int64_t code_end_ms; /* the code's own end */
	int64_t end_ms;      /* the earlier of that and the deadline */
	unsigned int faults; /* in a row */
};

void device_grant_free(struct device_grant *grant)
{
	if (!grant)
		return;
	secret_free(grant->device_code);
	explicit_bzero(grant, sizeof(*grant));
	free(grant);
}

static enum cosmo_err lacks(const char *name, struct reason *why)
{
	return reason_give(why, COSMO_E_IDP_FIELD,
		"device authorization response: %s is missing or unusable", name);
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static bool copy_uri(struct json_object *json, const char *name, size_t max_len, char *ret)
{
	const char *text = NULL;

	if (json_str(json, name, max_len, &text) != COSMO_OK || !https_url_is_usable(text))
		return false;
	memcpy(ret, text, strlen(text) + 1);
	return true;
}

/* What the person gets to see. "verification_url" is Google's spelling. */
static enum cosmo_err read_shown(
	struct device_grant *grant, struct json_object *json, struct reason *why)
{
	const char *code = NULL;
	const char *uri_name =
		json_has(json, "verification_uri") ? "verification_uri" : "verification_url";

	if (!copy_uri(json, uri_name, MAX_URI_BYTES, grant->uri))
		return lacks("verification_uri", why);
	if (!copy_uri(
		    json, "verification_uri_complete", MAX_COMPLETE_URI_BYTES, grant->complete_uri))
		grant->complete_uri[0] = '\0'; /* optional: the plain one serves */
	if (json_str(json, "user_code", MAX_USER_CODE_BYTES, &code) != COSMO_OK ||
		!is_printable(code))
		return lacks("user_code", why);
	memcpy(grant->user_code, code, strlen(code) + 1);
	return COSMO_OK;
}

static enum cosmo_err read_times(
	struct device_grant *grant, struct json_object *json, struct reason *why)
{
	enum cosmo_err err = json_seconds(json, "interval", &grant->interval_s);

	if (err == COSMO_E_NOT_FOUND || (err == COSMO_OK && grant->interval_s == 0))
		grant->interval_s = DEVICE_GRANT_INTERVAL_S;
	else if (err != COSMO_OK)
		return lacks("interval", why);
	if (json_seconds(json, "expires_in", &grant->expires_in_s) != COSMO_OK ||
		grant->expires_in_s == 0)
		return lacks("expires_in", why);
	if (grant->expires_in_s > DEVICE_GRANT_MAX_EXPIRES_S)
		grant->expires_in_s = DEVICE_GRANT_MAX_EXPIRES_S;
	if (grant->interval_s > DEVICE_GRANT_MAX_EXPIRES_S)
		grant->interval_s = DEVICE_GRANT_MAX_EXPIRES_S;
	return COSMO_OK;
}

static enum cosmo_err read_reply(
	struct device_grant *grant, struct json_object *json, struct reason *why)
{
	const char *device_code = NULL;
	enum cosmo_err err = read_shown(grant, json, why);

	if (err == COSMO_OK)
		err = read_times(grant, json, why);
	if (err != COSMO_OK)
		return err;
	if (json_str(json, "device_code", DEVICE_GRANT_MAX_CODE_BYTES, &device_code) != COSMO_OK)
		return lacks("device_code", why);
	return secret_new(device_code, strlen(device_code), &grant->device_code);
}

/* An answer without "error" that is no success either, such as a proxy's own JSON. */
static enum cosmo_err error_of_device_reply(const struct oauth_reply *reply, struct reason *why)
{
	enum cosmo_err err = oauth_reply_error(reply, why);

	if (err == COSMO_E_INVALID_GRANT)
		return COSMO_E_IDP_GRANT_TYPE;
	if (err == COSMO_E_SLOW_DOWN)
		return COSMO_E_IDP_RATE;
	if (err == COSMO_E_PENDING || err == COSMO_E_CODE_EXPIRED)
		return COSMO_E_IDP_ERROR;
	if (err == COSMO_OK && !json_has(reply->json, "device_code") &&
		(reply->http_status < 200 || reply->http_status > 299))
		return reason_give(why, COSMO_E_IDP_STATUS, "HTTP status %u", reply->http_status);
	return err;
}

enum cosmo_err device_grant_open(const struct oauth_reply *reply, int64_t now_ms,
	int64_t deadline_ms, struct reason *why, struct device_grant **ret)
{
	COSMO_AUTO(device_grant_free) struct device_grant *grant = NULL;
	enum cosmo_err err = error_of_device_reply(reply, why);

	if (err != COSMO_OK)
		return err;
	grant = calloc(1, sizeof(*grant));
	if (!grant)
		return COSMO_E_NOMEM;
	err = read_reply(grant, reply->json, why);
	if (err != COSMO_OK)
		return err;
	grant->code_end_ms = now_ms + grant->expires_in_s * 1000;
	grant->end_ms = grant->code_end_ms < deadline_ms ? grant->code_end_ms : deadline_ms;
	*ret = COSMO_STEAL(&grant);
	return COSMO_OK;
}

const struct cosmo_secret *device_grant_device_code(const struct device_grant *grant)
{
	return grant->device_code;
}

const char *device_grant_user_code(const struct device_grant *grant)
{
	return grant->user_code;
}

const char *device_grant_verification_uri(const struct device_grant *grant)
{
	return grant->uri;
}

const char *device_grant_verification_uri_complete(const struct device_grant *grant)
{
	return grant->complete_uri[0] ? grant->complete_uri : NULL;
}

int64_t device_grant_expires_in_s(const struct device_grant *grant)
{
	return grant->expires_in_s;
}

int64_t device_grant_interval_s(const struct device_grant *grant)
{
	return grant->interval_s;
}

static enum cosmo_err end_err(const struct device_grant *grant)
{
	return grant->end_ms == grant->code_end_ms ? COSMO_E_CODE_EXPIRED : COSMO_E_DEADLINE;
}

static struct device_step end_at(int64_t at_ms, enum cosmo_err err)
{
	return (struct device_step){.action = DEVICE_END, .at_ms = at_ms, .err = err};
}

/* The person may still approve, though too late for another question: wait for the end. */
static struct device_step poll_after(
	const struct device_grant *grant, int64_t now_ms, int64_t wait_s)
{
	int64_t at_ms = now_ms + wait_s * 1000;

	if (at_ms >= grant->end_ms)
		return end_at(grant->end_ms, end_err(grant));
	return (struct device_step){.action = DEVICE_POLL, .at_ms = at_ms, .err = COSMO_OK};
}

struct device_step device_grant_begin(const struct device_grant *grant, int64_t now_ms)
{
	return poll_after(grant, now_ms, grant->interval_s);
}

static int64_t back_off_s(const struct device_grant *grant)
{
	int64_t wait_s = grant->interval_s;

	for (unsigned int i = 0; i < grant->faults && wait_s < MAX_BACK_OFF_S; i++)
		wait_s *= 2;
	return wait_s;
}

/* @least_s is the IdP's Retry-After, which no code outlives by much. */
static int64_t at_least(int64_t wait_s, int64_t least_s)
{
	if (least_s > DEVICE_GRANT_MAX_EXPIRES_S)
		least_s = DEVICE_GRANT_MAX_EXPIRES_S;
	return wait_s < least_s ? least_s : wait_s;
}

/*
 * Section 3.5: after a fault the wait doubles. Nobody to be asked any more before the end is said
 * as what it is, and at once.
 */
static struct device_step retry(
	struct device_grant *grant, enum cosmo_err fault, int64_t least_s, int64_t now_ms)
{
	int64_t wait_s = 0;

	grant->faults++;
	wait_s = at_least(back_off_s(grant), least_s);
	if (now_ms + wait_s * 1000 >= grant->end_ms)
		return end_at(now_ms, fault);
	return poll_after(grant, now_ms, wait_s);
}

struct device_step device_grant_fault(
	struct device_grant *grant, enum cosmo_err fault, int64_t now_ms)
{
	if (!oauth_fault_is_passing(fault))
		return end_at(now_ms, fault);
	return retry(grant, fault, 0, now_ms);
}

/* Neither error nor tokens. */
static enum cosmo_err err_of_empty(const struct oauth_reply *reply, struct reason *why)
{
	if (reply->http_status >= 200 && reply->http_status < 300)
		return reason_give(why, COSMO_E_NO_ID_TOKEN, "token response without tokens");
	return reason_give(why, COSMO_E_IDP_STATUS, "HTTP status %u", reply->http_status);
}

struct device_step device_grant_reply(struct device_grant *grant, const struct oauth_reply *reply,
	int64_t now_ms, struct reason *why)
{
	enum cosmo_err err = oauth_reply_error(reply, why);

	if (err == COSMO_OK &&
		(json_has(reply->json, "id_token") || json_has(reply->json, "access_token")))
		return (struct device_step){.action = DEVICE_TOKENS, .at_ms = now_ms};
	if (err == COSMO_OK)
		err = err_of_empty(reply, why);
	if (err == COSMO_E_PENDING || err == COSMO_E_SLOW_DOWN)
		grant->faults = 0;
	if (err == COSMO_E_PENDING)
		return poll_after(grant, now_ms, grant->interval_s);
	if (err == COSMO_E_SLOW_DOWN) {
		grant->interval_s += DEVICE_GRANT_SLOW_DOWN_S;
		return poll_after(grant, now_ms, at_least(grant->interval_s, reply->retry_after_s));
	}
	if (oauth_reply_is_passing(reply, err))
		return retry(grant, err, reply->retry_after_s, now_ms);
	/* Auth0 says expired_token once and invalid_grant from then on. */
	if (err == COSMO_E_INVALID_GRANT && now_ms >= grant->code_end_ms)
		err = COSMO_E_CODE_EXPIRED;
	return end_at(now_ms, err);
}
