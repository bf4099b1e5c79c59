/* SPDX-License-Identifier: MIT */
#include "ctl/provider_defaults.h"

#include <string.h>

#include "ctl/config_edit.h"

#define SCHEME "https://"

#define ENTRA_US "login.microsoftonline.us"
#define ENTRA_CN "login.partner.microsoftonline.cn"
#define ENTRA    "login.microsoftonline.com"
#define GOOGLE   "accounts.google.com"

#define PLAIN(host, key, value)  PROVIDER_DEFAULT_PLAIN, host, "integration", key, value
#define PERSON(host, key, value) PROVIDER_DEFAULT_PERSON, host, "integration", key, value
#define SHUT(host, key, value)   PROVIDER_DEFAULT_SHUT, host, "roles", key, value

static const struct provider_default defaults[] = {
	/* Entra ID has one name for its groups, and a "sub" that differs from client to client. */
	{PLAIN(ENTRA, "claim", "groups")},
	{PERSON(ENTRA, "subject_claim", "oid")},
	{PLAIN(ENTRA_US, "claim", "groups")},
	{PERSON(ENTRA_US, "subject_claim", "oid")},
	{PLAIN(ENTRA_CN, "claim", "groups")},
	{PERSON(ENTRA_CN, "subject_claim", "oid")},
	/* No groups at all, no preferred_username, and a secret that goes into the form. */
	{PLAIN(GOOGLE, "claim", "hd")},
	{PLAIN(GOOGLE, "username_claim", "email")},
	{PLAIN(GOOGLE, "scopes", "openid email profile")},
	{PLAIN(GOOGLE, "client_auth", "post")},
	/* Anybody can have an account there, and of any organization: a rule has to name ours. */
	{SHUT(GOOGLE, "no_match", "deny")},
	{SHUT(GOOGLE, "no_claim", "deny")},
	{PLAIN(".zitadel.cloud", "claim", "urn:zitadel:iam:org:project:roles")},
};

static const char *const slashed[] = {".auth0.com"};

struct provider_switch {
	const char *host; /* NULL: any host with @path */
	const char *path;
	const char *text;
};

#define ENTRA_SWITCH                                                                               \
	"At Entra ID: App registrations, the application, Authentication, \"Allow public client flows\": yes."
#define OKTA_SWITCH                                                                                \
	"At Okta: Applications, the application, Grant type \"Device Authorization\"; and, with an authorization server of API Access Management, a rule of its Access Policies that allows it too."

/* Whoever runs Keycloak or authentik chooses the host, so that a path has to tell: it may be wrong,
 * and nothing but words comes of it. */
static const struct provider_switch switches[] = {
	{ENTRA, NULL, ENTRA_SWITCH},
	{ENTRA_US, NULL, ENTRA_SWITCH},
	{ENTRA_CN, NULL, ENTRA_SWITCH},
	{GOOGLE, NULL,
		"At Google: the client must be of the type \"TVs and Limited Input devices\"."},
	{".okta.com", NULL, OKTA_SWITCH},
	{".oktapreview.com", NULL, OKTA_SWITCH},
	{".okta-emea.com", NULL, OKTA_SWITCH},
	{".auth0.com", NULL,
		"At Auth0: Applications, the application (of type Native), Advanced Settings, Grant Types, \"Device Code\"."},
	{".zitadel.cloud", NULL,
		"At Zitadel: the application (of type Native), grant type \"Device Code\"."},
	{NULL, "/realms/",
		"If this is Keycloak: Clients, the client, \"OAuth 2.0 Device Authorization Grant\"."},
	{NULL, "/application/o/",
		"If this is authentik: System, Brands, the brand, \"Device code flow\"."},
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

static enum cosmo_err put(
	char **text, const struct provider_default *row, provider_default_fn *choose, void *context)
{
	bool is_chosen = true;
	enum cosmo_err err = choose(row, context, &is_chosen);

	if (err || !is_chosen)
		return err;
	return config_edit_set(text, row->section, row->key, row->value);
}

enum cosmo_err provider_defaults_put(
	char **text, const char *issuer, provider_default_fn *choose, void *context)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(defaults) && !err; i++) {
		const struct provider_default *row = &defaults[i];

		if (is_at(issuer, row->host) && !config_edit_has(*text, row->section, row->key))
			err = put(text, row, choose, context);
	}
	return err;
}

const struct provider_default *provider_defaults_opened(const char *text, const char *issuer)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(defaults); i++) {
		const struct provider_default *row = &defaults[i];

		if (row->kind == PROVIDER_DEFAULT_SHUT && is_at(issuer, row->host) &&
			config_edit_differs(text, row->section, row->key, row->value))
			return row;
	}
	return NULL;
}

bool provider_defaults_is_public(const char *issuer)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(defaults); i++)
		if (defaults[i].kind == PROVIDER_DEFAULT_SHUT && is_at(issuer, defaults[i].host))
			return true;
	return false;
}

const char *provider_defaults_value(const char *issuer, const char *section, const char *key)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(defaults); i++) {
		const struct provider_default *row = &defaults[i];

		if (is_at(issuer, row->host) && streq(row->section, section) &&
			streq(row->key, key))
			return row->value;
	}
	return NULL;
}

bool provider_defaults_lacks_slash(const char *issuer)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(slashed); i++)
		if (is_at(issuer, slashed[i]) && !strchr(issuer + strlen(SCHEME), '/'))
			return true;
	return false;
}

/* The path of an https issuer, with its '/'. */
static bool has_path(const char *issuer, const char *path)
{
	const char *own = strncmp(issuer, SCHEME, strlen(SCHEME)) == 0
				  ? strchr(issuer + strlen(SCHEME), '/')
				  : NULL;

	return own && strstr(own, path) != NULL;
}

const char *provider_device_switch(const char *issuer)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(switches); i++) {
		const struct provider_switch *row = &switches[i];

		if (row->host ? is_at(issuer, row->host) : has_path(issuer, row->path))
			return row->text;
	}
	return NULL;
}
