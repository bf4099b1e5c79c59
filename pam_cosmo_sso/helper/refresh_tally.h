/* SPDX-License-Identifier: MIT */
/* What came of a run over many users, so far; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct refresh_tally {
	uint64_t total;     /* users of the run */
	uint64_t confirmed; /* the IdP answered, and it is stored; of these .changed */
	uint64_t changed;   /* with other roles than before */
	uint64_t refused;
	uint64_t unanswered;
	uint64_t passed_over; /* nothing was to be asked, or somebody else asked */
};

/* Fewer refusals than this are no alarm, however few users there are: a team that leaves. But all
 * of two or three are one. */
#define REFRESH_ALARM_MIN 4

/* How many of them have been dealt with. */
uint64_t refresh_tally_done(const struct refresh_tally *tally);

/* Are more than a third of the users that there are to ask about refused, and enough of them? The
 * IdP has lost its sessions then: these are not dismissals. */
bool refresh_tally_is_alarming(const struct refresh_tally *tally);

/* Are they more than a third of those who were asked about so far, be it one alone? Nothing that
 * hurts is made of a refusal then: the rest of the run may show that it is none. */
bool refresh_tally_is_doubtful(const struct refresh_tally *tally);
