/* SPDX-License-Identifier: MIT */
/* Where a sign-in comes from, as far as nobody but the kernel and sshd can say so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_MAX_BYTES ((size_t)288)

/* Two forms with a letter in front that tells addresses, names and local users apart. */
struct source {
	char place[SOURCE_MAX_BYTES]; /* what is counted: IPv6 by /64, which is one subscriber's */
	char exact[SOURCE_MAX_BYTES]; /* one host */
	bool is_local;
};

/*
 * @rhost: PAM_RHOST, NULL or "" for this host; @ruid: the caller's real uid. A caller who is not
 * root is taken by his uid alone: whatever else he says may be his own invention. A host's name
 * (sshd with `UseDNS yes`) stands for itself.
 */
void source_read(const char *rhost, uint32_t ruid, struct source *ret);
