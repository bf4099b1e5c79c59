/* SPDX-License-Identifier: MIT */
/*
 * Ending sessions: those that were recorded, and with them whatever else runs as a user of ours:
 * user managers and lingering, cron and at jobs, connections kept for later ones, what was left
 * behind with nohup. A local user's session or process is never touched, whatever his name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/left_files.h"
#include "pam_cosmo_sso/helper/our_uids.h"
#include "pam_cosmo_sso/helper/store.h"

struct session_scope {
	const char *user;    /* NULL: everybody of ours */
	const char *session; /* this session alone, by its id (session.h), or NULL */
	bool strip_setgid;   /* take the bit off what session_tally.setgid counts */
	bool dry_run;
	const char *by; /* for the log: the administrator; NULL: not known */
	/*
	 * The process that asked: its session and ancestors are left for session_end_own(), so that
	 * the answer arrives. 0: nobody is spared; this process gets its work done all the same.
	 */
	pid_t caller;
	int64_t grace_ms; /* from the first signal to SIGKILL; 0: SESSION_GRACE_MS */
};

#define SESSION_GRACE_MS ((int64_t)5000)

struct session_tally {
	uint64_t ended;     /* recorded sessions; in a rehearsal those that would be */
	uint64_t left;      /* sessions and processes that could not be ended */
	uint64_t processes; /* that ended, of sessions and outside of any */
	uint64_t setgid;    /* set-gid files of theirs with a role's or a conferred group */
	uint64_t stripped;  /* of these: without the bit now */
	uint64_t unseen;    /* places not wholly looked through for them: homes, and folders */
	enum cosmo_err unseen_why;             /* the first reason; COSMO_OK: there is none */
	char unseen_places[LEFT_PLACES_BYTES]; /* see struct left_files */
	bool seen;                             /* all processes: nothing but .left runs */
	const char *undone; /* what of theirs could not be removed, static; NULL: nothing */
	uint64_t unread;    /* uids whose they are could not be read: nothing of theirs was ended */
	char unread_uids[OUR_UIDS_UNREAD_BYTES]; /* see our_uids_unread() */
	bool own; /* the caller's session waits for session_end_own() */
};

/* how far: @done of @total @what ("sessions") */
typedef void (*session_progress)(void *context, const char *what, uint64_t done, uint64_t total);

/*
 * End what @scope says and count it: through logind where it runs, else and for the rest by SIGHUP
 * and SIGTERM, a grace period, SIGKILL. sudo's timestamps of these users are removed. Bounded: what
 * withstands is counted as left. Idempotent. No lock is held. This process leaves the session that
 * it was started in, if that is a user's. @progress may be NULL. Each session that is ended is
 * logged.
 *
 * Errors: COSMO_E_NOT_FOUND (no such session; no such user), COSMO_E_INVALID (the user's name),
 * COSMO_E_IO, COSMO_E_NOMEM (not everything was looked at, see .unread and .undone; a rehearsal
 * only counts .unread, unless it is all that was asked about); with .strip_setgid also
 * .unseen_why.
 * *ret is filled in either way.
 */
COSMO_MUST_USE enum cosmo_err session_end(struct store *store, const struct session_scope *scope,
	session_progress progress, void *context, struct session_tally *ret);

/* Afterwards, when the caller has his answer and if session_tally.own: end what was spared for him.
 * Errors: as session_end(). */
COSMO_MUST_USE enum cosmo_err session_end_own(
	struct store *store, const struct session_scope *scope, struct session_tally *ret);
