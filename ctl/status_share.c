/* SPDX-License-Identifier: MIT */
#include "ctl/status_share.h"

#include <json-c/json.h>
#include <stdio.h>

#include "common/base/gate.h"
#include "ctl/output.h"

/* A name that no user has: it stands for whoever reads this. */
#define ANYBODY "NAME"

static bool is_connected(const struct message *item)
{
	return message_u64(item, FIELD_GATE, 0) == GATE_OPEN;
}

static const char *host_of(const struct message *item)
{
	const char *host = message_str(item, FIELD_HOST);

	return host && host[0] ? host : "this host";
}

static void print_line(const char *label, const char *value)
{
	printf("  %-12s ", label);
	output_text(value);
	putchar('\n');
}

/* Where the name comes from that is typed for NAME. */
static void print_name(const struct message *item)
{
	const char *claim = message_str(item, FIELD_USERNAME_CLAIM);
	size_t count = message_count(item, FIELD_STRIP_DOMAIN);

	if (!claim)
		return;
	printf("  %-12s what ", ANYBODY " is");
	output_text(message_str(item, FIELD_ISSUER));
	(void)fputs(" has as ", stdout);
	output_text(claim);
	for (size_t i = 0; i < count; i++) {
		(void)fputs(i ? " or @" : ", without @", stdout);
		output_text(message_str_nth(item, FIELD_STRIP_DOMAIN, i));
	}
	putchar('\n');
}

static void print_sign_in(const struct message *item)
{
	const char *host = host_of(item);
	const char *page = message_str(item, FIELD_LOGIN_PAGE);

	(void)fputs("For your colleagues, to sign in to ", stdout);
	output_text(host);
	puts(":");
	printf("  %-12s ssh " ANYBODY "@", "Sign in");
	output_text(host);
	putchar('\n');
	print_name(item);
	print_line("Login page", page ? page : "not known here; each sign-in shows it");
	print_line("Integration", message_str(item, FIELD_INTEGRATION));
	if (page)
		puts("  Codes are approved on that page alone, and only by whoever started the sign-in.");
}

void status_share_print(const struct message *item)
{
	char since[32] = "";

	if (is_connected(item)) {
		print_sign_in(item);
		return;
	}
	output_time((int64_t)message_u64(item, FIELD_SINCE_S, 0), since, sizeof(since));
	(void)fputs("Single sign-on is disconnected on ", stdout);
	output_text(host_of(item));
	if (message_u64(item, FIELD_SINCE_S, 0))
		printf(" since %s", since);
	puts(": nobody can sign in there by a code.");
}

struct json_object *status_share_json(const struct message *item)
{
	struct json_object *object = json_object_new_object();
	bool connected = is_connected(item);
	const char *host = message_str(item, FIELD_HOST);
	char sign_in[512] = "";

	(void)snprintf(sign_in, sizeof(sign_in), "ssh " ANYBODY "@%s", host ? host : "");
	json_object_object_add(object, "connected", json_object_new_boolean(connected));
	output_json_text(object, "host", host);
	output_json_text(object, "sign_in", connected && host && host[0] ? sign_in : NULL);
	output_json_text(object, "username_claim", message_str(item, FIELD_USERNAME_CLAIM));
	output_json_texts(object, "strip_domain", item, FIELD_STRIP_DOMAIN);
	output_json_text(object, "issuer", message_str(item, FIELD_ISSUER));
	output_json_text(
		object, "login_page", connected ? message_str(item, FIELD_LOGIN_PAGE) : NULL);
	output_json_text(object, "integration", message_str(item, FIELD_INTEGRATION));
	json_object_object_add(
		object, "since", json_object_new_uint64(message_u64(item, FIELD_SINCE_S, 0)));
	return object;
}
