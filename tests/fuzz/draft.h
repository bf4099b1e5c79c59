/* SPDX-License-Identifier: MIT */
/* Messages made by the grammar, true to it or with something wrong with them, and their bytes. */
#pragma once

#include "tests/fuzz/campaign.h"
#include "tests/fuzz/grammar.h"

#define DRAFT_MAX_FIELDS 1100
#define DRAFT_MAX_FRAMES 24

/* What a message is to say in a field; *ret_len counts the NUL of a text. NULL: anything of the
 * field's kind. The bytes last as long as the sequence: draft_keep(). */
typedef const void *(*draft_speaker)(
	unsigned int type, unsigned int field, struct dice *dice, size_t *ret_len);

struct draft_field {
	unsigned int field;
	unsigned int zero;
	const unsigned char *value;
	size_t len;
	uint32_t claimed_len;
};

struct draft {
	unsigned int version;
	unsigned int type;
	unsigned int zero;
	int64_t claimed_len; /* of the payload; -1: what it is */
	size_t field_count;
	struct draft_field fields[DRAFT_MAX_FIELDS];
};

struct draft_list {
	draft_speaker speaker;
	size_t count;
	struct draft frames[DRAFT_MAX_FRAMES];
};

/* Begin anew: nothing of the last sequence is kept. */
void draft_list_begin(struct draft_list *list, draft_speaker speaker);

/* Append a message of @type as the tables allow it. */
struct draft *draft_add(struct draft_list *list, unsigned int type, struct dice *dice);

/* Have @field stand once and say just this. */
void draft_set(struct draft *draft, unsigned int field, const void *value, size_t len);
void draft_set_str(struct draft *draft, unsigned int field, const char *text);
void draft_set_u64(struct draft *draft, unsigned int field, uint64_t value);
void draft_remove(struct draft *draft, unsigned int field);

/* Make one thing wrong, or at least odd, in the list. */
void draft_spoil(struct draft_list *list, struct dice *dice);

/* Memory until draft_list_begin(). */
void *draft_keep(const void *bytes, size_t len);

/* The bytes of all frames. */
unsigned char *draft_bytes(const struct draft_list *list, size_t *ret_len);
