/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/client.h"

#include <openssl/evp.h>

/* "SCHEME " and base64 of @text as a secret. */
static enum cosmo_err basic_value(const char *text, size_t len, struct cosmo_secret **ret)
{
	static const char scheme[] = "Basic ";
	size_t scheme_len = sizeof(scheme) - 1;
	size_t value_size = scheme_len + (len + 2) / 3 * 4 + 1;
	COSMO_AUTO(free) char *value = malloc(value_size);
	enum cosmo_err err = COSMO_OK;

	if (!value)
		return COSMO_E_NOMEM;
	memcpy(value, scheme, sizeof(scheme));
	EVP_EncodeBlock((unsigned char *)value + scheme_len, (const unsigned char *)text, (int)len);
	err = secret_new(value, value_size - 1, ret);
	explicit_bzero(value, value_size);
	return err;
}

static enum cosmo_err authenticate_basic(
	const struct client *client, struct cosmo_secret **ret_authorization)
{
	COSMO_AUTO(form_free) struct form *pair = NULL;
	const char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = form_new(&pair);

	if (err != COSMO_OK)
		return err;
	form_append_encoded(pair, client->id, strlen(client->id));
	form_append_raw(pair, ":", 1);
	form_append_encoded(pair, secret_peek(client->secret), secret_len(client->secret));
	err = form_body(pair, &text, &len);
	return err == COSMO_OK ? basic_value(text, len, ret_authorization) : err;
}

enum cosmo_err client_authenticate(
	const struct client *client, struct form *form, struct cosmo_secret **ret_authorization)
{
	if (client->auth != CLIENT_AUTH_NONE && !client->secret)
		return COSMO_E_IDP_CLIENT;
	switch (client->auth) {
	case CLIENT_AUTH_NONE:
		form_add(form, "client_id", client->id);
		*ret_authorization = NULL;
		return COSMO_OK;
	case CLIENT_AUTH_BASIC:
		return authenticate_basic(client, ret_authorization);
	case CLIENT_AUTH_POST:
		form_add(form, "client_id", client->id);
		form_add_secret(form, "client_secret", client->secret);
		*ret_authorization = NULL;
		return COSMO_OK;
	}
	return COSMO_E_IDP_CLIENT;
}

/* The b64token of RFC 6750 section 2.1, more generously: nothing that could end a header line. */
static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0;
}

enum cosmo_err client_bearer(
	const struct cosmo_secret *token, struct cosmo_secret **ret_authorization)
{
	COSMO_AUTO(form_free) struct form *value = NULL;
	const char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = COSMO_OK;

	if (!is_token(secret_peek(token), secret_len(token)))
		return COSMO_E_FORMAT;
	err = form_new(&value);
	if (err != COSMO_OK)
		return err;
	form_append_raw(value, "Bearer ", strlen("Bearer "));
	form_append_raw(value, secret_peek(token), secret_len(token));
	err = form_body(value, &text, &len);
	return err == COSMO_OK ? secret_new(text, len, ret_authorization) : err;
}
