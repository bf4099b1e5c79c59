/* SPDX-License-Identifier: MIT */
/*
 * probe: ask the IdP all that a sign-in needs of it, for doctor. What it says changes nothing here:
 * nothing is counted as check.h does, nothing is cached, and no lock is taken.
 */
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/judge_client.h"

/* Three requests, each of which ends by itself before. */
#define PROBE_MS 40000

struct probing {
	struct admin *admin;
	struct config *config; /* NULL: it cannot be used */
	struct judge *judge;   /* NULL: it did not come to that */
	struct message *probed;
	const char *step; /* where it ended */
	const char *path; /* of the file that is at fault; NULL: none is */
	enum cosmo_err err;
};

static void probing_done(struct probing *probing)
{
	judge_free(probing->judge);
	message_free(probing->probed);
	config_free(probing->config);
}
COSMO_AUTO_DEFINE(struct probing *, probing_done);

/* The secret's file is read before the CA's. */
static enum cosmo_err blame_file(
	struct probing *probing, const struct message *question, enum cosmo_err err)
{
	const struct config *config = probing->config;
	bool is_secret = config->client_secret_file && !message_has(question, FIELD_CLIENT_SECRET);

	probing->step = is_secret ? "secret_file" : "ca_file";
	probing->path = is_secret ? config->client_secret_file : config->ca_file;
	return err;
}

static enum cosmo_err ask(struct probing *probing)
{
	COSMO_AUTO(message_free) struct message *question = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_PROBE, &question);

	if (err)
		return err;
	/* No store: what is cached must not answer for the IdP. */
	err = judge_put_setup(question, probing->config, NULL, PROBE_MS);
	if (err)
		return blame_file(probing, question, err);
	probing->step = "judge";
	err = judge_start(probing->config, &probing->judge);
	if (!err)
		err = judge_ask(probing->judge, question);
	if (!err)
		err = judge_next(probing->judge, fdio_boot_ms() + PROBE_MS, &probing->probed);
	if (!err && message_type(probing->probed) != MESSAGE_JUDGE_PROBED)
		err = COSMO_E_PROTOCOL;
	return err;
}

static void probe(struct probing *probing)
{
	probing->step = "config";
	probing->err = admin_load_config(probing->admin, &probing->config);
	if (!probing->err && !config_is_connected(probing->config))
		probing->err = COSMO_E_DISCONNECTED;
	if (!probing->err)
		probing->err = ask(probing);
	if (!probing->err)
		probing->step = "done";
}

/* The IdP's clock, and when the judge failed, at what. */
static void put_answer(struct message *item, const struct probing *probing)
{
	const struct message *failed = probing->judge ? judge_failed(probing->judge) : NULL;
	const struct message *told = probing->err ? failed : probing->probed;
	const char *step = failed ? message_str(failed, FIELD_STEP_ID) : NULL;

	message_put_str(item, FIELD_STEP_ID, step ? step : probing->step);
	message_put_str(item, FIELD_DETAIL,
		failed                      ? message_str(failed, FIELD_DETAIL)
		: probing->admin->detail[0] ? probing->admin->detail
					    : NULL);
	if (!told)
		return;
	if (message_has(told, FIELD_IDP_TIME_S))
		message_put_u64(item, FIELD_IDP_TIME_S, message_u64(told, FIELD_IDP_TIME_S, 0));
	if (message_has(told, FIELD_KEY_COUNT))
		message_put_u64(item, FIELD_KEY_COUNT, message_u64(told, FIELD_KEY_COUNT, 0));
}

/* Without the user part, in which a password may stand. */
static const char *proxy_host(const char *proxy)
{
	const char *at = strrchr(proxy, '@');

	return at ? at + 1 : proxy;
}

static void put_config(struct message *item, const struct config *config)
{
	message_put_str(item, FIELD_ISSUER, config->issuer);
	message_put_str(item, FIELD_CLIENT_ID, config->client_id);
	message_put_u64(item, FIELD_SKEW_S, (uint64_t)config->skew_s);
	if (config->proxy)
		message_put_str(item, FIELD_PROXY, proxy_host(config->proxy));
}

enum cosmo_err admin_probe(struct admin *admin)
{
	struct probing probing = {.admin = admin};
	COSMO_AUTO(probing_done) struct probing *owned = &probing;
	COSMO_AUTO(message_free) struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_PROBE_ITEM, &item);

	if (err)
		return err;
	probe(owned);
	message_put_u64(item, FIELD_CHECKED_S, (uint64_t)fdio_now_s());
	message_put_err(item, owned->err);
	put_answer(item, owned);
	if (owned->config)
		put_config(item, owned->config);
	message_put_str(item, FIELD_PATH, owned->path);
	/* What was found stands in the item; that it was looked for succeeded. */
	admin->detail[0] = '\0';
	return admin_send(admin, COSMO_STEAL(&item));
}
