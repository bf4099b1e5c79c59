/* SPDX-License-Identifier: MIT */
/* At build time: the fresh gate that tmpfiles.d copies to /run at boot, on standard output. */
#include <stdio.h>

#include "common/base/gate.h"

int main(void)
{
	static union {
		struct gate_page page;
		unsigned char bytes[GATE_FILE_BYTES];
	} fresh = {.page = {.magic = GATE_MAGIC, .version = GATE_VERSION, .state = GATE_FRESH}};

	return fwrite(fresh.bytes, sizeof(fresh.bytes), 1, stdout) == 1 && fflush(stdout) == 0 ? 0
											       : 1;
}
