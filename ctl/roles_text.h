/* SPDX-License-Identifier: MIT */
/* Roles, groups and the state of a claim, as several commands show them. */
#pragma once

#include <stdint.h>

#include "common/message.h"

/* A word for the value of a FIELD_CLAIM_STATE. */
const char *roles_text_claim(uint64_t state);

/* "a, b, c" of all fields @field of @item, or "none"; and the line's end. */
void roles_text_print_all(const struct message *item, enum message_field field);
