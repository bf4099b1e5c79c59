/* SPDX-License-Identifier: MIT */
#include "common/config_option.h"

#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "common/config.h"

#define SEPARATORS " \t,"

/* All enums of the configuration are stored as this. */
_Static_assert(sizeof(enum client_auth) == sizeof(unsigned int), "TYPE_WORD");
_Static_assert(sizeof(enum config_qr) == sizeof(unsigned int), "TYPE_WORD");
_Static_assert(sizeof(enum config_enroll) == sizeof(unsigned int), "TYPE_WORD");
_Static_assert(sizeof(enum config_complete_uri) == sizeof(unsigned int), "TYPE_WORD");

static void free_text(char **text, bool secret)
{
	if (*text && secret)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

static void list_clear(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_text(&list->items[i], false);
	list->count = 0;
}

static void list_done(struct config_list list)
{
	list_clear(&list);
}
COSMO_AUTO_DEFINE(struct config_list, list_done);

static bool list_has(const struct config_list *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++)
		if (streq(list->items[i], item))
			return true;
	return false;
}

static enum cosmo_err set_text(const struct config_option *option, char **place, const char *value)
{
	char *copy = NULL;

	if (strlen(value) > (size_t)option->max || !option->form->is_valid(value))
		return COSMO_E_INVALID;
	copy = strdup(value);
	if (!copy)
		return COSMO_E_NOMEM;
	free_text(place, option->secret);
	*place = copy;
	return COSMO_OK;
}

static enum cosmo_err set_name(const struct config_option *option, char *place, const char *value)
{
	if (strlen(value) > (size_t)option->max || !option->form->is_valid(value))
		return COSMO_E_INVALID;
	memcpy(place, value, strlen(value) + 1);
	return COSMO_OK;
}

static enum cosmo_err list_add(
	const struct config_option *option, struct config_list *list, const char *text, size_t len)
{
	COSMO_AUTO(free) char *item = strndup(text, len);

	if (!item)
		return COSMO_E_NOMEM;
	if (list->count == (size_t)option->max || !option->form->is_valid(item) ||
		list_has(list, item))
		return COSMO_E_INVALID;
	list->items[list->count++] = COSMO_STEAL(&item);
	return COSMO_OK;
}

static enum cosmo_err set_list(
	const struct config_option *option, struct config_list *place, const char *value)
{
	COSMO_AUTO(list_done) struct config_list list = {.count = 0};
	const char *p = value + strspn(value, SEPARATORS);

	while (*p) {
		size_t len = strcspn(p, SEPARATORS);
		enum cosmo_err err = list_add(option, &list, p, len);

		if (err)
			return err;
		p += len;
		p += strspn(p, SEPARATORS);
	}
	if (list.count < (size_t)option->min)
		return COSMO_E_INVALID;
	list_clear(place);
	*place = list;
	list.count = 0;
	return COSMO_OK;
}

static enum cosmo_err find_word(
	const struct config_option *option, const char *value, unsigned int *ret)
{
	for (const struct config_word *word = option->words; word->text; word++) {
		if (streq(word->text, value)) {
			*ret = word->value;
			return COSMO_OK;
		}
	}
	return COSMO_E_INVALID;
}

static enum cosmo_err set_flag(const struct config_option *option, bool *place, const char *value)
{
	unsigned int word = 0;
	enum cosmo_err err = find_word(option, value, &word);

	if (!err)
		*place = word != 0;
	return err;
}

static enum cosmo_err set_count(
	const struct config_option *option, uint32_t *place, const char *value)
{
	uint64_t count = 0;
	enum cosmo_err err = parse_u64(value, (uint64_t)option->min, (uint64_t)option->max, &count);

	if (!err)
		*place = (uint32_t)count;
	return err;
}

static enum cosmo_err set_auth(
	const struct config_option *option, struct config_service *service, const char *value)
{
	int64_t recent_s = 0;
	enum config_auth auth = CONFIG_AUTH_RECENT;

	if (streq(value, "device"))
		auth = CONFIG_AUTH_DEVICE;
	else if (streq(value, "skip"))
		auth = CONFIG_AUTH_SKIP;
	else if (streq(value, "deny"))
		auth = CONFIG_AUTH_DENY;
	else if (strncmp(value, "recent:", strlen("recent:")) != 0 ||
		 parse_duration_s(value + strlen("recent:"), option->min, option->max, &recent_s))
		return COSMO_E_INVALID;
	service->auth = auth;
	service->recent_s = recent_s;
	service->has_auth = true;
	return COSMO_OK;
}

enum cosmo_err config_option_set(
	const struct config_option *option, void *target, const char *value)
{
	void *place = (char *)target + option->offset;

	switch (option->type) {
	case TYPE_TEXT:
		return set_text(option, place, value);
	case TYPE_NAME:
		return set_name(option, place, value);
	case TYPE_LIST:
		return set_list(option, place, value);
	case TYPE_BOOL:
		return parse_bool(value, place);
	case TYPE_FLAG:
		return set_flag(option, place, value);
	case TYPE_WORD:
		return find_word(option, value, place);
	case TYPE_ID:
		return parse_id(value, (uint32_t)option->min, (uint32_t)option->max, place);
	case TYPE_COUNT:
		return set_count(option, place, value);
	case TYPE_DURATION:
		return parse_duration_s(value, option->min, option->max, place);
	case TYPE_AUTH:
		return set_auth(option, place, value);
	}
	return COSMO_E_INVALID;
}

void config_option_clear(const struct config_option *option, void *target)
{
	void *place = (char *)target + option->offset;

	if (option->type == TYPE_TEXT)
		free_text(place, option->secret);
	else if (option->type == TYPE_LIST)
		list_clear(place);
}

/* The largest unit that needs no fraction. */
static void write_duration(int64_t duration_s, char *ret, size_t ret_size)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (i < 3 && (duration_s == 0 || duration_s % units[i].seconds != 0))
		i++;
	snprintf(
		ret, ret_size, "%lld%c", (long long)(duration_s / units[i].seconds), units[i].unit);
}

static void write_words(const struct config_word *words, char *ret, size_t ret_size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (const struct config_word *word = words; word->text && used < ret_size; word++) {
		const char *between = word == words ? "" : word[1].text ? ", " : " or ";
		int len = snprintf(ret + used, ret_size - used, "%s%s", between, word->text);

		used += len > 0 ? (size_t)len : 0;
	}
}

static void write_durations(
	const struct config_option *option, const char *before, char *ret, size_t ret_size)
{
	char min[24] = "";
	char max[24] = "";

	write_duration(option->min, min, sizeof(min));
	write_duration(option->max, max, sizeof(max));
	snprintf(ret, ret_size, "%sa duration from %s to %s, such as 90s, 15m, 24h or 14d", before,
		min, max);
}

void config_option_expects(const struct config_option *option, char *ret, size_t ret_size)
{
	long long min = option->min;
	long long max = option->max;

	switch (option->type) {
	case TYPE_TEXT:
	case TYPE_NAME:
		snprintf(ret, ret_size, "%s (at most %lld bytes)", option->form->expects, max);
		return;
	case TYPE_LIST:
		snprintf(ret, ret_size, "%lld to %lld different %s, with blanks or commas between",
			min, max, option->form->expects);
		return;
	case TYPE_BOOL:
		snprintf(ret, ret_size, "yes or no");
		return;
	case TYPE_FLAG:
	case TYPE_WORD:
		write_words(option->words, ret, ret_size);
		return;
	case TYPE_ID:
		snprintf(ret, ret_size, "a number from %lld to %lld, or hexadecimal as 0x%llx", min,
			max, (unsigned long long)max);
		return;
	case TYPE_COUNT:
		snprintf(ret, ret_size, "a number from %lld to %lld", min, max);
		return;
	case TYPE_DURATION:
		write_durations(option, "", ret, ret_size);
		return;
	case TYPE_AUTH:
		write_durations(option, "device, skip, deny or recent: with ", ret, ret_size);
		return;
	}
}
