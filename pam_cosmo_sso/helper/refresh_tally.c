/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_tally.h"

uint64_t refresh_tally_done(const struct refresh_tally *tally)
{
	return tally->confirmed + tally->refused + tally->unanswered + tally->passed_over;
}

/* Nobody's run is of so many that this could overflow. */
static bool is_over_a_third(uint64_t part, uint64_t whole)
{
	return 3 * part > whole;
}

/* One alone may be dismissed any day. */
static bool is_everybody(uint64_t refused, uint64_t asked)
{
	return refused > 1 && refused >= asked;
}

bool refresh_tally_is_alarming(const struct refresh_tally *tally)
{
	uint64_t passed_over =
		tally->passed_over < tally->total ? tally->passed_over : tally->total;
	uint64_t asked = tally->total - passed_over;

	return is_everybody(tally->refused, asked) ||
	       (tally->refused >= REFRESH_ALARM_MIN && is_over_a_third(tally->refused, asked));
}

bool refresh_tally_is_doubtful(const struct refresh_tally *tally)
{
	return is_over_a_third(tally->refused, tally->confirmed + tally->refused);
}
