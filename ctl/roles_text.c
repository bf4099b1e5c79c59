/* SPDX-License-Identifier: MIT */
#include "ctl/roles_text.h"

#include <stdio.h>

#include "common/claim_state.h"
#include "ctl/output.h"

const char *roles_text_claim(uint64_t state)
{
	switch ((enum claim_state)state) {
	case CLAIM_PRESENT:
		return "present";
	case CLAIM_EMPTY:
		return "empty";
	case CLAIM_MISSING:
		return "missing";
	}
	return "unknown";
}

void roles_text_print_all(const struct message *item, enum message_field field)
{
	for (size_t i = 0; i < message_count(item, field); i++) {
		(void)fputs(i ? ", " : "", stdout);
		output_text(message_str_nth(item, field, i));
	}
	puts(message_count(item, field) ? "" : "none");
}
