/* SPDX-License-Identifier: MIT */
/* message_table.h as a grammar: which fields there are, and how often each stands in a message. */
#pragma once

#include <stddef.h>

enum grammar_kind {
	GRAMMAR_U64,
	GRAMMAR_STR,
	GRAMMAR_BYTES,
};

enum grammar_often {
	GRAMMAR_NEVER,
	GRAMMAR_ONE,
	GRAMMAR_OPT,
	GRAMMAR_MANY,
};

struct grammar_field {
	enum grammar_kind kind;
	size_t max_bytes;
};

/* Numbers of messages are 1 to this. */
#define GRAMMAR_COUNT_(symbol) +1
#define GRAMMAR_LAST_MESSAGE   ((unsigned int)(0 MESSAGE_LIST(GRAMMAR_COUNT_)))

/* NULL for numbers that are no field's, from 0 on. */
const struct grammar_field *grammar_field(unsigned int field);
size_t grammar_field_count(void);
enum grammar_often grammar_often(unsigned int type, unsigned int field);
