/* SPDX-License-Identifier: MIT */
/*
 * Enrols new users, and puts a new users.1.db in the old one's place, again and again until its
 * standard input ends:
 *
 *   grow_store COUNT     into a store that fill_store filled with COUNT
 *
 * A line of JSON after each new file: how many users there are by now, and how many files there
 * were. They are made as a commit without room makes one, twice as large, and by turns as large as
 * needed again: growing by enrolment alone, a file is superseded once in as many users as it holds.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/filler.h"
#include "tests/bench/population.h"

#define ENROLLED 8  /* per round */
#define PAUSE_MS 10 /* a reader maps 1,024 files in its life */

/* Somebody else may have the lock meanwhile. */
static bool is_over(struct filler *filler)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	bool over = false;

	store_unlock(filler->store);
	over = poll(&input, 1, PAUSE_MS) != 0;
	filler_check(store_lock(filler->store, STORE_LOCK_MS), "lock");
	return over;
}

int main(int argc, char **argv)
{
	struct filler filler;
	uint32_t count = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;

	if (count == 0 || count > POPULATION_UIDS / 2)
		return 2;
	filler_open(&filler);
	filler_load(&filler);
	for (unsigned int files = 1;; files++) {
		filler_commit(&filler, count, ENROLLED);
		count += ENROLLED;
		if (files % 2)
			filler_grow(&filler);
		else
			filler_shrink(&filler, count);
		printf("{\"users\": %u, \"files\": %u}\n", count, files);
		fflush(stdout);
		if (is_over(&filler))
			break;
	}
	filler_done(&filler);
	return 0;
}
