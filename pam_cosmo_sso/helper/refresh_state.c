/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_state.h"

#include <string.h>

#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/run_note.h"

#define LOCK_NAME "refresh-run.lock"

enum number {
	BEGAN,
	ENDED,
	TOTAL,
	CONFIRMED,
	CHANGED,
	REFUSED,
	UNANSWERED,
	PASSED_OVER,
	OF_ALL,
	OUTCOME,
	NUMBERS,
};

static const struct run_note note = {
	.name = "refresh-run",
	.numbers = {[BEGAN] = {"began", INT64_MAX},
		[ENDED] = {"ended", INT64_MAX},
		[TOTAL] = {"total", INT64_MAX},
		[CONFIRMED] = {"confirmed", INT64_MAX},
		[CHANGED] = {"changed", INT64_MAX},
		[REFUSED] = {"refused", INT64_MAX},
		[UNANSWERED] = {"unanswered", INT64_MAX},
		[PASSED_OVER] = {"passed_over", INT64_MAX},
		[OF_ALL] = {"of_all", 1},
		[OUTCOME] = {"outcome", UINT32_MAX}},
	.count = NUMBERS,
};

static struct refresh_tally tally_of(const int64_t *numbers)
{
	return (struct refresh_tally){
		.total = (uint64_t)numbers[TOTAL],
		.confirmed = (uint64_t)numbers[CONFIRMED],
		.changed = (uint64_t)numbers[CHANGED],
		.refused = (uint64_t)numbers[REFUSED],
		.unanswered = (uint64_t)numbers[UNANSWERED],
		.passed_over = (uint64_t)numbers[PASSED_OVER],
	};
}

void refresh_state_load(const struct store *store, struct refresh_state *ret)
{
	unsigned char integration[INTEGRATION_BYTES] = {0};
	int64_t numbers[NUMBERS] = {0};

	*ret = (struct refresh_state){.began_s = 0};
	if (!run_note_load(store, &note, integration, numbers))
		return;
	memcpy(ret->integration, integration, INTEGRATION_BYTES);
	ret->began_s = numbers[BEGAN];
	ret->ended_s = numbers[ENDED];
	ret->is_of_all = numbers[OF_ALL] != 0;
	ret->outcome = cosmo_err_from_wire((unsigned long long)numbers[OUTCOME]);
	ret->tally = tally_of(numbers);
}

enum cosmo_err refresh_state_save(const struct store *store, const struct refresh_state *state)
{
	const struct refresh_tally *tally = &state->tally;
	const int64_t numbers[NUMBERS] = {
		[BEGAN] = state->began_s,
		[ENDED] = state->ended_s,
		[TOTAL] = (int64_t)tally->total,
		[CONFIRMED] = (int64_t)tally->confirmed,
		[CHANGED] = (int64_t)tally->changed,
		[REFUSED] = (int64_t)tally->refused,
		[UNANSWERED] = (int64_t)tally->unanswered,
		[PASSED_OVER] = (int64_t)tally->passed_over,
		[OF_ALL] = state->is_of_all,
		[OUTCOME] = (int64_t)state->outcome,
	};

	return run_note_save(store, &note, state->integration, numbers);
}

enum cosmo_err refresh_state_lock(const struct store *store, int *ret_fd)
{
	return folder_lock(store_run_fd(store), LOCK_NAME, 0, ret_fd);
}
