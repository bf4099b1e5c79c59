/* SPDX-License-Identifier: MIT */
#include "ctl/advice.h"

#include "common/base/auto.h"
#include "ctl/provider_defaults.h"

struct advice {
	enum cosmo_err err;
	const char *text;
};

/* This program has one thread and one command a run. */
static bool has_options;

static const struct advice advice[] = {
	{COSMO_E_DNS, "Look at the host's part of the issuer's URL, and at this host's resolver."},
	{COSMO_E_CONNECT,
		"Look at the issuer's URL, at firewalls, and whether a proxy is needed (proxy)."},
	{COSMO_E_IDP_TIMEOUT, "Look at firewalls, and whether a proxy is needed (proxy)."},
	{COSMO_E_TLS,
		"What answers at the issuer's host and port must speak TLS 1.2 or newer: look at both, and whether a proxy is needed (proxy)."},
	{COSMO_E_PROXY,
		"Look at the proxy that is set: its host and port, and whether it wants a user and password."},
	{COSMO_E_TLS_TRUST,
		"If the provider's certificate is of a CA of your own, set ca_file; else look at its name "
		"and dates."},
	{COSMO_E_IDP_DROPPED,
		"If it stays so, look at the issuer's port, and for a firewall or proxy that ends connections."},
	{COSMO_E_IDP_REDIRECT,
		"If that address is the provider's own, give it as the issuer, without /.well-known/openid-configuration; redirects are not followed."},
	{COSMO_E_IDP_STATUS,
		"If it stays so, look at the issuer's URL, and ask the provider's administrator."},
	{COSMO_E_IDP_NOT_JSON,
		"Look at the issuer's URL: behind it, /.well-known/openid-configuration must be JSON."},
	{COSMO_E_IDP_FIELD,
		"Look at the issuer's URL: what answers behind it must be an OpenID provider."},
	{COSMO_E_IDP_GONE,
		"Look at the issuer's URL: behind it there is no /.well-known/openid-configuration."},
	{COSMO_E_IDP_ISSUER,
		"Give the issuer exactly as the provider names itself, a '/' at its end included."},
	{COSMO_E_IDP_NO_DEVICE_GRANT,
		"The provider must offer the device authorization grant; it may have to be switched on there."},
	{COSMO_E_IDP_NO_KEYS,
		"The provider must publish a key for an algorithm that `algs` in the configuration allows."},
	{COSMO_E_IDP_CLIENT,
		"Look at client_id, and whether this client needs a secret (client_secret_file)."},
	{COSMO_E_IDP_GRANT_TYPE,
		"Allow the device authorization grant for this client at the provider, and look at client_id: some say the same of a client that they do not know."},
	{COSMO_E_IDP_SCOPE,
		"Look at scopes, and at what the provider allows this client to ask for."},
	{COSMO_E_RULES_EMPTY, "Say in [rules] of the configuration who gets which role."},
	{COSMO_E_RULE_ROLE,
		"Roles are viewer, developer, admin and those with a [role NAME] section."},
	{COSMO_E_NO_ROLE,
		"Give one of the claim's values a role in [rules]; then run `cosmo-ssoctl apply`."},
	{COSMO_E_CLAIM_MISSING,
		"Have the provider put the claim into the ID token or the userinfo answer, or name the right one (claim)."},
	{COSMO_E_CLAIM_OVERAGE,
		"The person is in more groups than the provider puts into a token: have it send only those that matter to this host."},
	{COSMO_E_CLAIM_TYPE,
		"The claim must be a string, a list of strings or an object; look at its name."},
	{COSMO_E_STORE_MISSING, "Run `systemd-tmpfiles --create`, then `cosmo-ssoctl connect`."},
	{COSMO_E_STORE_DAMAGED,
		"Run `cosmo-ssoctl repair --dry-run`: it tells what is damaged; without --dry-run it mends. A damaged record of the integration takes `cosmo-ssoctl disconnect`, then `connect`."},
	{COSMO_E_MACHINE,
		"This host is a copy of another, was restored, or its machine-id changed: run `cosmo-ssoctl adopt`."},
	{COSMO_E_SPAWN, "Look whether cosmo-sso is installed whole."},
	{COSMO_E_PEER_GONE,
		"Look whether cosmo-sso is installed whole, its system users included."},
};

/* The same where what is to be set has an option. */
static const struct advice with_options[] = {
	{COSMO_E_CONNECT,
		"Look at the issuer's URL, at firewalls, and whether a proxy is needed (--proxy)."},
	{COSMO_E_IDP_TIMEOUT, "Look at firewalls, and whether a proxy is needed (--proxy)."},
	{COSMO_E_TLS,
		"What answers at the issuer's host and port must speak TLS 1.2 or newer: look at both, and whether a proxy is needed (--proxy)."},
	{COSMO_E_PROXY,
		"Look at --proxy: its host and port, and whether it wants a user and password."},
	{COSMO_E_TLS_TRUST,
		"If the provider's certificate is of a CA of your own, say --ca-file; else look at its name "
		"and dates."},
	{COSMO_E_IDP_CLIENT,
		"Look at --client-id, and whether this client needs a secret (--client-secret)."},
	{COSMO_E_IDP_GRANT_TYPE,
		"Allow the device authorization grant for this client at the provider, and look at --client-id: some say the same of a client that they do not know."},
	{COSMO_E_IDP_SCOPE,
		"Look at --scopes, and at what the provider allows this client to ask for."},
	{COSMO_E_RULES_EMPTY,
		"Say who gets which role with --rule ROLE=VALUE, or in [rules] of the configuration."},
};

void advice_want_options(void)
{
	has_options = true;
}

static const char *find(const struct advice *rows, size_t count, enum cosmo_err err)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].err == err)
			return rows[i].text;
	return NULL;
}

const char *advice_for(enum cosmo_err err)
{
	const char *text = NULL;

	if (has_options)
		text = find(with_options, COSMO_ARRAY_LEN(with_options), err);
	return text ? text : find(advice, COSMO_ARRAY_LEN(advice), err);
}

const char *advice_at(enum cosmo_err err, const char *issuer)
{
	if (err != COSMO_E_IDP_NO_DEVICE_GRANT && err != COSMO_E_IDP_GRANT_TYPE)
		return NULL;
	return provider_device_switch(issuer);
}
