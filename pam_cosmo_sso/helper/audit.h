/* SPDX-License-Identifier: MIT */
/* One line per decision to syslog's authpriv: who, where, what, and the one reason. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "pam_cosmo_sso/helper/salt.h"

/* X(symbol, stable id as logged). */
#define AUDIT_EVENT_LIST(X)                                                                        \
	X(SIGN_IN_OK, "sign_in_ok")                                                                \
	X(SIGN_IN_REFUSED, "sign_in_refused")                                                      \
	X(SIGN_IN_CANCELLED, "sign_in_cancelled")                                                  \
	X(SIGN_IN_REPLACED, "sign_in_replaced")                                                    \
	X(ACCOUNT_OK, "account_ok")                                                                \
	X(ACCOUNT_REFUSED, "account_refused")                                                      \
	X(SESSION_OPEN, "session_open")                                                            \
	X(SESSION_CLOSE, "session_close")                                                          \
	X(SESSION_REFUSED, "session_refused")                                                      \
	X(REQUEST_REFUSED, "request_refused")                                                      \
	X(CONNECT, "connect")                                                                      \
	X(REBIND_ASKED, "rebind_asked")                                                            \
	X(REBIND_DONE, "rebind_done")                                                              \
	X(REBIND_CANCELLED, "rebind_cancelled")                                                    \
	X(REBIND_REFUSED, "rebind_refused")                                                        \
	X(DISCONNECT, "disconnect")                                                                \
	X(DISCONNECT_STEP, "disconnect_step")                                                      \
	X(CHECK_REFUSED, "check_refused")                                                          \
	X(CHECK_CLEARED, "check_cleared")                                                          \
	X(USER_LOCKED, "user_locked")                                                              \
	X(USER_UNLOCKED, "user_unlocked")                                                          \
	X(USER_DISCONNECTED, "user_disconnected")                                                  \
	X(USER_REMOVED, "user_removed")                                                            \
	X(USER_CHANGE_REFUSED, "user_change_refused")                                              \
	X(SESSION_ENDED, "session_ended")                                                          \
	X(BACKUP, "backup")                                                                        \
	X(RESTORE, "restore")                                                                      \
	X(ADOPT, "adopt")                                                                          \
	X(REPAIR, "repair")                                                                        \
	X(RECONNECT, "reconnect")                                                                  \
	X(USER_ADDED, "user_added")                                                                \
	X(REFRESH_LATE, "refresh_late")                                                            \
	X(SIGN_IN_RECENT, "sign_in_recent")                                                        \
	X(REFRESH_CHANGED, "refresh_changed")                                                      \
	X(REFRESH_REFUSED, "refresh_refused")                                                      \
	X(REFRESH_RUN, "refresh_run")                                                              \
	X(REFRESH_ALARM, "refresh_alarm")                                                          \
	X(LOGIN_TEST, "login_test")                                                                \
	X(LOGIN_TEST_DRY, "login_test_dry")

enum audit_event {
#define AUDIT_ENUM_(symbol, id) AUDIT_##symbol,
	AUDIT_EVENT_LIST(AUDIT_ENUM_)
#undef AUDIT_ENUM_
};

#define AUDIT_MAX_LINE_BYTES ((size_t)1536)

/* NULL, 0 and false are left out. All text may be foreign: it is filtered. */
struct audit_line {
	enum audit_event event;
	enum cosmo_err reason;
	const char *user;
	bool user_known; /* enrolled, listed or confirmed by the IdP; else @user is never shown:
			    people type passwords there */
	const struct salt *salt; /* for hiding @user; NULL: it is left out altogether */
	const char *service;
	const char *rhost;
	const char *tty;
	bool has_uid;
	uint32_t uid;
	uint32_t ruid;           /* of the process that called PAM; 0, root's, is left out */
	const char *roles;       /* "admin,developer" */
	bool enrolled;           /* by this very sign-in */
	const char *approved_by; /* login name of the identity, if it is not @user */
	const char *subject;     /* of the person this is about, if that is the point */
	const char *old_subject; /* whom the name belonged to before */
	const char *by;          /* the administrator: login name and terminal as far as known */
	const char *refresh;     /* what became of a refresh: refresh_word() */
	enum cosmo_err refresh_reason; /* COSMO_OK is left out */
	const char *step;              /* stable name of a step of something longer */
	const char *detail;            /* never a token, code, secret or claim body */
};

/* The line without its sending. @ret_size >= AUDIT_MAX_LINE_BYTES. */
void audit_format(const struct audit_line *line, char *ret, size_t ret_size);

/* Format and send. A log that cannot be reached changes no decision; one that takes no more is
 * waited for, by all lines of this process together for AUDIT_WAIT_MS. */
void audit_send(const struct audit_line *line);

#define AUDIT_WAIT_MS ((int64_t)1000)

/* So many lines of this process were not taken by the log. */
unsigned int audit_lost(void);

/* The stable id of an event. */
const char *audit_event_id(enum audit_event event);
