/* SPDX-License-Identifier: MIT */
/* Did a passwd entry come from us? Asked where users.db does not say it: it cannot be read, or the
 * entry is one that was computed a moment ago. */
#pragma once

#include <pwd.h>
#include <stdbool.h>

#include "common/base/enrollable.h"

enum entry_origin {
	ORIGIN_OTHER,  /* another source of names has it; or nobody asked */
	ORIGIN_OURS,   /* a user of ours, or what sshd is shown of somebody who is not one yet */
	ORIGIN_UNSURE, /* it looks like ours, and nothing that could tell can be read */
};

/* All that our entries have in common. */
bool entry_has_our_form(const struct passwd *pw);

/*
 * Where @pw is from. The register of uids knows, whatever range they were given in; for sshd's
 * computed entries the seed does. Both are root's: without them, or for a caller that may not read
 * them, what has our form and lies in the range of a host that was not told otherwise is unsure.
 */
enum entry_origin entry_origin_find(
	const struct enrollable_places *places, const struct passwd *pw, bool is_sshd);
