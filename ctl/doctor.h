/* SPDX-License-Identifier: MIT */
/* What doctor looks at, and what it finds: of everything that is wrong one line, and what mends it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,        /* worth knowing; no fault */
	DOCTOR_WRONG,       /* to be mended */
	DOCTOR_NOT_CHECKED, /* it could not be looked at, or there is nothing of the kind here */
};

#define DOCTOR_MAX_FINDINGS 128

struct doctor_finding {
	const char *check; /* the check's name */
	enum doctor_state state;
	char what[512];
	char mend[512]; /* "": nothing to be done */
};

/* In the order in which they were found. */
struct doctor_list {
	const char *check; /* that is running: what is found is put down to it */
	struct doctor_finding items[DOCTOR_MAX_FINDINGS];
	size_t count;
	size_t lost; /* for which there was no place */
};

/* One thing to look at. Nothing is changed by it. */
struct doctor_check {
	const char *name; /* for --check */
	void (*run)(struct doctor_list *list);
};

/* Put down a finding: one sentence, without a line feed. */
void doctor_ok(struct doctor_list *list, const char *format, ...) COSMO_PRINTF(2, 3);
void doctor_note(struct doctor_list *list, const char *format, ...) COSMO_PRINTF(2, 3);
void doctor_wrong(struct doctor_list *list, const char *format, ...) COSMO_PRINTF(2, 3);
void doctor_not_checked(struct doctor_list *list, const char *format, ...) COSMO_PRINTF(2, 3);

/*
 * What mends the finding that was put down last: a command as root types it into a shell, or, where
 * only an editor can, "Edit FILE, line N: put `TEXT` before it.", "...: write `TEXT` in its place."
 * or "...: take it out.", after which may come "Then: COMMAND". Where nobody but a person can tell
 * what is right, a sentence comes first ("Look at ...") or last ("Afterwards: ...").
 *
 * No advice makes the host weaker: what keeps others out stays as it is, and what others may have
 * written is not made root's unseen.
 */
void doctor_mend(struct doctor_list *list, const char *format, ...) COSMO_PRINTF(2, 3);

/* How many findings are in this state? */
size_t doctor_count(const struct doctor_list *list, enum doctor_state state);

/* "ok", "note", "wrong", "not_checked" */
const char *doctor_state_name(enum doctor_state state);

/* Print what was found: lines for people and how many there are, or one JSON array of {check,
 * state, what, mend}. */
void doctor_print(const struct doctor_list *list, bool json);

extern const struct doctor_check doctor_check_ca;
extern const struct doctor_check doctor_check_client;
extern const struct doctor_check doctor_check_clock;
extern const struct doctor_check doctor_check_config;
extern const struct doctor_check doctor_check_discovery;
extern const struct doctor_check doctor_check_dns;
extern const struct doctor_check doctor_check_files;
extern const struct doctor_check doctor_check_keys;
extern const struct doctor_check doctor_check_lease;
extern const struct doctor_check doctor_check_nsswitch;
extern const struct doctor_check doctor_check_pam;
extern const struct doctor_check doctor_check_programs;
extern const struct doctor_check doctor_check_proxy;
extern const struct doctor_check doctor_check_rules;
extern const struct doctor_check doctor_check_sshd;
extern const struct doctor_check doctor_check_store;
extern const struct doctor_check doctor_check_sudo;
extern const struct doctor_check doctor_check_units;
