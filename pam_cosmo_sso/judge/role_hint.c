/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/role_hint.h"

#include <stdio.h>
#include <string.h>

#define MAX_NAMES      8
#define MAX_NAME_BYTES 64

/* Names of claims that could be meant, as a text; unquoted: a log shows no quotation marks. */
struct name_list {
	struct json_object *claims;
	struct json_object *passed; /* what stands in these has been listed */
	char text[MAX_NAMES * (MAX_NAME_BYTES + 2) + 1];
	size_t count;
};

/* Lists and objects, but for those of every token. */
static bool could_hold_roles(struct json_object *claims, const char *name)
{
	static const char *const others[] = {
		"aud", "amr", "address", "_claim_names", "_claim_sources"};
	struct json_object *value = json_member(claims, name);

	for (size_t i = 0; i < COSMO_ARRAY_LEN(others); i++)
		if (streq(name, others[i]))
			return false;
	return json_is_array(value) || json_is_object(value);
}

static enum cosmo_err add_name(const char *name, void *context)
{
	struct name_list *list = context;
	size_t used = strlen(list->text);

	if (list->count == MAX_NAMES || !could_hold_roles(list->claims, name) ||
		json_has(list->passed, name))
		return COSMO_OK;
	(void)snprintf(list->text + used, sizeof(list->text) - used, "%s%.*s",
		list->count ? ", " : "", MAX_NAME_BYTES, name);
	list->count++;
	return COSMO_OK;
}

static void list_names(const struct claim_sources *sources, struct name_list *list)
{
	list->claims = sources->id_token;
	(void)!json_each_name(list->claims, add_name, list);
	list->passed = sources->id_token;
	list->claims = sources->userinfo;
	(void)!json_each_name(list->claims, add_name, list);
}

static void say_missing(const struct role_hint *hint, struct reason *ret)
{
	struct name_list list = {.count = 0};

	list_names(hint->sources, &list);
	(void)!reason_give(ret, COSMO_OK, "claim %s is %s; %s%s", hint->claim,
		hint->sources->userinfo ? "in neither the ID token nor the userinfo answer"
					: "not in the ID token, and there is no userinfo answer",
		list.count ? "lists and objects there: " : "no claim there is a list or an object",
		list.text);
}

static bool is_path(const char *value)
{
	return value[0] == '/';
}

/* Such as 6d1c9e5a-7b1f-4f0e-9a43-2f6f2f7c1a10. */
static bool is_guid(const char *value)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(value) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '-' ? value[i] != '-' : !strchr("0123456789abcdefABCDEF", value[i]))
			return false;
	return true;
}

static bool are_all(const struct claim_values *values, bool (*is)(const char *value))
{
	for (size_t i = 0; i < values->count; i++)
		if (!is(values->items[i]))
			return false;
	return values->count > 0;
}

static const char *shape_of(const struct claim_values *values)
{
	if (are_all(values, is_guid))
		return "; all of them are object ids (GUIDs), no names";
	if (are_all(values, is_path))
		return "; all of them are paths that begin with '/'";
	return "";
}

void role_hint_give(const struct role_hint *hint, struct reason *ret)
{
	size_t count = hint->values->count;

	if (hint->state == CLAIM_MISSING)
		say_missing(hint, ret);
	else if (hint->state == CLAIM_EMPTY)
		(void)!reason_give(ret, COSMO_OK, "claim %s has no value", hint->claim);
	else if (hint->prefix && count == 0)
		(void)!reason_give(ret, COSMO_OK,
			"no value of claim %s begins with value_strip_prefix", hint->claim);
	else
		(void)!reason_give(ret, COSMO_OK,
			"none of %zu value(s) of claim %s matches a rule%s", count, hint->claim,
			shape_of(hint->values));
}
