/* SPDX-License-Identifier: MIT */
/* Proving that a PAM stack still lets root through. */
#pragma once

/* How far root came, in this order. */
enum pam_check_step {
	PAM_CHECK_NOT_RUN, /* a module crashed or did not end, or no process could be started */
	PAM_CHECK_NOT_STARTED,
	PAM_CHECK_REFUSED,    /* by authentication, where that is asked, or the account phase */
	PAM_CHECK_NOT_OPENED, /* a session */
	PAM_CHECK_NOT_CLOSED,
	PAM_CHECK_PASSED,
};

/*
 * Run account and session (open, close) of @service for root, in a child of its own with a time
 * limit and without any answer to a prompt. @folder: where the service files are; NULL: the host's.
 * A host without logind or audit may refuse sessions by itself: compare with the same call before
 * an edit.
 */
enum pam_check_step pam_check_root(const char *service, const char *folder);

/* Likewise pam_authenticate alone: for a service that needs no answer. */
enum pam_check_step pam_check_root_auth(const char *service, const char *folder);

/* What went wrong, as the end of a sentence; NULL for PAM_CHECK_PASSED. */
const char *pam_check_problem(enum pam_check_step step);
