/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/message.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

static unsigned char arena[ARENA_BYTES];
static size_t arena_used;

static unsigned char *room(size_t len)
{
	unsigned char *at = arena + arena_used;

	assert_true(len <= ARENA_BYTES - arena_used);
	arena_used += len;
	return at;
}

void *draft_keep(const void *bytes, size_t len)
{
	return len ? memcpy(room(len), bytes, len) : arena;
}

void draft_list_begin(struct draft_list *list, draft_speaker speaker)
{
	arena_used = 0;
	list->speaker = speaker;
	list->count = 0;
}

static unsigned char *store_number(uint64_t value, size_t len)
{
	unsigned char *at = room(len);

	for (size_t i = 0; i < len; i++)
		at[i] = i < 8 ? (unsigned char)(value >> (8 * i)) : 0;
	return at;
}

static uint64_t any_number(struct dice *dice)
{
	static const uint64_t edges[] = {0, 1, 2, 5, 60, 600, INT32_MAX, UINT32_MAX,
		(uint64_t)UINT32_MAX + 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};

	return dice_chance(dice, 80) ? edges[dice_below(dice, COSMO_ARRAY_LEN(edges))]
				     : dice_next(dice);
}

static unsigned char *any_bytes(struct dice *dice, size_t len, bool is_text)
{
	unsigned char *at = room(len);

	for (size_t i = 0; i < len; i++)
		at[i] = is_text ? (unsigned char)('!' + dice_below(dice, '~' - '!' + 1))
				: (unsigned char)dice_next(dice);
	if (is_text)
		at[len - 1] = 0;
	return at;
}

/* Anything of the field's kind; mostly short, now and then as long as may be. */
static void fill_any(struct draft_field *field, struct dice *dice)
{
	const struct grammar_field *rule = grammar_field(field->field);
	bool is_text = rule && rule->kind == GRAMMAR_STR;
	size_t max = rule ? rule->max_bytes : 64;
	size_t len = 1 + dice_below(dice, max < 32 ? max : 32);

	if (rule && rule->kind == GRAMMAR_U64) {
		field->value = store_number(any_number(dice), 8);
		len = 8;
	} else {
		if (dice_chance(dice, 4) && (max <= 4096 || dice_chance(dice, 3)))
			len = max;
		field->value = any_bytes(dice, len, is_text);
	}
	field->len = len;
	field->claimed_len = (uint32_t)len;
}

static void add_field(struct draft *draft, const struct draft_field *field)
{
	if (draft->field_count < DRAFT_MAX_FIELDS)
		draft->fields[draft->field_count++] = *field;
}

static void speak(
	struct draft_list *list, struct draft *draft, unsigned int number, struct dice *dice)
{
	struct draft_field field = {.field = number};

	field.value = list->speaker ? list->speaker(draft->type, number, dice, &field.len) : NULL;
	field.claimed_len = (uint32_t)field.len;
	if (!field.value)
		fill_any(&field, dice);
	add_field(draft, &field);
}

static size_t times(enum grammar_often often, struct dice *dice)
{
	switch (often) {
	case GRAMMAR_NEVER:
		return 0;
	case GRAMMAR_ONE:
		return 1;
	case GRAMMAR_OPT:
		return dice_below(dice, 2);
	case GRAMMAR_MANY:
		return dice_below(dice, 4);
	}
	return 0;
}

struct draft *draft_add(struct draft_list *list, unsigned int type, struct dice *dice)
{
	struct draft *draft = &list->frames[list->count];

	assert_true(list->count < DRAFT_MAX_FRAMES);
	list->count++;
	draft->version = 1;
	draft->type = type;
	draft->zero = 0;
	draft->claimed_len = -1;
	draft->field_count = 0;
	for (unsigned int field = 1; grammar_field(field); field++)
		for (size_t n = times(grammar_often(type, field), dice); n > 0; n--)
			speak(list, draft, field, dice);
	return draft;
}

void draft_remove(struct draft *draft, unsigned int field)
{
	size_t kept = 0;

	for (size_t i = 0; i < draft->field_count; i++)
		if (draft->fields[i].field != field)
			draft->fields[kept++] = draft->fields[i];
	draft->field_count = kept;
}

void draft_set(struct draft *draft, unsigned int field, const void *value, size_t len)
{
	struct draft_field set = {.field = field,
		.value = draft_keep(value, len),
		.len = len,
		.claimed_len = (uint32_t)len};

	draft_remove(draft, field);
	add_field(draft, &set);
}

void draft_set_str(struct draft *draft, unsigned int field, const char *text)
{
	draft_set(draft, field, text, strlen(text) + 1);
}

void draft_set_u64(struct draft *draft, unsigned int field, uint64_t value)
{
	draft_set(draft, field, store_number(value, 8), 8);
}

/* What can be wrong with the order of messages. */

static void drop_frame(struct draft_list *list, size_t at)
{
	memmove(&list->frames[at], &list->frames[at + 1],
		(list->count - at - 1) * sizeof(list->frames[0]));
	list->count--;
}

static void insert_frame(struct draft_list *list, size_t at, const struct draft *draft)
{
	if (list->count == DRAFT_MAX_FRAMES)
		return;
	memmove(&list->frames[at + 1], &list->frames[at],
		(list->count - at) * sizeof(list->frames[0]));
	list->frames[at] = *draft;
	list->count++;
}

static void strange_frame(struct draft_list *list, size_t at, struct dice *dice)
{
	static struct draft strange;

	if (list->count == DRAFT_MAX_FRAMES)
		return;
	strange = *draft_add(list, 1 + (unsigned int)dice_below(dice, GRAMMAR_LAST_MESSAGE), dice);
	list->count--;
	insert_frame(list, at, &strange);
}

static void spoil_order(struct draft_list *list, struct dice *dice)
{
	static struct draft one;
	size_t at = dice_below(dice, list->count);
	size_t other = dice_below(dice, list->count);

	switch (dice_below(dice, 5)) {
	case 0:
		drop_frame(list, at);
		return;
	case 1:
		one = list->frames[at];
		insert_frame(list, at, &one);
		return;
	case 2:
		one = list->frames[at];
		list->frames[at] = list->frames[other];
		list->frames[other] = one;
		return;
	case 3:
		strange_frame(list, at, dice);
		return;
	default:
		strange_frame(list, list->count, dice);
		return;
	}
}

/* What can be wrong with a message's fields as a whole. */

static void repeat(struct draft *draft, struct draft_field field, size_t count)
{
	for (size_t left = field.len <= 4096 ? count : 1; left > 0; left--)
		add_field(draft, &field);
}

static void spoil_fields(struct draft_list *list, struct draft *draft, struct dice *dice)
{
	struct draft_field one = {0};
	size_t at = dice_below(dice, draft->field_count);
	size_t other = dice_below(dice, draft->field_count);

	if (draft->field_count == 0 || dice_chance(dice, 20)) {
		speak(list, draft, 1 + (unsigned int)dice_below(dice, grammar_field_count()), dice);
		return;
	}
	one = draft->fields[at];
	switch (dice_below(dice, 5)) {
	case 0:
		draft_remove(draft, one.field);
		return;
	case 1:
		repeat(draft, one, 1);
		return;
	case 2: /* as many as there may be, and one more or less */
		repeat(draft, one, MESSAGE_MAX_REPEATS - 2 + dice_below(dice, 3));
		return;
	case 3: /* allowed */
		draft->fields[at] = draft->fields[other];
		draft->fields[other] = one;
		return;
	default:
		draft->fields[at].field = (unsigned int)dice_below(dice, grammar_field_count() + 3);
		return;
	}
}

/* What can be wrong with one value. */

static size_t edge_of(const struct grammar_field *rule, struct dice *dice)
{
	return rule->max_bytes - 1 + dice_below(dice, 3);
}

static void set_value(struct draft_field *field, const unsigned char *value, size_t len)
{
	field->value = value;
	field->len = len;
	field->claimed_len = (uint32_t)len;
}

static void spoil_text(struct draft_field *field, struct dice *dice)
{
	static const char *const odd[] = {"", "\x1b[2J", "ada\n", "\xff\xfe", "\xc3", "..", "-",
		"\xe2\x80\xae", "root", "a:b", " ada", "ada "};
	const char *text = odd[dice_below(dice, COSMO_ARRAY_LEN(odd))];
	unsigned char *copy = draft_keep(field->value, field->len);
	size_t kind = dice_below(dice, 4);

	if (kind == 0)
		set_value(field, draft_keep(text, strlen(text) + 1), strlen(text) + 1);
	else if (kind == 1) /* no NUL */
		set_value(field, copy, field->len ? field->len - 1 : 0);
	else if (kind == 2 && field->len > 1) { /* one inside */
		copy[dice_below(dice, field->len - 1)] = 0;
		field->value = copy;
	} else
		set_value(field, copy, 0);
}

static void spoil_value(struct draft_field *field, struct dice *dice)
{
	static const size_t widths[] = {0, 1, 4, 7, 9, 16};
	const struct grammar_field *rule = grammar_field(field->field);
	size_t len = 0;

	switch (dice_below(dice, 5)) {
	case 0:
		field->zero = 1 + (unsigned int)dice_below(dice, 0xffff);
		return;
	case 1:
		field->claimed_len = dice_chance(dice, 50) ? (uint32_t)dice_next(dice)
							   : field->claimed_len + 1 -
								     (uint32_t)dice_below(dice, 3);
		return;
	case 2:
		fill_any(field, dice);
		return;
	default:
		break;
	}
	if (!rule || (rule->max_bytes > 4096 && !dice_chance(dice, 5)))
		return;
	if (rule->kind == GRAMMAR_U64) {
		len = widths[dice_below(dice, COSMO_ARRAY_LEN(widths))];
		set_value(field, store_number(any_number(dice), len), len);
	} else if (rule->kind == GRAMMAR_STR && dice_chance(dice, 70)) {
		spoil_text(field, dice);
	} else {
		len = edge_of(rule, dice);
		set_value(field, any_bytes(dice, len, rule->kind == GRAMMAR_STR), len);
	}
}

/* What can be wrong with a header. */
static void spoil_header(struct draft *draft, struct dice *dice)
{
	static const int64_t lengths[] = {
		0, 1, 7, 8, 2 * 1024 * 1024, 2 * 1024 * 1024 + 1, INT32_MAX, UINT32_MAX};

	switch (dice_below(dice, 4)) {
	case 0:
		draft->version = (unsigned int)dice_below(dice, 256);
		return;
	case 1:
		draft->type = (unsigned int)dice_below(dice, 256);
		return;
	case 2:
		draft->zero = 1 + (unsigned int)dice_below(dice, 0xffff);
		return;
	default:
		draft->claimed_len = lengths[dice_below(dice, COSMO_ARRAY_LEN(lengths))];
		return;
	}
}

void draft_spoil(struct draft_list *list, struct dice *dice)
{
	struct draft *draft = NULL;
	size_t kind = dice_below(dice, 10);

	if (list->count == 0)
		return;
	draft = &list->frames[dice_below(dice, list->count)];
	if (kind < 3)
		spoil_order(list, dice);
	else if (kind < 5)
		spoil_fields(list, draft, dice);
	else if (kind < 9 && draft->field_count > 0)
		spoil_value(&draft->fields[dice_below(dice, draft->field_count)], dice);
	else
		spoil_header(draft, dice);
}

static size_t payload_len(const struct draft *draft)
{
	size_t len = 0;

	for (size_t i = 0; i < draft->field_count; i++)
		len += 8 + draft->fields[i].len;
	return len;
}

static unsigned char *put_number(unsigned char *at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		*at++ = (unsigned char)(value >> (8 * i));
	return at;
}

static unsigned char *put_frame(unsigned char *at, const struct draft *draft)
{
	int64_t claimed = draft->claimed_len < 0 ? (int64_t)payload_len(draft) : draft->claimed_len;

	at = put_number(at, draft->version, 1);
	at = put_number(at, draft->type, 1);
	at = put_number(at, draft->zero, 2);
	at = put_number(at, (uint64_t)claimed, 4);
	for (size_t i = 0; i < draft->field_count; i++) {
		const struct draft_field *field = &draft->fields[i];

		at = put_number(at, field->field, 2);
		at = put_number(at, field->zero, 2);
		at = put_number(at, field->claimed_len, 4);
		if (field->len)
			memcpy(at, field->value, field->len);
		at += field->len;
	}
	return at;
}

unsigned char *draft_bytes(const struct draft_list *list, size_t *ret_len)
{
	unsigned char *bytes = NULL;
	unsigned char *at = NULL;
	size_t len = 0;

	for (size_t i = 0; i < list->count; i++)
		len += 8 + payload_len(&list->frames[i]);
	bytes = at = room(len);
	for (size_t i = 0; i < list->count; i++)
		at = put_frame(at, &list->frames[i]);
	*ret_len = len;
	return bytes;
}
