/* SPDX-License-Identifier: MIT */
#include "ctl/pam_check.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT_S 30

enum outcome {
	OUTCOME_OK,
	OUTCOME_START,
	OUTCOME_ACCOUNT,
	OUTCOME_OPEN,
	OUTCOME_CLOSE,
};

static int no_answer(
	int count, const struct pam_message **messages, struct pam_response **responses, void *data)
{
	(void)messages;
	(void)data;
	if (count <= 0 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style != PAM_TEXT_INFO &&
			messages[i]->msg_style != PAM_ERROR_MSG)
			return PAM_CONV_ERR;
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static enum outcome run_stack(const char *service)
{
	const struct pam_conv conversation = {.conv = no_answer};
	pam_handle_t *pamh = NULL;

	if (pam_start(service, "root", &conversation, &pamh) != PAM_SUCCESS)
		return OUTCOME_START;
	(void)pam_set_item(pamh, PAM_TTY, "cosmo-ssoctl");
	if (pam_acct_mgmt(pamh, PAM_SILENT) != PAM_SUCCESS)
		return OUTCOME_ACCOUNT;
	if (pam_open_session(pamh, PAM_SILENT) != PAM_SUCCESS)
		return OUTCOME_OPEN;
	if (pam_close_session(pamh, PAM_SILENT) != PAM_SUCCESS)
		return OUTCOME_CLOSE;
	(void)pam_end(pamh, PAM_SUCCESS);
	return OUTCOME_OK;
}

static const char *problem_of(int status)
{
	if (!WIFEXITED(status))
		return "a module of the stack crashed or did not end";
	switch ((enum outcome)WEXITSTATUS(status)) {
	case OUTCOME_OK:
		return NULL;
	case OUTCOME_START:
		return "the stack cannot be started";
	case OUTCOME_ACCOUNT:
		return "the account phase refuses root";
	case OUTCOME_OPEN:
		return "opening a session for root fails";
	case OUTCOME_CLOSE:
		return "closing a session of root fails";
	}
	return "the stack ended in an unknown way";
}

bool pam_check_root(const char *service, const char **ret_problem)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(TIME_LIMIT_S);
		_exit((int)run_stack(service));
	}
	if (pid < 0) {
		*ret_problem = "no process can be started";
		return false;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	*ret_problem = problem_of(status);
	return *ret_problem == NULL;
}
