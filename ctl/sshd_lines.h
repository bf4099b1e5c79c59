/* SPDX-License-Identifier: MIT */
/* Where sshd's configuration sets something: for pointing at a line. What holds is what sshd -T
 * says. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define SSHD_LINES_MAX         16
#define SSHD_LINES_VALUE_BYTES 1024

struct sshd_line {
	char file[256];
	unsigned int number;
	bool is_ours;                       /* in our drop-in */
	char value[SSHD_LINES_VALUE_BYTES]; /* without blanks around it and a comment; cut off if it
					       is longer */
};

/* In the order in which sshd reads them. */
struct sshd_lines {
	struct sshd_line items[SSHD_LINES_MAX];
	size_t count;
	bool reads_ours; /* an Include takes our drop-in in */
};

/* Where @keyword, in any case, stands in sshd_config of @folder and in what that includes, outside
 * of every Match block. @ours is the path of our drop-in. */
void sshd_lines_find(
	const char *folder, const char *ours, const char *keyword, struct sshd_lines *ret);

/* Likewise in blocks that are for @group and ask nothing else (`Match Group cosmo-users`). */
void sshd_lines_find_of_group(const char *folder, const char *ours, const char *group,
	const char *keyword, struct sshd_lines *ret);

/* The first of them that is not in our drop-in; NULL: none. */
const struct sshd_line *sshd_lines_foreign(const struct sshd_lines *lines);
