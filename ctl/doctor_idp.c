/* SPDX-License-Identifier: MIT */
/* doctor: is everything that a sign-in needs of the IdP there? What is wrong with it, stage by
 * stage. */
#include "ctl/doctor_idp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ctl/advice.h"
#include "ctl/ask.h"
#include "ctl/doctor_conf.h"
#include "ctl/probe_report.h"
#include "paths.h"

#define SCHEME "https://"

/* For all checks of the run; this program has one thread. */
static struct {
	bool is_asked;
	enum cosmo_err err;
	struct message *item;
} probed;

static enum cosmo_err ask(void)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(ask_free) struct ask *asked = NULL;
	enum cosmo_err err = message_new(MESSAGE_CTL_PROBE, &request);

	if (!err)
		err = ask_helper(request, &asked);
	while (!err && !probed.item) {
		COSMO_AUTO(message_free) struct message *answer = NULL;

		err = ask_next(asked, &answer);
		if (!err && message_type(answer) == MESSAGE_PROBE_ITEM)
			probed.item = COSMO_STEAL(&answer);
		else if (!err && message_type(answer) == MESSAGE_RESULT)
			err = message_err(answer) ? message_err(answer) : COSMO_E_PROTOCOL;
	}
	return err;
}

const struct message *doctor_idp_probe(struct doctor_list *list)
{
	if (!probed.is_asked)
		probed.err = ask();
	probed.is_asked = true;
	if (!probed.err)
		return probed.item;
	doctor_not_checked(list, "nobody could be asked: %s", cosmo_err_text(probed.err));
	return NULL;
}

void doctor_idp_host(const char *issuer, char *ret, size_t ret_size)
{
	const char *host = issuer;

	if (strncmp(host, SCHEME, strlen(SCHEME)) == 0)
		host += strlen(SCHEME);
	/* Within brackets ':' is part of an address. */
	if (*host == '[')
		(void)snprintf(ret, ret_size, "%.*s", (int)strcspn(host + 1, "]/?#"), host + 1);
	else
		(void)snprintf(ret, ret_size, "%.*s", (int)strcspn(host, ":/?#"), host);
}

/* What is wrong, in our own words, and what is to be done about it. */
struct trouble {
	enum cosmo_err err;
	const char *what;
	const char *key; /* of [integration], where it is mended; NULL: not there */
	const char *mend;
};

static const struct trouble troubles[] = {
	{COSMO_E_DNS, "the name of the provider's host does not resolve", NULL,
		"Edit /etc/resolv.conf: name a server that knows the host, or write its address into "
		"/etc/hosts. If the name is wrong: cosmo-ssoctl disconnect, then connect."},
	{COSMO_E_PROXY, "the proxy does not let this host through to the provider", "proxy",
		"write the URL of a proxy that answers and allows CONNECT to the provider's host, or "
		"take it out"},
	{COSMO_E_CONNECT, "nothing answers at the provider's address", "proxy",
		"name the proxy that leads there, as `proxy = http://HOST:PORT`; or, if there is to be "
		"none, open the way in the firewalls between"},
	{COSMO_E_IDP_TIMEOUT, "the provider does not answer in time", "proxy",
		"name the proxy that leads there, as `proxy = http://HOST:PORT`; or, if there is to be "
		"none, open the way in the firewalls between"},
	{COSMO_E_TLS, "what answers at the provider's address does not speak TLS as it should",
		NULL,
		"At the provider: speak TLS 1.2 or later at the issuer's address. If the address is "
		"wrong: cosmo-ssoctl disconnect, then connect."},
	{COSMO_E_IDP_REDIRECT, "the provider sends this host to another address", NULL,
		"cosmo-ssoctl disconnect, then cosmo-ssoctl connect with the issuer's final address: "
		"redirects are not followed"},
	{COSMO_E_IDP_NOT_JSON, "what the provider answers is no JSON", NULL,
		"At the provider: serve the issuer's document. If the address is wrong: cosmo-ssoctl "
		"disconnect, then connect."},
	{COSMO_E_IDP_ISSUER, "the provider names itself by another issuer than the configured one",
		NULL,
		"cosmo-ssoctl disconnect, then cosmo-ssoctl connect with the issuer exactly as the "
		"provider names itself, a '/' at its end included"},
	{COSMO_E_IDP_GONE, "there is no provider behind the issuer's address any more", NULL,
		"At the provider: bring the issuer back. If it has moved: cosmo-ssoctl disconnect, then "
		"connect."},
	{COSMO_E_IDP_NO_DEVICE_GRANT, "the provider offers no device authorization grant", NULL,
		"At the provider: switch the device authorization grant on."},
	{COSMO_E_IDP_NO_KEYS, "the provider publishes no signing key that can be used", NULL,
		"At the provider: publish a key for one of the algorithms in algs."},
	{COSMO_E_IDP_CLIENT, "the provider does not know this client, or takes another secret",
		"client_id",
		"write the client's id as the provider has it, and its secret into "
		"client_secret_file"},
	{COSMO_E_IDP_GRANT_TYPE, "the provider does not allow this client the device grant", NULL,
		"At the provider: allow the device authorization grant for this client."},
	{COSMO_E_IDP_SCOPE, "the provider refuses what this client asks for", "scopes",
		"ask for scopes alone that the provider allows this client"},
	{COSMO_E_IDP_RATE, "the provider has been asked too often and wants to be left alone", NULL,
		"Wait for some minutes. Then: cosmo-ssoctl doctor --check client"},
};

/* Foreign words tell what of a certificate is not right; nothing but this advice goes by them. */
static const struct {
	const char *word;
	const char *key;
	const char *mend;
} certificates[] = {
	{"expired", NULL,
		"At the provider: renew the certificate. If it is good until later, this host's clock is "
		"wrong: timedatectl set-ntp true"},
	{"not yet valid", NULL,
		"At the provider: make the certificate good from now on. If it is, this host's clock is "
		"behind: timedatectl set-ntp true"},
	{"subject name", NULL,
		"At the provider: have the host's name in the certificate. If the issuer's is wrong: "
		"cosmo-ssoctl disconnect, then connect."},
	{"", "ca_file",
		"write `ca_file = FILE`, a file of root's with the certificate of the CA that the "
		"provider's is of (PEM)"},
};

static void mend_certificate(struct doctor_list *list, const char *detail)
{
	size_t i = 0;

	while (!strstr(detail, certificates[i].word))
		i++;
	if (certificates[i].key)
		doctor_conf_mend(list, "integration", certificates[i].key, certificates[i].mend);
	else
		doctor_mend(list, "%s", certificates[i].mend);
}

static void put_trouble(struct doctor_list *list, const struct message *item)
{
	const char *detail = message_str(item, FIELD_DETAIL);
	const char *advice = advice_for(message_err(item));
	const char *more = NULL;
	const char *what = cosmo_err_text(message_err(item));
	const char *key = NULL;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(troubles); i++)
		if (troubles[i].err == message_err(item)) {
			what = troubles[i].what;
			key = troubles[i].key;
			advice = troubles[i].mend;
		}
	if (message_str(item, FIELD_ISSUER))
		more = advice_at(message_err(item), message_str(item, FIELD_ISSUER));
	if (message_err(item) == COSMO_E_TLS_TRUST)
		what = "the provider's certificate is not trusted";
	doctor_wrong(list, "%s%s%s", what, detail ? ": " : "", detail ? detail : "");
	if (message_err(item) == COSMO_E_TLS_TRUST)
		mend_certificate(list, detail ? detail : "");
	else if (key)
		doctor_conf_mend(list, "integration", key, advice);
	else if (advice)
		doctor_mend(list, "%s%s%s", advice, more ? " " : "", more ? more : "");
}

/* A file that the configuration names, before anybody is asked. */
static void put_file_trouble(struct doctor_list *list, const struct message *item)
{
	const char *path = message_str(item, FIELD_PATH);
	bool is_secret = streq(message_str(item, FIELD_STEP_ID), "secret_file");
	const char *name = is_secret ? "client_secret_file" : "ca_file";

	if (!path)
		path = "";
	if (message_err(item) == COSMO_E_UNSAFE_FILE) {
		doctor_wrong(list, "%s %s is not a file of root's alone%s", name, path,
			is_secret ? " to read and write" : " to write");
		doctor_mend(list, "chown root:root %s && chmod %s %s", path,
			is_secret ? "0600" : "0644", path);
		return;
	}
	doctor_wrong(list, "%s %s is missing, empty or too big", name, path);
	doctor_conf_mend(list, "integration", name,
		is_secret
			? "name the file with the client's secret, which the provider shows"
			: "name a file with the certificate of the CA (PEM), or take it out if the "
			  "system's are to be trusted");
}

/* Nobody was asked: why not? */
static bool put_unasked(
	struct doctor_list *list, const struct message *item, enum probe_stage stage)
{
	const char *step = message_str(item, FIELD_STEP_ID);

	if (probe_was_asked(item))
		return false;
	if (message_err(item) == COSMO_E_DISCONNECTED)
		doctor_not_checked(list, "the configuration names no provider");
	else if (streq(step, "config"))
		doctor_not_checked(list, "the configuration cannot be used");
	else if (message_str(item, FIELD_PATH) && probe_failed_at(item) == stage)
		put_file_trouble(list, item);
	else if (message_str(item, FIELD_PATH))
		doctor_not_checked(
			list, "nobody was asked: see %s", probe_stage_name(probe_failed_at(item)));
	else
		doctor_not_checked(list, "the processes that ask could not be started: %s",
			cosmo_err_text(message_err(item)));
	return true;
}

/* True: @stage was gone through, and is to be told of. What else there is has been put down. */
static bool has_passed(
	struct doctor_list *list, enum probe_stage stage, const struct message **ret_item)
{
	const struct message *item = doctor_idp_probe(list);

	if (!item || put_unasked(list, item, stage))
		return false;
	switch (probe_outcome_of(item, stage)) {
	case PROBE_PASSED:
		*ret_item = item;
		return true;
	case PROBE_FAILED:
		put_trouble(list, item);
		return false;
	case PROBE_NOT_REACHED:
		doctor_not_checked(list, "it did not come to that: see %s",
			probe_stage_name(probe_failed_at(item)));
		return false;
	}
	return false;
}

static void look_dns(struct doctor_list *list)
{
	const struct message *item = NULL;
	char host[256] = "";

	if (!has_passed(list, PROBE_DNS, &item))
		return;
	doctor_idp_host(message_str(item, FIELD_ISSUER), host, sizeof(host));
	if (message_has(item, FIELD_PROXY))
		doctor_not_checked(list, "the proxy resolves %s", host);
	else
		doctor_ok(list, "%s resolves", host);
}

static void look_proxy(struct doctor_list *list)
{
	const struct message *item = NULL;

	if (!has_passed(list, PROBE_PROXY, &item))
		return;
	if (message_has(item, FIELD_PROXY))
		doctor_ok(list, "the proxy %s lets this host through",
			message_str(item, FIELD_PROXY));
	else
		doctor_ok(list, "no proxy is set");
}

static void look_ca(struct doctor_list *list)
{
	const struct message *item = NULL;

	if (has_passed(list, PROBE_CA, &item))
		doctor_ok(list, "the provider's certificate is trusted");
}

static void look_discovery(struct doctor_list *list)
{
	const struct message *item = NULL;

	if (has_passed(list, PROBE_DISCOVERY, &item))
		doctor_ok(list, "%s answers, names itself so and offers the device grant",
			message_str(item, FIELD_ISSUER));
}

static void look_keys(struct doctor_list *list)
{
	const struct message *item = NULL;

	if (!has_passed(list, PROBE_KEYS, &item))
		return;
	if (message_has(item, FIELD_KEY_COUNT))
		doctor_ok(list, "the provider publishes %" PRIu64 " usable signing key(s)",
			message_u64(item, FIELD_KEY_COUNT, 0));
	else
		doctor_ok(list, "the provider publishes usable signing keys");
}

static void look_client(struct doctor_list *list)
{
	const struct message *item = NULL;

	if (has_passed(list, PROBE_CLIENT, &item))
		doctor_ok(list,
			"the provider knows the client %s and gave it a code, which was thrown away",
			message_str(item, FIELD_CLIENT_ID));
}

const struct doctor_check doctor_check_dns = {.name = "dns", .run = look_dns};
const struct doctor_check doctor_check_proxy = {.name = "proxy", .run = look_proxy};
const struct doctor_check doctor_check_ca = {.name = "ca", .run = look_ca};
const struct doctor_check doctor_check_discovery = {.name = "discovery", .run = look_discovery};
const struct doctor_check doctor_check_keys = {.name = "keys", .run = look_keys};
const struct doctor_check doctor_check_client = {.name = "client", .run = look_client};
