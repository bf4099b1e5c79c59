/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/device_flow.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/judge/oauth_post.h"

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

/* Take @word out of @list, wherever it is one of its words. */
static void cut_word(char *list, const char *word)
{
	size_t len = strlen(word);
	char *at = list;

	while (*at) {
		size_t blanks = strspn(at, " ");
		size_t size = strcspn(at + blanks, " ");
		char *end = at + blanks + size;

		if (size == len && strncmp(at + blanks, word, len) == 0)
			memmove(at, end, strlen(end) + 1);
		else
			at = end;
	}
}

/* Is offline_access asked for without being configured? */
static bool adds_offline(const struct setup *setup, const struct discovery *discovery)
{
	return !setup->is_once && discovery_has_scope(discovery, OFFLINE_ACCESS) &&
	       !has_word(setup->scopes, OFFLINE_ACCESS);
}

static void add_scopes(const struct setup *setup, bool with_offline, struct form *form)
{
	char scopes[1100] = ""; /* FIELD_SCOPES has at most 1024 */

	(void)snprintf(scopes, sizeof(scopes), "%s%s", setup->scopes,
		with_offline ? " " OFFLINE_ACCESS : "");
	if (setup->is_once)
		cut_word(scopes, OFFLINE_ACCESS);
	form_add(form, "scope", scopes + strspn(scopes, " "));
}

static enum cosmo_err ask_for_code(const struct setup *setup, const struct discovery *discovery,
	bool with_offline, struct reason *why, struct device_start *ret)
{
	COSMO_AUTO(form_free) struct form *form = NULL;
	OAUTH_ANSWER_AUTO struct oauth_answer answer = {.json = NULL};
	struct oauth_reply reply = {.json = NULL};
	char max_age[24] = "";
	enum cosmo_err err = form_new(&form);

	if (err != COSMO_OK)
		return err;
	add_scopes(setup, with_offline, form);
	form_add(form, "audience", setup->audience);
	form_add(form, "acr_values", setup->acr);
	(void)snprintf(max_age, sizeof(max_age), "%" PRId64, setup->max_age_s);
	form_add(form, "max_age", setup->max_age_s > 0 ? max_age : NULL);
	err = oauth_post(setup, discovery_device_endpoint(discovery), form, why, &answer);
	if (err != COSMO_OK)
		return err;
	reply = oauth_answer_reply(&answer);
	err = device_grant_open(&reply, fdio_boot_ms(), setup->idp.deadline_ms, why, &ret->grant);
	if (err == COSMO_OK)
		ret->date_s = answer.response.date_s;
	return err;
}

/* Many providers list the scope for all and allow it to some clients only. Who did not ask for it
 * by name is to get in without it. */
enum cosmo_err device_flow_begin(const struct setup *setup, const struct discovery *discovery,
	struct reason *why, struct device_start *ret)
{
	bool with_offline = adds_offline(setup, discovery);
	enum cosmo_err err = COSMO_OK;

	*ret = (struct device_start){
		.has_offline_access = discovery_has_scope(discovery, OFFLINE_ACCESS)};
	err = ask_for_code(setup, discovery, with_offline, why, ret);
	if (err != COSMO_E_IDP_SCOPE || !with_offline)
		return err;
	ret->has_offline_access = false;
	*why = (struct reason){.text = ""};
	return ask_for_code(setup, discovery, false, why, ret);
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
	OAUTH_ANSWER_AUTO struct oauth_answer answer = {.json = NULL};
	struct oauth_reply reply = {.json = NULL};
	struct device_step step = {.action = DEVICE_END};
	enum cosmo_err err = form_new(&form);

	if (err == COSMO_OK) {
		form_add(form, "grant_type", GRANT_TYPE);
		form_add_secret(form, "device_code", device_grant_device_code(grant));
		err = oauth_post(setup, discovery_token_endpoint(discovery), form, why, &answer);
	}
	if (err != COSMO_OK)
		return device_grant_fault(grant, err, fdio_boot_ms());
	reply = oauth_answer_reply(&answer);
	reply.sent = device_grant_device_code(grant);
	step = device_grant_reply(grant, &reply, fdio_boot_ms(), why);
	if (step.action != DEVICE_TOKENS)
		return step;
	err = token_response_parse(answer.json, answer.response.date_s, why, ret);
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
