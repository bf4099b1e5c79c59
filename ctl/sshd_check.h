/* SPDX-License-Identifier: MIT */
/* What the host's sshd says about its own configuration. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/sshd_startups.h"

/* What sshd -t says against the configuration; NULL: nothing. The caller frees it. */
char *sshd_check_complaint(void);

/* What sshd -T prints; NULL when sshd does not tell. The caller frees it. */
char *sshd_check_settings(void);

/* sshd -t: is the configuration valid? What sshd says otherwise is printed. */
bool sshd_check_valid(void);

/* sshd -T: does everybody come to our PAM service, in a conversation? What lacks is printed if
 * @say. */
bool sshd_check_ready(bool say);

/*
 * Print what else of sshd's settings people will meet: a short LoginGraceTime, methods, names for
 * sources, fewer connections than the @flows sign-ins that may wait.
 */
void sshd_check_note(uint32_t flows);

/* MaxStartups as it is now; false if sshd does not tell. */
bool sshd_check_startups(struct sshd_startups *ret);

/* May root log in by a key? */
bool sshd_check_root_key(void);

/* Let a running sshd read its configuration again; nothing if none runs. False when that failed. */
bool sshd_check_reload(void);

/* Is there an sshd at all? */
bool sshd_check_present(void);

/* Of sshd -T's @output, for the above: the setting that would have to be there; NULL if all are. */
const char *sshd_check_lacks(const char *output);

/* Likewise: is the setting @name (in any case) exactly @value? */
bool sshd_check_is(const char *output, const char *name, const char *value);

/* Likewise: does what is demanded of everybody leave no way by a code? The demand, of *ret_len
 * bytes, or NULL. */
const char *sshd_check_other_methods(const char *output, size_t *ret_len);

/* Likewise MaxStartups; false if it is not told. */
bool sshd_check_startups_of(const char *output, struct sshd_startups *ret);

/* Likewise LoginGraceTime in seconds; 0: no limit; -1: not told. */
int64_t sshd_check_grace_s(const char *output);
