/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/setup.h"

#include "common/base/fdio.h"

#define MAX_DEADLINE_MS (UINT64_C(24) * 60 * 60 * 1000)

void setup_free(struct setup *setup)
{
	if (!setup)
		return;
	secret_free(setup->secret);
	free(setup);
}

enum cosmo_err setup_read_allowed(const struct message *request, struct jws_allowed *ret)
{
	struct jws_allowed allowed = {.count = message_count(request, FIELD_ALG)};

	if (allowed.count > JWS_MAX_ALLOWED)
		return COSMO_E_INVALID;
	for (size_t i = 0; i < allowed.count; i++)
		allowed.names[i] = message_str_nth(request, FIELD_ALG, i);
	*ret = allowed;
	return COSMO_OK;
}

static enum cosmo_err read_client(const struct message *request, struct setup *setup)
{
	uint64_t auth = message_u64(request, FIELD_CLIENT_AUTH, UINT64_MAX);
	enum cosmo_err err = message_secret(request, FIELD_CLIENT_SECRET, &setup->secret);

	if (err != COSMO_OK)
		return err;
	if (auth > CLIENT_AUTH_POST)
		return COSMO_E_INVALID;
	setup->client = (struct client){
		.id = message_str(request, FIELD_CLIENT_ID),
		.auth = (enum client_auth)auth,
		.secret = setup->secret,
	};
	return COSMO_OK;
}

static enum cosmo_err read_times(const struct message *request, struct setup *setup)
{
	uint64_t deadline_ms = message_u64(request, FIELD_DEADLINE_MS, 0);
	uint64_t skew_s = message_u64(request, FIELD_SKEW_S, 0);
	uint64_t max_age_s = message_u64(request, FIELD_AUTH_MAX_AGE_S, 0);

	if (deadline_ms > MAX_DEADLINE_MS || skew_s > SETUP_MAX_SKEW_S || max_age_s > INT32_MAX)
		return COSMO_E_INVALID;
	setup->idp.deadline_ms = fdio_boot_ms() + (int64_t)deadline_ms;
	setup->skew_s = (int64_t)skew_s;
	setup->max_age_s = (int64_t)max_age_s;
	return COSMO_OK;
}

static void read_rest(const struct message *request, struct dialogue *fetch, struct setup *setup)
{
	setup->issuer = message_str(request, FIELD_ISSUER);
	setup->scopes = message_str(request, FIELD_SCOPES);
	setup->audience = message_str(request, FIELD_AUDIENCE);
	setup->acr = message_str(request, FIELD_ACR);
	setup->is_once = message_u64(request, FIELD_ONCE, 0) == 1;
	setup->idp.fetch = fetch;
	setup->idp.proxy = message_str(request, FIELD_PROXY);
	setup->idp.ca_pem = message_bytes(request, FIELD_CA_PEM, &setup->idp.ca_pem_len);
	setup->discovery = message_bytes(request, FIELD_DISCOVERY, &setup->discovery_len);
	setup->jwks = message_bytes(request, FIELD_JWKS, &setup->jwks_len);
	setup->is_jwks_final = message_u64(request, FIELD_JWKS_FINAL, 0) == 1;
}

enum cosmo_err setup_read(const struct message *request, struct dialogue *fetch, struct setup **ret)
{
	COSMO_AUTO(setup_free) struct setup *setup = calloc(1, sizeof(*setup));
	enum cosmo_err err = COSMO_OK;

	if (!setup)
		return COSMO_E_NOMEM;
	err = setup_read_allowed(request, &setup->allowed);
	if (err == COSMO_OK)
		err = read_client(request, setup);
	if (err == COSMO_OK)
		err = read_times(request, setup);
	if (err != COSMO_OK)
		return err;
	read_rest(request, fetch, setup);
	*ret = COSMO_STEAL(&setup);
	return COSMO_OK;
}
