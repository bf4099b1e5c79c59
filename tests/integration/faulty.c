/* SPDX-License-Identifier: MIT */
/*
 * A program with faults, confined as the judge is: what the tests' watchers must see, so that their
 * silence about the real ones means something. Its socket's first byte chooses the fault.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "common/spawn.h"
#include "paths.h"

static void commit_fault(char which)
{
	char *volatile block = malloc(7);

	if (which == 'o' && block)
		*(volatile char *)(block + 7) = 1;
	if (which == 'd')
		(void)!open("/dev/null", O_RDONLY);
	if (which == 'l')
		block = NULL;
	free(block);
}

int main(void)
{
	const struct sandbox_profile profile = {
		.user = COSMO_JUDGE_USER,
		.last_fd = SPAWN_PEER_FD,
		.isolate_network = true,
		.max_fds = 16,
		.max_cpu_s = 60,
		.max_data_bytes = (size_t)64 * 1024 * 1024,
	};
	char which = 0;

	if (sandbox_enter(&profile) != COSMO_OK || read(SPAWN_PEER_FD, &which, 1) != 1)
		return 1;
	commit_fault(which);
	return 0;
}
