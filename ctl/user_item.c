/* SPDX-License-Identifier: MIT */
#include "ctl/user_item.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "ctl/output.h"

static void add_number(struct json_object *object, const char *key, const struct message *item,
	enum message_field field)
{
	json_object_object_add(object, key,
		message_has(item, field) ? json_object_new_uint64(message_u64(item, field, 0))
					 : NULL);
}

struct json_object *user_item_json(const struct message *item)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "name", message_str(item, FIELD_USER));
	add_number(object, "uid", item, FIELD_UID);
	output_json_text(object, "display_name", message_str(item, FIELD_DISPLAY_NAME));
	output_json_texts(object, "roles", item, FIELD_ROLE);
	output_json_texts(object, "effective_roles", item, FIELD_EFFECTIVE_ROLE);
	output_json_text(object, "reason",
		message_has(item, FIELD_ERR) ? cosmo_err_id(message_err(item)) : "ok");
	json_object_object_add(
		object, "locked", json_object_new_boolean(message_u64(item, FIELD_LOCKED, 0) != 0));
	json_object_object_add(
		object, "listed", json_object_new_boolean(message_u64(item, FIELD_LISTED, 0) != 0));
	add_number(object, "signed_in", item, FIELD_SIGNED_IN_S);
	add_number(object, "confirmed", item, FIELD_CONFIRMED_S);
	add_number(object, "lease_until", item, FIELD_LEASE_UNTIL_S);
	add_number(object, "bound", item, FIELD_BOUND_S);
	add_number(object, "rebind_until", item, FIELD_REBIND_UNTIL_S);
	json_object_object_add(object, "rebind_needed",
		json_object_new_boolean(message_u64(item, FIELD_REBIND_NEEDED, 0) != 0));
	add_number(object, "since", item, FIELD_SINCE_S);
	output_json_text(object, "why", message_str(item, FIELD_REASON));
	output_json_text(object, "issuer", message_str(item, FIELD_ISSUER));
	output_json_text(object, "sub", message_str(item, FIELD_SUB));
	output_json_text(object, "home", message_str(item, FIELD_HOME));
	output_json_text(object, "shell", message_str(item, FIELD_SHELL));
	return object;
}

static void print_roles(const struct message *item, enum message_field field)
{
	size_t count = message_count(item, field);

	for (size_t i = 0; i < count; i++) {
		(void)fputs(i ? "," : "", stdout);
		output_text(message_str_nth(item, field, i));
	}
	if (count == 0)
		putchar('-');
}

void user_item_print_head(void)
{
	printf("%-20s %10s  %-25s  %s\n", "NAME", "UID", "LAST SIGN-IN", "ROLES NOW");
}

void user_item_print_row(const struct message *item)
{
	char signed_in[32] = "";

	output_time((int64_t)message_u64(item, FIELD_SIGNED_IN_S, 0), signed_in, sizeof(signed_in));
	printf("%-20s %10" PRIu64 "  %-25s  ", message_str(item, FIELD_USER),
		message_u64(item, FIELD_UID, 0), signed_in);
	print_roles(item, FIELD_EFFECTIVE_ROLE);
	if (message_u64(item, FIELD_LISTED, 0) && !message_has(item, FIELD_UID))
		printf("  (listed, has not signed in yet)");
	else if (message_has(item, FIELD_ERR))
		printf("  (%s)", cosmo_err_id(message_err(item)));
	if (message_has(item, FIELD_REBIND_UNTIL_S))
		printf("  (waits for another person)");
	else if (message_u64(item, FIELD_REBIND_NEEDED, 0))
		printf("  (of a former IdP: needs `user rebind`)");
	putchar('\n');
}

static void print_text_line(const char *label, const char *value)
{
	printf("%-12s ", label);
	output_text(value ? value : "-");
	putchar('\n');
}

static void print_time_line(const char *label, const struct message *item, enum message_field field)
{
	char when[32] = "";

	output_time((int64_t)message_u64(item, field, 0), when, sizeof(when));
	printf("%-12s %s\n", label, when);
}

/* "never" would be a lease without an end. */
static void print_lease(const struct message *item)
{
	if (message_u64(item, FIELD_LEASE_UNTIL_S, 0))
		print_time_line("Lease until", item, FIELD_LEASE_UNTIL_S);
	else
		print_text_line("Lease until", NULL);
}

/* What an administrator did, and why: locked, signed out, removed. */
static void print_change(const struct message *item)
{
	const char *label = "Signed out";

	if (!message_has(item, FIELD_SINCE_S))
		return;
	if (message_has(item, FIELD_ERR) && message_err(item) == COSMO_E_REMOVED)
		label = "Removed";
	else if (message_u64(item, FIELD_LOCKED, 0))
		label = "Locked at";
	print_time_line(label, item, FIELD_SINCE_S);
	if (message_str(item, FIELD_REASON))
		print_text_line("", message_str(item, FIELD_REASON));
}

void user_item_print(const struct message *item)
{
	print_text_line("Name", message_str(item, FIELD_USER));
	if (!message_has(item, FIELD_UID)) {
		puts("             listed for enrolment, has not signed in yet");
		return;
	}
	printf("%-12s %" PRIu64 "\n", "uid, gid", message_u64(item, FIELD_UID, 0));
	print_text_line("Full name", message_str(item, FIELD_DISPLAY_NAME));
	print_text_line("Home", message_str(item, FIELD_HOME));
	print_text_line("Shell", message_str(item, FIELD_SHELL));
	print_text_line("Issuer", message_str(item, FIELD_ISSUER));
	print_text_line("Subject", message_str(item, FIELD_SUB));
	print_time_line("Bound since", item, FIELD_BOUND_S);
	if (message_has(item, FIELD_REBIND_UNTIL_S)) {
		print_time_line("Rebind until", item, FIELD_REBIND_UNTIL_S);
		puts("             the next other person who signs in under this name takes it over");
	}
	if (message_u64(item, FIELD_REBIND_NEEDED, 0))
		puts("             a person of an IdP that this host was connected to before; `cosmo-ssoctl "
		     "user rebind` gives the name to one of the present IdP");
	printf("%-12s ", "Roles now");
	print_roles(item, FIELD_EFFECTIVE_ROLE);
	if (message_has(item, FIELD_ERR))
		printf("  (%s)", cosmo_err_id(message_err(item)));
	printf("\n%-12s ", "Roles given");
	print_roles(item, FIELD_ROLE);
	putchar('\n');
	if (message_has(item, FIELD_ERR))
		print_text_line("Is told", cosmo_err_text(message_err(item)));
	print_time_line("Signed in", item, FIELD_SIGNED_IN_S);
	print_time_line("Confirmed", item, FIELD_CONFIRMED_S);
	print_lease(item);
	print_change(item);
	printf("%-12s %s\n", "Locked", message_u64(item, FIELD_LOCKED, 0) ? "yes" : "no");
}

void user_item_print_holder(const struct message *item)
{
	print_text_line("Name", message_str(item, FIELD_USER));
	printf("%-12s %" PRIu64 "\n", "uid, gid", message_u64(item, FIELD_UID, 0));
	print_text_line("Home", message_str(item, FIELD_HOME));
	print_text_line("Held by", message_str(item, FIELD_DISPLAY_NAME));
	print_text_line("Issuer", message_str(item, FIELD_ISSUER));
	print_text_line("Subject", message_str(item, FIELD_SUB));
	print_time_line("Bound since", item, FIELD_BOUND_S);
	print_time_line("Signed in", item, FIELD_SIGNED_IN_S);
	if (message_has(item, FIELD_REBIND_UNTIL_S))
		print_time_line("Rebind until", item, FIELD_REBIND_UNTIL_S);
}
