/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/discovery.h"

#include <stdio.h>

#include "common/https_url.h"
#include "pam_cosmo_sso/judge/json.h"

struct discovery {
	struct json_object *document;
	/* borrowed from document */
	const char *device_endpoint;
	const char *token_endpoint;
	const char *jwks_uri;
	const char *userinfo_endpoint;
	const char *revocation_endpoint;
};

enum cosmo_err discovery_url(const char *issuer, char *ret, size_t ret_size)
{
	size_t len = strlen(issuer);
	int written = 0;

	if (len > 0 && issuer[len - 1] == '/')
		len--;
	written =
		snprintf(ret, ret_size, "%.*s/.well-known/openid-configuration", (int)len, issuer);
	return written < 0 || (size_t)written >= ret_size ? COSMO_E_RANGE : COSMO_OK;
}

void discovery_free(struct discovery *discovery)
{
	if (!discovery)
		return;
	json_free(discovery->document);
	free(discovery);
}

/* An address that may be absent: *ret is then NULL. */
static enum cosmo_err read_url(
	struct json_object *document, const char *name, struct reason *why, const char **ret)
{
	if (json_str_opt(document, name, DISCOVERY_MAX_URL_BYTES, ret) != COSMO_OK)
		return reason_give(why, COSMO_E_IDP_FIELD,
			"discovery document: %s is no text of at most %d bytes", name,
			DISCOVERY_MAX_URL_BYTES);
	if (*ret && !https_url_is_usable(*ret))
		return reason_give(why, COSMO_E_IDP_FIELD,
			"discovery document: %s is no usable https address", name);
	return COSMO_OK;
}

static enum cosmo_err check_issuer(
	struct json_object *document, const char *issuer, struct reason *why)
{
	const char *told = json_text(json_member(document, "issuer"));

	/* A page of another kind under that address names nobody, which is not another name. */
	if (!told || !told[0])
		return reason_give(why, COSMO_E_IDP_FIELD, "discovery document without an issuer");
	if (!streq(told, issuer))
		return reason_give(why, COSMO_E_IDP_ISSUER,
			"configured issuer \"%s\", the document says \"%s\"", issuer, told);
	return COSMO_OK;
}

static enum cosmo_err read_endpoints(struct discovery *found, struct reason *why)
{
	const struct {
		const char *name;
		const char **ret;
		enum cosmo_err missing;
	} urls[] = {
		{"device_authorization_endpoint", &found->device_endpoint,
			COSMO_E_IDP_NO_DEVICE_GRANT},
		{"token_endpoint", &found->token_endpoint, COSMO_E_IDP_FIELD},
		{"jwks_uri", &found->jwks_uri, COSMO_E_IDP_FIELD},
		{"userinfo_endpoint", &found->userinfo_endpoint, COSMO_OK},
		{"revocation_endpoint", &found->revocation_endpoint, COSMO_OK},
	};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(urls); i++) {
		enum cosmo_err err = read_url(found->document, urls[i].name, why, urls[i].ret);

		if (err != COSMO_OK)
			return err;
		if (!*urls[i].ret && urls[i].missing != COSMO_OK)
			return reason_give(why, urls[i].missing, "discovery document without %s",
				urls[i].name);
	}
	return COSMO_OK;
}

enum cosmo_err discovery_parse(const char *text, size_t len, const char *issuer, struct reason *why,
	struct discovery **ret)
{
	COSMO_AUTO(discovery_free) struct discovery *found = calloc(1, sizeof(*found));
	enum cosmo_err err = COSMO_OK;

	if (!found)
		return COSMO_E_NOMEM;
	err = json_parse(text, len, &found->document);
	if (err == COSMO_E_NOMEM)
		return err;
	if (err != COSMO_OK)
		return reason_give(why, COSMO_E_IDP_NOT_JSON,
			"discovery document: not a well-formed JSON object");
	err = check_issuer(found->document, issuer, why);
	if (err == COSMO_OK)
		err = read_endpoints(found, why);
	if (err != COSMO_OK)
		return err;
	*ret = COSMO_STEAL(&found);
	return COSMO_OK;
}

const char *discovery_device_endpoint(const struct discovery *discovery)
{
	return discovery->device_endpoint;
}

const char *discovery_token_endpoint(const struct discovery *discovery)
{
	return discovery->token_endpoint;
}

const char *discovery_jwks_uri(const struct discovery *discovery)
{
	return discovery->jwks_uri;
}

const char *discovery_userinfo_endpoint(const struct discovery *discovery)
{
	return discovery->userinfo_endpoint;
}

const char *discovery_revocation_endpoint(const struct discovery *discovery)
{
	return discovery->revocation_endpoint;
}

bool discovery_has_scope(const struct discovery *discovery, const char *scope)
{
	struct json_object *scopes = json_member(discovery->document, "scopes_supported");

	for (size_t i = 0; i < json_array_count(scopes); i++)
		if (streq(json_text(json_array_at(scopes, i)), scope))
			return true;
	return false;
}
