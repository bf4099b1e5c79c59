/* SPDX-License-Identifier: MIT */
/* The product's reader without regard to sequences: the first whole copy is believed, however old.
 * The mixture test must see it. */
#define RENAMED(name) unordered_##name
#include "tests/unit/store/renamed_reader.h"

#define users_db_pair_newest(pair) 0U
#define users_db_sequence(word)    UINT64_MAX

#include "common/base/users_db_slot.c"

#include "common/base/users_db_read.c"
