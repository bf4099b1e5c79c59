/* SPDX-License-Identifier: MIT */
/* What a PROBE_ITEM says, stage by stage: how far asking the IdP came, and why no further. */
#pragma once

#include "common/message.h"

/* In the order in which they are gone through. */
enum probe_stage {
	PROBE_DNS,
	PROBE_PROXY,
	PROBE_CA,
	PROBE_DISCOVERY,
	PROBE_KEYS,
	PROBE_CLIENT,
	PROBE_STAGE_COUNT, /* nothing failed */
};

enum probe_outcome {
	PROBE_PASSED,
	PROBE_FAILED,      /* here */
	PROBE_NOT_REACHED, /* it ended before, or nobody was asked */
};

/* "dns" and so on; "" for none. */
const char *probe_stage_name(enum probe_stage stage);

/* Was the IdP asked at all? If not, .err of the item says why: its configuration cannot be used, or
 * names nobody. */
bool probe_was_asked(const struct message *item);

/* Where it ended. Pure. */
enum probe_stage probe_failed_at(const struct message *item);

/* What is known of @stage. A connection that did not come about says nothing of certificates. Pure.
 */
enum probe_outcome probe_outcome_of(const struct message *item, enum probe_stage stage);

/* By how many seconds this host's clock is ahead of the IdP's; false: that was not told. Pure. */
bool probe_clock_ahead_s(const struct message *item, int64_t *ret);
