/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/conversation.h"

#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "pam_cosmo_sso/module/answer.h"

/* libpam's own pam_prompt() would write to syslog through openlog() state that is the host's. */
static int converse(const struct caller *caller, int style, const char *text, char **ret_line)
{
	const struct pam_message message = {.msg_style = style, .msg = text};
	const struct pam_message *messages = &message;
	struct pam_response *response = NULL;
	const struct pam_conv *conv = NULL;
	const void *value = NULL;
	int status = pam_get_item(caller->pamh, PAM_CONV, &value);

	conv = value;
	if (status != PAM_SUCCESS || !conv || !conv->conv)
		return PAM_CONV_ERR;
	status = conv->conv(1, &messages, &response, conv->appdata_ptr);
	*ret_line = status == PAM_SUCCESS && response ? response->resp : NULL;
	if (status == PAM_SUCCESS)
		free(response);
	return status;
}

/* People type passwords where they should not. */
static void wipe(char *line)
{
	if (line)
		explicit_bzero(line, strlen(line));
	free(line);
}

enum cosmo_err conversation_tell(const struct caller *caller, const char *text)
{
	char *line = NULL;
	int status = converse(caller, PAM_TEXT_INFO, text, &line);

	wipe(line);
	return status == PAM_SUCCESS ? COSMO_OK : COSMO_E_NO_PROMPT;
}

enum cosmo_err conversation_ask(const struct caller *caller, const char *text)
{
	char *line = NULL;
	int status = converse(caller, PAM_PROMPT_ECHO_ON, text, &line);
	bool answered = status == PAM_SUCCESS && line;

	wipe(line);
	return answered ? COSMO_OK : COSMO_E_CANCELLED;
}

void conversation_fail(const struct caller *caller, const char *text)
{
	char clean[ANSWER_TEXT_BYTES] = "";
	char *line = NULL;

	if (caller->is_silent)
		return;
	log_filter(text, false, clean, sizeof(clean));
	(void)converse(caller, PAM_ERROR_MSG, clean, &line);
	wipe(line);
}
