/* SPDX-License-Identifier: MIT */
#include "ctl/provider_defaults.h"

#include <string.h>

#include "ctl/config_edit.h"

#define SCHEME "https://"

/* Entra ID has one name for its groups, and a "sub" that differs from client to client. */
#define ENTRA(host)                                                                                \
	{host, "claim", "groups"},                                                                 \
	{                                                                                          \
		host, "subject_claim", "oid"                                                       \
	}

static const struct provider_default defaults[] = {
	ENTRA("login.microsoftonline.com"),
	ENTRA("login.microsoftonline.us"),
	ENTRA("login.partner.microsoftonline.cn"),
	/* No groups at all, no preferred_username, and a secret that goes into the form. */
	{"accounts.google.com", "claim", "hd"},
	{"accounts.google.com", "username_claim", "email"},
	{"accounts.google.com", "scopes", "openid email profile"},
	{"accounts.google.com", "client_auth", "post"},
	{".zitadel.cloud", "claim", "urn:zitadel:iam:org:project:roles"},
};

/* A port makes it another server. */
static bool is_at(const char *issuer, const char *host)
{
	const char *name = issuer + strlen(SCHEME);
	size_t len = 0;
	size_t host_len = strlen(host);

	if (strncmp(issuer, SCHEME, strlen(SCHEME)) != 0)
		return false;
	len = strcspn(name, "/");
	if (host[0] != '.')
		return len == host_len && strncmp(name, host, len) == 0;
	return len > host_len && strncmp(name + len - host_len, host, host_len) == 0;
}

enum cosmo_err provider_defaults_put(
	char **text, const char *issuer, provider_default_fn *tell, void *context)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(defaults); i++) {
		const struct provider_default *candidate = &defaults[i];
		enum cosmo_err err = COSMO_OK;

		if (!is_at(issuer, candidate->host) ||
			config_edit_has(*text, "integration", candidate->key))
			continue;
		err = config_edit_set(text, "integration", candidate->key, candidate->value);
		if (err)
			return err;
		tell(candidate, context);
	}
	return COSMO_OK;
}
