/* SPDX-License-Identifier: MIT */
/* The lines of a PAM service as libpam goes through them, those of included files in their place.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PAM_STACK_MAX_LINES 96

struct pam_stack_line {
	char file[160];
	unsigned int number;
	char control[128]; /* a word, or [...] with its brackets */
	char module[128];
};

struct pam_stack {
	struct pam_stack_line lines[PAM_STACK_MAX_LINES];
	size_t count;
	bool whole; /* nothing was missing, too much or too deep */
};

/* The lines of @type ("auth" and so on) of @service, whose file is in @folder, or else the
 * vendor's. False: there is no such service. */
bool pam_stack_read(
	const char *folder, const char *service, const char *type, struct pam_stack *ret);

/* Number of the line that calls @module, by whatever path; the count of lines if there is none. */
size_t pam_stack_find(const struct pam_stack *stack, const char *module);

/*
 * What a control does when the module returns @code ("success", "ignore", "perm_denied"), as
 * libpam's words for it: "ok", "done", "die", "bad", "ignore", "reset", or a number of lines to be
 * skipped. In *ret, of 16 bytes. pam.conf(5) tells what required and so on stand for.
 */
void pam_stack_action(const char *control, const char *code, char ret[16]);

/* May the stack end well, or skip lines, at this one? */
bool pam_stack_may_pass(const struct pam_stack_line *line);
