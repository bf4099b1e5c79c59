/* SPDX-License-Identifier: MIT */
#include "ctl/connect_defaults.h"

#include <stdio.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/output.h"
#include "ctl/provider_defaults.h"
#include "paths.h"

#define TEXT_BYTES 512

struct search {
	const char *issuer;
	bool found;
};

/* Whose person a name is, a damaged record does not tell: it may be one of this issuer's. */
static void visit(void *context, const struct message *item)
{
	struct search *search = context;
	const char *issuer = message_str(item, FIELD_ISSUER);

	if (message_type(item) != MESSAGE_USER_ITEM || message_u64(item, FIELD_LISTED, 0))
		return;
	if (!issuer || streq(issuer, search->issuer))
		search->found = true;
}

/* Are names of this host bound to persons of the issuer? Those of removed users, which are not
 * listed, are if it was connected there. */
static enum cosmo_err look_for_bound(const struct connect_defaults *defaults, bool *ret_bound)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct search search = {.issuer = defaults->issuer,
		.found = defaults->last_issuer && streq(defaults->last_issuer, defaults->issuer)};
	enum cosmo_err err = COSMO_OK;

	if (!search.found)
		err = ask_new(MESSAGE_CTL_USER_LIST, &request);
	if (!search.found && !err)
		err = ask_simple(request, visit, &search);
	*ret_bound = search.found;
	return err;
}

/* "claim = groups: what login.microsoftonline.com needs", and @more. */
static void tell(const struct connect_defaults *defaults, const struct provider_default *row,
	const char *more)
{
	bool is_below = row->host[0] == '.';
	bool is_elsewhere = strcmp(row->section, "integration") != 0;
	char text[TEXT_BYTES] = "";

	(void)snprintf(text, sizeof(text), "%s%s%s%s = %s: what %s%s needs, %s",
		is_elsewhere ? "[" : "", is_elsewhere ? row->section : "", is_elsewhere ? "] " : "",
		row->key, row->value, is_below ? "a host of " : "", row->host + is_below, more);
	defaults->tell(defaults->context, text);
}

static enum cosmo_err choose(const struct provider_default *row, void *context, bool *ret_put)
{
	const struct connect_defaults *defaults = context;
	bool is_bound = false;
	enum cosmo_err err = COSMO_OK;

	if (row->kind == PROVIDER_DEFAULT_PERSON)
		err = look_for_bound(defaults, &is_bound);
	if (err)
		return err;
	*ret_put = !is_bound;
	tell(defaults, row,
		is_bound
			? "but left out: this host was connected there before or may have users of it, "
			  "who would be taken for other persons. To have it, write it into the file, "
			  "and give each their name again by `cosmo-ssoctl user rebind`"
			: "as the file says nothing else");
	return COSMO_OK;
}

static enum cosmo_err refuse(const struct provider_default *row)
{
	char text[TEXT_BYTES] = "";

	(void)snprintf(text, sizeof(text),
		"%s: %s in [%s] has to be %s with %s, where anybody in the world can have an account. "
		"Take the line out, and let a rule name who is to be a viewer: viewer=VALUE",
		COSMO_CONF_FILE, row->key, row->section, row->value, row->host);
	output_failure(COSMO_E_CONFIG, NULL, text);
	return COSMO_E_CONFIG;
}

enum cosmo_err connect_defaults_add(const struct connect_defaults *defaults, char **text)
{
	const struct provider_default *opened = provider_defaults_opened(*text, defaults->issuer);
	struct connect_defaults copy = *defaults;
	enum cosmo_err err = COSMO_OK;

	if (opened)
		return refuse(opened);
	err = provider_defaults_put(text, defaults->issuer, choose, &copy);
	if (err == COSMO_E_NOMEM)
		output_failure(err, NULL, NULL);
	return err;
}
