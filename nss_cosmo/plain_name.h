/* SPDX-License-Identifier: MIT */
/* Login names that the store holds, as nearly all are. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Is the name in @words (USERS_DB_NAME_WORDS of them, padded with zero bytes) valid to
 * login_name_is_valid()? true is certain; false is certain but for names with an '@', and where
 * words are not laid out as this takes them: then ask. No branch hangs on the name. Pure.
 */
bool plain_name_is(const uint64_t *words);
