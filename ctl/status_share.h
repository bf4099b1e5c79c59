/* SPDX-License-Identifier: MIT */
/* What to tell colleagues: how to sign in to this host, by what name, and on which page alone a
 * code is approved; out of a STATUS_ITEM, for people and for programs. */
#pragma once

#include "common/message.h"

struct json_object;

/* A host that is not connected has nothing to share, and says so. */
void status_share_print(const struct message *item);

/* The same as one object; the caller owns it. */
struct json_object *status_share_json(const struct message *item);
