/* SPDX-License-Identifier: MIT */
#include "ctl/sshd_startups.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/auto.h"
#include "common/base/parse.h"

/* For those who log in otherwise meanwhile, and for sign-ins that have ended while nobody has
 * pressed Enter yet; then as far again as sshd's own default goes. */
#define SPARE      20
#define SPARE_FULL 100

static bool parse_part(char **rest, uint32_t *ret)
{
	uint64_t number = 0;
	const char *part = strsep(rest, ":");

	if (!part || parse_u64(part, 1, INT32_MAX, &number) != COSMO_OK)
		return false;
	*ret = (uint32_t)number;
	return true;
}

bool sshd_startups_parse(const char *text, size_t len, struct sshd_startups *ret)
{
	struct sshd_startups startups = {0};
	char copy[SSHD_STARTUPS_BYTES] = "";
	char *rest = copy;

	if (!text || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	if (!parse_part(&rest, &startups.begin) || !parse_part(&rest, &startups.rate) ||
		!parse_part(&rest, &startups.full) || rest)
		return false;
	*ret = startups;
	return true;
}

void sshd_startups_format(const struct sshd_startups *startups, char ret[SSHD_STARTUPS_BYTES])
{
	(void)snprintf(ret, SSHD_STARTUPS_BYTES, "%" PRIu32 ":%" PRIu32 ":%" PRIu32,
		startups->begin, startups->rate, startups->full);
}

bool sshd_startups_suffice(const struct sshd_startups *startups, uint32_t flows)
{
	return startups->begin >= flows + SPARE;
}

void sshd_startups_raise(struct sshd_startups *startups, uint32_t flows)
{
	uint32_t begin = flows + SPARE;

	if (startups->begin < begin)
		startups->begin = begin;
	if (startups->full < begin + SPARE_FULL)
		startups->full = begin + SPARE_FULL;
}
