/* SPDX-License-Identifier: MIT */
/* One user as the helper tells of them (USER_ITEM), for people and for programs. */
#pragma once

#include "common/message.h"

struct json_object;

/* Everything, as one object; the caller owns it. */
struct json_object *user_item_json(const struct message *item);

/* A table: its head, and one line of it. */
void user_item_print_head(void);
void user_item_print_row(const struct message *item);

/* Everything, a line for each. */
void user_item_print(const struct message *item);

/* Whose the name is, since when, and what goes with it. */
void user_item_print_holder(const struct message *item);
