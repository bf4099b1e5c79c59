/* SPDX-License-Identifier: MIT */
/* Proving that a PAM stack still lets root through. */
#pragma once

#include <stdbool.h>

/*
 * Run account and session (open, close) of @service for root, in a child of its own with a time
 * limit and without any answer to a prompt. *ret_problem, a static text, says which step failed.
 * Session failures that are the host's own (no logind, no audit) are found by comparing with the
 * same call before an edit.
 */
bool pam_check_root(const char *service, const char **ret_problem);
