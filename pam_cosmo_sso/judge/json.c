/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/json.h"

#include <json-c/json.h>

#include "common/base/parse.h"
#include "pam_cosmo_sso/judge/json_scan.h"
#include "pam_cosmo_sso/judge/json_tree.h"

void json_free(struct json_object *root)
{
	json_object_put(root);
}

enum cosmo_err json_parse(const char *text, size_t len, struct json_object **ret)
{
	enum cosmo_err err = COSMO_OK;

	if (len == 0 || len > JSON_MAX_TEXT_BYTES)
		return COSMO_E_FORMAT;
	err = json_scan(text, len, JSON_MAX_DEPTH);
	return err ? err : json_tree_build(text, len, ret);
}

struct json_object *json_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object) ||
		!json_object_object_get_ex(object, name, &value))
		return NULL;
	return value;
}

bool json_has(struct json_object *object, const char *name)
{
	return json_object_is_type(object, json_type_object) &&
	       json_object_object_get_ex(object, name, NULL);
}

const char *json_text(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

enum cosmo_err json_str(
	struct json_object *object, const char *name, size_t max_len, const char **ret)
{
	struct json_object *value = json_member(object, name);
	const char *text = json_text(value);

	if (!value)
		return COSMO_E_NOT_FOUND;
	if (!text || text[0] == '\0')
		return COSMO_E_FORMAT;
	if (strlen(text) > max_len)
		return COSMO_E_TOO_BIG;
	*ret = text;
	return COSMO_OK;
}

enum cosmo_err json_str_opt(
	struct json_object *object, const char *name, size_t max_len, const char **ret)
{
	const char *text = NULL;
	enum cosmo_err err = json_str(object, name, max_len, &text);

	if (err != COSMO_OK && err != COSMO_E_NOT_FOUND)
		return err;
	*ret = text;
	return COSMO_OK;
}

static int64_t clamp_time(int64_t value_s)
{
	if (value_s > JSON_MAX_TIME_S)
		return JSON_MAX_TIME_S;
	return value_s < -JSON_MAX_TIME_S ? -JSON_MAX_TIME_S : value_s;
}

enum cosmo_err json_time(struct json_object *object, const char *name, int64_t *ret_s)
{
	struct json_object *value = json_member(object, name);

	if (!value)
		return COSMO_E_NOT_FOUND;
	/* json-c itself cuts integers outside int64_t and doubles to the nearest end. */
	if (!json_object_is_type(value, json_type_int) &&
		!json_object_is_type(value, json_type_double))
		return COSMO_E_FORMAT;
	*ret_s = clamp_time(json_object_get_int64(value));
	return COSMO_OK;
}

enum cosmo_err json_whole_number(struct json_object *value, int64_t *ret)
{
	if (json_text(value))
		return parse_i64(json_text(value), INT64_MIN, INT64_MAX, ret) == COSMO_OK
			       ? COSMO_OK
			       : COSMO_E_FORMAT;
	if (!json_object_is_type(value, json_type_int))
		return COSMO_E_FORMAT;
	*ret = json_object_get_int64(value);
	return COSMO_OK;
}

enum cosmo_err json_seconds(struct json_object *object, const char *name, int64_t *ret_s)
{
	struct json_object *value = json_member(object, name);
	int64_t value_s = 0;
	enum cosmo_err err = COSMO_OK;

	if (!value)
		return COSMO_E_NOT_FOUND;
	if (json_text(value))
		err = json_whole_number(value, &value_s);
	else
		err = json_time(object, name, &value_s);
	if (err != COSMO_OK || value_s < 0)
		return COSMO_E_FORMAT;
	*ret_s = clamp_time(value_s);
	return COSMO_OK;
}

bool json_is_true(struct json_object *value)
{
	if (json_text(value))
		return streq(json_text(value), "true");
	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

bool json_is_object(struct json_object *value)
{
	return json_object_is_type(value, json_type_object) != 0;
}

bool json_is_array(struct json_object *value)
{
	return json_object_is_type(value, json_type_array) != 0;
}

size_t json_array_count(struct json_object *array)
{
	return json_is_array(array) ? json_object_array_length(array) : 0;
}

struct json_object *json_array_at(struct json_object *array, size_t index)
{
	return json_is_array(array) ? json_object_array_get_idx(array, index) : NULL;
}

enum cosmo_err json_each_name(struct json_object *object,
	enum cosmo_err (*visit)(const char *name, void *context), void *context)
{
	enum cosmo_err err = COSMO_OK;

	if (!json_is_object(object))
		return COSMO_OK;
	for (struct lh_entry *entry = json_object_get_object(object)->head;
		entry && err == COSMO_OK; entry = entry->next)
		err = visit(lh_entry_k(entry), context);
	return err;
}
