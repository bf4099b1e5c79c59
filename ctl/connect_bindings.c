/* SPDX-License-Identifier: MIT */
#include "ctl/connect_bindings.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "ctl/ask.h"
#include "ctl/output.h"

/* So many are named; `user list` names them all. */
#define MAX_SHOWN 20

struct listing {
	const struct connect_bindings *bindings;
	struct json_object *names;
	size_t count;
};

static void visit(void *context, const struct message *item)
{
	struct listing *listing = context;
	const char *name = message_str(item, FIELD_USER);

	if (message_type(item) != MESSAGE_USER_ITEM || !name)
		return;
	json_object_array_add(listing->names, json_object_new_string(name));
	listing->count++;
	if (listing->bindings->json || listing->count > MAX_SHOWN)
		return;
	if (listing->count == 1)
		puts("These names are bound to persons of another IdP:");
	printf("  %-20s %10" PRIu64 "  ", name, message_u64(item, FIELD_UID, 0));
	output_text(message_str(item, FIELD_ISSUER));
	putchar('\n');
}

static enum cosmo_err list(struct listing *listing)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(MESSAGE_CTL_USER_LIST, &request);

	if (err)
		return err;
	message_put_str(request, FIELD_ISSUER, listing->bindings->issuer);
	err = ask_simple(request, visit, listing);
	if (!listing->bindings->json && listing->count > MAX_SHOWN)
		printf("  and %zu more: `cosmo-ssoctl user list` names them all\n",
			listing->count - MAX_SHOWN);
	return err;
}

enum cosmo_err connect_bindings_confirm(
	const struct connect_bindings *bindings, struct json_object **ret_names)
{
	struct listing listing = {.bindings = bindings, .names = json_object_new_array()};
	char question[512] = "";
	enum cosmo_err err = list(&listing);

	*ret_names = listing.names;
	if (err || listing.count == 0 || bindings->dry_run)
		return err;
	(void)snprintf(question, sizeof(question),
		"%zu user(s) of this host are persons of another IdP. They keep their uids, and cannot "
		"sign in until `cosmo-ssoctl user rebind NAME` gives each name to a person of the new "
		"one.",
		listing.count);
	if (output_confirm(question, bindings->yes))
		return COSMO_OK;
	output_failure(COSMO_E_CANCELLED, "This was not confirmed.", NULL);
	return COSMO_E_CANCELLED;
}
