/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/device_flow.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "common/base/fdio.h"

#define GRANT_TYPE     "urn:ietf:params:oauth:grant-type:device_code"
#define OFFLINE_ACCESS "offline_access"

/* Is @word one of the words of @list, which blanks separate? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strcspn(at, " ") == len && strncmp(at, word, len) == 0)
			return true;
	}
	return false;
}

static void add_scopes(
	const struct setup *setup, const struct discovery *discovery, struct form *form)
{
	char scopes[1100] = ""; /* FIELD_SCOPES has at most 1024 */
	bool is_missing = discovery_has_scope(discovery, OFFLINE_ACCESS) &&
			  !has_word(setup->scopes, OFFLINE_ACCESS);

	(void)snprintf(scopes, sizeof(scopes), "%s%s", setup->scopes,
		is_missing ? " " OFFLINE_ACCESS : "");
	form_add(form, "scope", scopes);
}

/* A POST with the client's authentication; the reply's JSON is NULL when there is none. */
static enum cosmo_err post(const struct setup *setup, const char *url, struct form *form,
	struct reason *why, struct idp_response *ret, struct json_object **ret_json)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *authorization = NULL;
	enum cosmo_err err = client_authenticate(&setup->client, form, &authorization);

	if (err == COSMO_E_IDP_CLIENT)
		return reason_give(why, err, "client_auth needs a client secret; none is set");
	if (err == COSMO_OK)
		err = idp_post(&setup->idp, url, form, authorization, why, ret);
	if (err != COSMO_OK)
		return err;
	err = json_parse(ret->body, ret->body_len, ret_json);
	return err == COSMO_E_FORMAT ? COSMO_OK : err;
}

static struct oauth_reply reply_of(const struct idp_response *response, struct json_object *json)
{
	return (struct oauth_reply){
		.http_status = response->http_status,
		.json = json,
		.retry_after_s = response->retry_after_s,
	};
}

enum cosmo_err device_flow_begin(const struct setup *setup, const struct discovery *discovery,
	struct reason *why, struct device_grant **ret, int64_t *ret_date_s)
{
	COSMO_AUTO(form_free) struct form *form = NULL;
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	struct oauth_reply reply = {.json = NULL};
	char max_age[24] = "";
	enum cosmo_err err = form_new(&form);

	if (err != COSMO_OK)
		return err;
	add_scopes(setup, discovery, form);
	form_add(form, "audience", setup->audience);
	form_add(form, "acr_values", setup->acr);
	(void)snprintf(max_age, sizeof(max_age), "%" PRId64, setup->max_age_s);
	form_add(form, "max_age", setup->max_age_s > 0 ? max_age : NULL);
	err = post(setup, discovery_device_endpoint(discovery), form, why, &response, &json);
	if (err != COSMO_OK)
		return err;
	reply = reply_of(&response, json);
	err = device_grant_open(&reply, fdio_boot_ms(), setup->idp.deadline_ms, why, ret);
	if (err == COSMO_OK)
		*ret_date_s = response.date_s;
	return err;
}

/* Wait until @until_ms, or until the peer ends or says something, which it has no right to. */
static enum cosmo_err wait_until(int peer_fd, int64_t until_ms)
{
	for (;;) {
		struct pollfd peer = {.fd = peer_fd, .events = POLLIN};
		int64_t left_ms = until_ms - fdio_boot_ms();
		int ready = 0;

		if (left_ms <= 0)
			return COSMO_OK;
		ready = poll(&peer, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
		if (ready > 0)
			return peer.revents & (POLLHUP | POLLERR | POLLNVAL) ? COSMO_E_PEER_GONE
									     : COSMO_E_PROTOCOL;
	}
}

/* One question to the token endpoint; *ret only with DEVICE_TOKENS. */
static struct device_step ask(const struct setup *setup, const struct discovery *discovery,
	struct device_grant *grant, struct reason *why, struct token_response **ret)
{
	COSMO_AUTO(form_free) struct form *form = NULL;
	COSMO_AUTO(json_free) struct json_object *json = NULL;
	IDP_RESPONSE_AUTO struct idp_response response = {.message = NULL};
	struct oauth_reply reply = {.json = NULL};
	struct device_step step = {.action = DEVICE_END};
	enum cosmo_err err = form_new(&form);

	if (err == COSMO_OK) {
		form_add(form, "grant_type", GRANT_TYPE);
		form_add_secret(form, "device_code", device_grant_device_code(grant));
		err = post(setup, discovery_token_endpoint(discovery), form, why, &response, &json);
	}
	if (err != COSMO_OK)
		return device_grant_fault(grant, err, fdio_boot_ms());
	reply = reply_of(&response, json);
	step = device_grant_reply(grant, &reply, fdio_boot_ms(), why);
	if (step.action != DEVICE_TOKENS)
		return step;
	err = token_response_parse(json, response.date_s, why, ret);
	if (err != COSMO_OK)
		return (struct device_step){.action = DEVICE_END, .err = err};
	return step;
}

enum cosmo_err device_flow_finish(const struct setup *setup, const struct discovery *discovery,
	struct device_grant *grant, int peer_fd, struct reason *why, struct token_response **ret)
{
	struct device_step step = device_grant_begin(grant, fdio_boot_ms());

	for (;;) {
		enum cosmo_err err = wait_until(peer_fd, step.at_ms);

		if (err != COSMO_OK)
			return err;
		if (step.action == DEVICE_END)
			return step.err;
		*why = (struct reason){.text = ""};
		step = ask(setup, discovery, grant, why, ret);
		if (step.action == DEVICE_TOKENS)
			return COSMO_OK;
	}
}
