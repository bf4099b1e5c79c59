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

bool refresh_tally_is_alarming(const struct refresh_tally *tally)
{
	uint64_t passed_over =
		tally->passed_over < tally->total ? tally->passed_over : tally->total;

	return tally->refused >= REFRESH_ALARM_MIN &&
	       is_over_a_third(tally->refused, tally->total - passed_over);
}

bool refresh_tally_is_doubtful(const struct refresh_tally *tally)
{
	return is_over_a_third(tally->refused, tally->confirmed + tally->refused);
}
