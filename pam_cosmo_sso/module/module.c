/* SPDX-License-Identifier: MIT */
/* pam_cosmo_sso.so: PAM's six entry points. */
#include <security/pam_modules.h>
#include <stdbool.h>

#include "common/pam_result.h"
#include "pam_cosmo_sso/module/account.h"
#include "pam_cosmo_sso/module/args.h"
#include "pam_cosmo_sso/module/ours.h"
#include "pam_cosmo_sso/module/report.h"
#include "pam_cosmo_sso/module/sign_in.h"
#include "pam_cosmo_sso/module/switcher.h"

#define ENTRY_POINT __attribute__((visibility("default")))

/* What a phase does for a user of ours; the outcome in *ret, COSMO_OK unless it says otherwise. */
typedef void (*action)(const struct caller *caller, const struct ours *who, struct answer *ret);

struct call {
	pam_handle_t *pamh;
	int flags;
	int argc;
	const char **argv;
};

/* Names that may only be enrolled are our business where they sign in, and where nobody else may
 * let them in. */
static bool is_for_us(enum pam_phase phase, const struct ours *who)
{
	return who->kind != OURS_NEW || phase == PHASE_AUTHENTICATE || phase == PHASE_ACCOUNT;
}

/* @err: what is known against @who already; COSMO_OK: nothing. */
static int judge(const struct call *call, enum pam_phase phase, const struct caller *caller,
	const struct ours *who, enum cosmo_err err, action act)
{
	struct answer answer = {.err = err, .detail = args_first_unknown(call->argc, call->argv)};

	if (!answer.err && answer.detail)
		answer.err = COSMO_E_CONFIG;
	if (!answer.err && act)
		act(caller, who, &answer);
	if (answer.err && answer.err != COSMO_E_NOT_OURS)
		report_failure(caller, who, phase, &answer);
	if (!answer.err && phase == PHASE_OPEN_SESSION)
		report_entry(caller, &answer);
	return pam_result(phase, answer.err, caller->is_sshd);
}

/* Somebody of ours who is to turn into another one is asked about first, whoever that is. Success:
 * nobody of ours, or one who may. */
static int judge_switcher(
	const struct call *call, enum pam_phase phase, const struct caller *caller)
{
	struct caller himself = *caller;
	struct ours who = {.kind = OURS_NEW};
	enum cosmo_err err = COSMO_E_NOT_OURS;

	if (phase == PHASE_AUTHENTICATE || phase == PHASE_ACCOUNT)
		err = switcher_find(caller, &who);
	if (err == COSMO_E_NOT_OURS)
		return PAM_SUCCESS;
	himself.user = who.user.name;
	return judge(call, PHASE_ACCOUNT, &himself, &who, err, account);
}

static int judge_user(
	const struct call *call, enum pam_phase phase, const struct caller *caller, action act)
{
	struct ours who = {.kind = OURS_NEW};
	enum cosmo_err err = ours_find(caller->user, caller->is_sshd, &who);

	if (err == COSMO_E_NOT_OURS || (!err && !is_for_us(phase, &who)))
		return PAM_IGNORE;
	return judge(call, phase, caller, &who, err, act);
}

static int run(const struct call *call, enum pam_phase phase, action act)
{
	struct caller caller = {0};
	enum cosmo_err err =
		caller_read(call->pamh, call->flags, phase == PHASE_AUTHENTICATE, &caller);
	int status = err ? PAM_IGNORE : judge_switcher(call, phase, &caller);

	return status == PAM_SUCCESS ? judge_user(call, phase, &caller, act) : status;
}

ENTRY_POINT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = {pamh, flags, argc, argv};

	return run(&call, PHASE_AUTHENTICATE, sign_in);
}

ENTRY_POINT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = {pamh, flags, argc, argv};

	return run(&call, PHASE_SETCRED, NULL);
}

ENTRY_POINT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = {pamh, flags, argc, argv};

	return run(&call, PHASE_ACCOUNT, account);
}

ENTRY_POINT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = {pamh, flags, argc, argv};

	return run(&call, PHASE_OPEN_SESSION, session_open);
}

ENTRY_POINT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = {pamh, flags, argc, argv};

	return run(&call, PHASE_CLOSE_SESSION, session_close);
}

ENTRY_POINT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct call call = {pamh, flags, argc, argv};

	return run(&call, PHASE_PASSWORD, password_change);
}
