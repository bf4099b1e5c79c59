/* SPDX-License-Identifier: MIT */
/* When refusals are too many to be dismissals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/helper/refresh_tally.h"

static const struct {
	struct refresh_tally tally;
	bool is_alarming;
	bool is_doubtful;
} rows[] = {
	/* total, confirmed, changed, refused, unanswered, passed over */
	{{0, 0, 0, 0, 0, 0}, false, false},
	{{1, 0, 0, 1, 0, 0}, false, true}, /* one alone may be dismissed */
	{{2, 1, 0, 1, 0, 0}, false, true},
	{{3, 2, 0, 1, 0, 0}, false, false},
	{{2, 0, 0, 2, 0, 0}, true, true}, /* all there are */
	{{3, 0, 0, 2, 0, 0}, false, true},
	{{3, 1, 0, 2, 0, 0}, false, true},
	{{3, 0, 0, 3, 0, 0}, true, true},
	{{3, 0, 0, 2, 1, 0}, false, true},
	{{5, 0, 0, 3, 0, 0}, false, true}, /* a team */
	{{5, 2, 0, 3, 0, 0}, false, true},
	{{5, 0, 0, 4, 0, 0}, true, true},
	{{11, 7, 0, 4, 0, 0}, true, true},
	{{12, 0, 0, 4, 0, 0}, false, true}, /* a third is not more than one */
	{{12, 8, 0, 4, 0, 0}, false, false},
	{{300, 200, 0, 100, 0, 0}, false, false},
	{{300, 0, 0, 101, 0, 0}, true, true},
	{{300, 199, 0, 101, 0, 0}, true, true},
	{{300, 0, 0, 90, 0, 0}, false, true},
	{{300, 0, 0, 90, 210, 0}, false, true},
	/* nobody is asked about those who are passed over */
	{{300, 0, 0, 34, 0, 200}, true, true},
	{{300, 0, 0, 33, 0, 200}, false, true},
	{{9, 0, 0, 3, 0, 6}, true, true},
	{{9, 0, 0, 1, 0, 8}, false, true},
	{{1, 0, 0, 2, 0, 9}, true, true},
};

/* case: refresh: more than a third refused, at least four, is an alarm; so are all of a few */
static void test_refresh_tally__refusals__alarm_above_a_third_of_those_there_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%zu\n", i);
		assert_int_equal(refresh_tally_is_alarming(&rows[i].tally), rows[i].is_alarming);
		assert_int_equal(refresh_tally_is_doubtful(&rows[i].tally), rows[i].is_doubtful);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_refresh_tally__refusals__alarm_above_a_third_of_those_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
