/* SPDX-License-Identifier: MIT */
/* JUDGE_PROBE: is the IdP what the configuration says, and does it take this client? */
#include "pam_cosmo_sso/judge/device_flow.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/request.h"

static enum cosmo_err answer(struct request *request, const struct setup *setup,
	const struct provider *provider, const struct device_start *discarded)
{
	const struct discovery *discovery = provider_discovery(provider);
	struct message *message = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_PROBED, &message);

	if (err)
		return err;
	message_put_str(message, FIELD_ISSUER, setup->issuer);
	message_put_str(message, FIELD_DEVICE_ENDPOINT, discovery_device_endpoint(discovery));
	message_put_str(message, FIELD_TOKEN_ENDPOINT, discovery_token_endpoint(discovery));
	message_put_str(
		message, FIELD_REVOCATION_ENDPOINT, discovery_revocation_endpoint(discovery));
	message_put_u64(message, FIELD_OFFLINE_ACCESS, discarded->has_offline_access);
	message_put_u64(message, FIELD_KEY_COUNT, provider_key_count(provider));
	message_put_str(message, FIELD_LOGIN_PAGE, device_grant_verification_uri(discarded->grant));
	if (discarded->date_s > 0)
		message_put_u64(message, FIELD_IDP_TIME_S, (uint64_t)discarded->date_s);
	return request_send(request, message);
}

/* Each question by its name, so that a failure tells which one it was. */
static enum cosmo_err ask(struct request *request, const struct setup *setup,
	struct provider *provider, struct device_start *ret_discarded)
{
	enum cosmo_err err = COSMO_OK;

	request->step = "keys";
	err = provider_load_keys(provider, &request->why);
	request->idp_time_s = provider_date_s(provider);
	if (err)
		return err;
	request->step = "client";
	return device_flow_begin(setup, provider_discovery(provider), &request->why, ret_discarded);
}

enum cosmo_err request_probe(struct request *request)
{
	COSMO_AUTO(setup_free) struct setup *setup = NULL;
	COSMO_AUTO(provider_free) struct provider *provider = NULL;
	struct device_start discarded = {.grant = NULL};
	enum cosmo_err err = setup_read(request->message, request->fetch, &setup);

	request->step = "discovery";
	if (!err)
		err = provider_open(setup, &request->why, &provider);
	if (!err)
		err = ask(request, setup, provider, &discarded);
	if (!err)
		err = provider_report(provider, request->peer, setup->idp.deadline_ms);
	if (!err)
		err = answer(request, setup, provider, &discarded);
	device_grant_free(discarded.grant);
	return err;
}
