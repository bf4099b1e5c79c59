/* SPDX-License-Identifier: MIT */
/* sshd's MaxStartups: how many connections may wait that have not logged in yet. A sign-in that
 * waits for its approval is one. Pure functions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From @begin on @rate per cent of new connections are dropped, from @full on all. */
struct sshd_startups {
	uint32_t begin;
	uint32_t rate;
	uint32_t full;
};

#define SSHD_STARTUPS_BYTES 40

/* "10:30:100", also with more behind @len; false if it is no such text. */
bool sshd_startups_parse(const char *text, size_t len, struct sshd_startups *ret);
void sshd_startups_format(const struct sshd_startups *startups, char ret[SSHD_STARTUPS_BYTES]);

/* Is there room for @flows waiting sign-ins and the logins of all others? */
bool sshd_startups_suffice(const struct sshd_startups *startups, uint32_t flows);

/* Make it so; nothing is lowered. */
void sshd_startups_raise(struct sshd_startups *startups, uint32_t flows);
