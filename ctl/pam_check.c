/* SPDX-License-Identifier: MIT */
#include "ctl/pam_check.h"

#include <errno.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_LIMIT_S 30

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

static enum pam_check_step run_login(pam_handle_t *pamh)
{
	if (pam_acct_mgmt(pamh, PAM_SILENT) != PAM_SUCCESS)
		return PAM_CHECK_REFUSED;
	if (pam_open_session(pamh, PAM_SILENT) != PAM_SUCCESS)
		return PAM_CHECK_NOT_OPENED;
	if (pam_close_session(pamh, PAM_SILENT) != PAM_SUCCESS)
		return PAM_CHECK_NOT_CLOSED;
	return PAM_CHECK_PASSED;
}

static enum pam_check_step run_auth(pam_handle_t *pamh)
{
	return pam_authenticate(pamh, PAM_SILENT) == PAM_SUCCESS ? PAM_CHECK_PASSED
								 : PAM_CHECK_REFUSED;
}

static enum pam_check_step run_stack(
	const char *service, const char *folder, enum pam_check_step (*run)(pam_handle_t *))
{
	const struct pam_conv conversation = {.conv = no_answer};
	pam_handle_t *pamh = NULL;
	enum pam_check_step step = PAM_CHECK_NOT_STARTED;

	if (pam_start_confdir(service, "root", &conversation, folder, &pamh) != PAM_SUCCESS)
		return step;
	(void)pam_set_item(pamh, PAM_TTY, "cosmo-ssoctl");
	step = run(pamh);
	(void)pam_end(pamh, PAM_SUCCESS);
	return step;
}

/* A module may do to its process what it likes; signals are as a program finds them. */
static enum pam_check_step run_child(
	const char *service, const char *folder, enum pam_check_step (*run)(pam_handle_t *))
{
	sigset_t none;
	int status = 0;
	pid_t pid = -1;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		sigemptyset(&none);
		(void)pthread_sigmask(SIG_SETMASK, &none, NULL);
		alarm(TIME_LIMIT_S);
		_exit((int)run_stack(service, folder, run));
	}
	if (pid < 0)
		return PAM_CHECK_NOT_RUN;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return PAM_CHECK_NOT_RUN;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > PAM_CHECK_PASSED)
		return PAM_CHECK_NOT_RUN;
	return (enum pam_check_step)WEXITSTATUS(status);
}

enum pam_check_step pam_check_root(const char *service, const char *folder)
{
	return run_child(service, folder, run_login);
}

enum pam_check_step pam_check_root_auth(const char *service, const char *folder)
{
	return run_child(service, folder, run_auth);
}

const char *pam_check_problem(enum pam_check_step step)
{
	switch (step) {
	case PAM_CHECK_NOT_RUN:
		return "a module of the stack crashed or did not end";
	case PAM_CHECK_NOT_STARTED:
		return "the stack cannot be started";
	case PAM_CHECK_REFUSED:
		return "root is refused";
	case PAM_CHECK_NOT_OPENED:
		return "opening a session for root fails";
	case PAM_CHECK_NOT_CLOSED:
		return "closing a session of root fails";
	case PAM_CHECK_PASSED:
		return NULL;
	}
	return "the stack ended in an unknown way";
}
