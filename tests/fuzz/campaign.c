/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/campaign.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define WATCHDOG_S 60

static struct campaign running;
static size_t running_number;

/* SplitMix64 by Sebastiano Vigna's description: any seed is good, neighbours are unlike. */
uint64_t dice_next(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

size_t dice_below(struct dice *dice, size_t count)
{
	return count ? (size_t)(dice_next(dice) % count) : 0;
}

bool dice_chance(struct dice *dice, unsigned int percent)
{
	return dice_below(dice, 100) < percent;
}

static uint64_t from_environment(const char *name, uint64_t absent)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : absent;
}

static void tell(const char *what)
{
	char line[256] = "";
	int len = snprintf(line, sizeof(line),
		"%s: %s: COSMO_FUZZ_SEED=%llu COSMO_FUZZ_FIRST=%zu COSMO_FUZZ_COUNT=1\n",
		running.name, what, (unsigned long long)running.seed, running_number);

	if (len > 0)
		(void)!write(STDERR_FILENO, line, (size_t)len);
}

static void on_signal(int number)
{
	tell(number == SIGALRM ? "does not end" : "crashes");
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static void begin(const char *name, size_t count)
{
	static const int fatal[] = {SIGALRM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE};

	running = (struct campaign){
		.name = name,
		.seed = from_environment("COSMO_FUZZ_SEED", 1),
		.first = (size_t)from_environment("COSMO_FUZZ_FIRST", 0),
		.count = (size_t)from_environment("COSMO_FUZZ_COUNT", count),
	};
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		(void)signal(fatal[i], on_signal);
	print_message("%s: seed %llu, sequences %zu to %zu\n", name,
		(unsigned long long)running.seed, running.first, running.first + running.count - 1);
}

struct dice campaign_dice(const struct campaign *campaign, size_t number)
{
	struct dice dice = {.state = campaign->seed};

	running_number = number;
	(void)alarm(WATCHDOG_S);
	dice.state = dice_next(&dice) ^ (number * UINT64_C(0x632be59bd9b4e019));
	return dice;
}

static void report_hits(size_t hits, const char *what)
{
	(void)alarm(0);
	print_message("%s: %zu of %zu %s\n", running.name, hits, running.count, what);
	/* Else nothing was put to the test. */
	if (running.count >= 1000)
		assert_true(hits > running.count / 1000);
}

void campaign_run(const char *name, size_t count,
	bool (*sequence)(const struct campaign *campaign, size_t number), const char *what)
{
	size_t hits = 0;

	begin(name, count);
	for (size_t i = 0; i < running.count; i++)
		hits += sequence(&running, running.first + i);
	report_hits(hits, what);
}

void campaign_assert(bool holds, const char *condition, const char *file, int line)
{
	if (holds)
		return;
	tell(condition);
	_assert_true(0, condition, file, line);
}
