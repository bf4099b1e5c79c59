/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/report.h"

#include <syslog.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/log.h"
#include "pam_cosmo_sso/module/conversation.h"

#define LINE_BYTES 1024

static const char *const phase_names[] = {
	[PHASE_AUTHENTICATE] = "authenticate",
	[PHASE_SETCRED] = "setcred",
	[PHASE_ACCOUNT] = "account",
	[PHASE_OPEN_SESSION] = "open_session",
	[PHASE_CLOSE_SESSION] = "close_session",
	[PHASE_PASSWORD] = "password",
};

static void log_failure(const struct caller *caller, const struct ours *who, enum pam_phase phase,
	const struct answer *answer)
{
	bool is_enrolled = who && who->kind == OURS_ENROLLED;
	char line[LINE_BYTES] = "";

	log_append(line, sizeof(line), "event", "module_refused");
	log_append(line, sizeof(line), "user", is_enrolled ? caller->user : NULL);
	log_append(line, sizeof(line), "service", caller->service);
	log_append(line, sizeof(line), "phase", phase_names[phase]);
	log_append(line, sizeof(line), "rhost", caller->rhost);
	log_append(line, sizeof(line), "reason", cosmo_err_id(answer->err));
	log_append(line, sizeof(line), "detail", answer->detail);
	/* Nobody waits for a log in here: the process is somebody else's. */
	(void)log_send("pam_cosmo_sso", LOG_WARNING, line, 0);
}

static bool is_read_by_a_person(const struct caller *caller)
{
	return caller->style == CALLER_PROMPT ||
	       (caller->style == CALLER_TERMINAL && isatty(STDOUT_FILENO));
}

void report_entry(const struct caller *caller, const struct answer *answer)
{
	char clean[ANSWER_TEXT_BYTES] = "";

	if (!answer->text[0] || streq(answer->text, cosmo_err_text(COSMO_OK)) ||
		!is_read_by_a_person(caller))
		return;
	log_filter(answer->text, false, clean, sizeof(clean));
	/* Who cannot be told has got in all the same. */
	(void)!conversation_tell(caller, clean);
}

void report_failure(const struct caller *caller, const struct ours *who, enum pam_phase phase,
	const struct answer *answer)
{
	/* Who is hung up on, the helper, logs that. */
	if (!answer->from_helper && answer->err != COSMO_E_CANCELLED)
		log_failure(caller, who, phase, answer);
	if (phase != PHASE_CLOSE_SESSION)
		conversation_fail(
			caller, answer->text[0] ? answer->text : cosmo_err_text(answer->err));
}
