/* SPDX-License-Identifier: MIT */
/* The product's reader without the check of what it has copied: the mixture test must see it. */
#define RENAMED(name) unchecked_##name
#include "tests/unit/store/renamed_reader.h"

static inline bool load_unchecked(
	const struct users_db_pair *pair, unsigned int copy, size_t count, uint64_t *ret)
{
	const uint64_t *words = pair->copies + copy * pair->stride;

	for (size_t i = 0; i < count; i++)
		ret[i] = users_db_load(words + i);
	return true;
}

#define users_db_copy_load load_unchecked

#include "common/base/users_db_slot.c"

#include "common/base/users_db_read.c"
