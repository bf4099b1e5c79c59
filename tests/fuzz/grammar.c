/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/grammar.h"

#include "common/base/auto.h"
#include "common/message.h"

static const struct grammar_field fields[] = {
#define FIELD_(symbol, type, max) [FIELD_##symbol] = {GRAMMAR_##type, max},
	FIELD_LIST(FIELD_)
#undef FIELD_
};

static const struct {
	unsigned int type;
	unsigned int field;
	enum grammar_often often;
} rows[] = {
#define ROW_(message, symbol, how_often) {MESSAGE_##message, FIELD_##symbol, GRAMMAR_##how_often},
	MESSAGE_FIELD_LIST(ROW_)
#undef ROW_
};

const struct grammar_field *grammar_field(unsigned int field)
{
	return field >= 1 && field < COSMO_ARRAY_LEN(fields) ? &fields[field] : NULL;
}

size_t grammar_field_count(void)
{
	return COSMO_ARRAY_LEN(fields) - 1;
}

static enum grammar_often look_up(unsigned int type, unsigned int field)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++)
		if (rows[i].type == type && rows[i].field == field)
			return rows[i].often;
	return GRAMMAR_NEVER;
}

enum grammar_often grammar_often(unsigned int type, unsigned int field)
{
	/* One more than the answer; 0: not looked up yet. */
	static unsigned char known[GRAMMAR_LAST_MESSAGE + 1][COSMO_ARRAY_LEN(fields)];

	if (type > GRAMMAR_LAST_MESSAGE || !grammar_field(field))
		return GRAMMAR_NEVER;
	if (!known[type][field])
		known[type][field] = (unsigned char)(look_up(type, field) + 1);
	return (enum grammar_often)(known[type][field] - 1);
}
