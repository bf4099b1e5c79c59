/* SPDX-License-Identifier: MIT */
/* P2: is this name one of ours? Decided here, before anything is started, so that nobody else's
 * account depends on the state of the IdP, of the helper or of our files. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_read.h"
#include "common/passwd_entry.h"
#include "pam_cosmo_sso/module/entry_origin.h"

enum ours_kind {
	OURS_ENROLLED,    /* users.db has the name, removed users included */
	OURS_PROVISIONAL, /* never enrolled; this sshd resolved it to our provisional entry */
	OURS_NEW,         /* never enrolled, known to nobody, may be enrolled */
};

struct ours {
	enum ours_kind kind;
	struct users_db_user user; /* the record, or the provisional entry; empty for OURS_NEW */
};

/* What is known of a name, for ours_decide(). */
struct ours_facts {
	bool is_sshd;
	enum passwd_answer answer;
	const struct passwd *entry;              /* if PASSWD_KNOWN */
	enum entry_origin origin;                /* of that, if the record does not tell */
	enum cosmo_err record_err;               /* of users_db_find_ever() */
	const struct users_db_user *record;      /* if that is COSMO_OK */
	enum cosmo_err provisional_err;          /* of provisional_lookup() */
	const struct users_db_user *provisional; /* if that is COSMO_OK */
	enum cosmo_err enrol_err;                /* of enrollable_check() */
};

/* The rule, pure. Errors: as ours_find(). */
COSMO_MUST_USE enum cosmo_err ours_decide(const struct ours_facts *facts, struct ours *ret);

/*
 * Decide about @name. @is_sshd: the service is sshd's, where names that did not resolve are never
 * ours. Errors: COSMO_E_NOT_OURS; COSMO_E_LOGIN_AGAIN when this sshd resolved an enrolled name
 * before it was enrolled, to other ids than it has got, or to an entry of ours that does not hold
 * any more, or else why that does not; COSMO_E_STORE_MISSING, COSMO_E_STORE_DAMAGED,
 * COSMO_E_UNSAFE_FILE, COSMO_E_MACHINE, COSMO_E_BUSY when users.db cannot tell and no other source
 * of names knows @name.
 */
COSMO_MUST_USE enum cosmo_err ours_find(const char *name, bool is_sshd, struct ours *ret);

/* The rule of ours_find_uid(), pure; of @facts neither sshd, provisional nor enrol_err count. */
COSMO_MUST_USE enum cosmo_err ours_decide_uid(const struct ours_facts *facts, struct ours *ret);

/*
 * Whose processes have @uid? Errors: COSMO_E_NOT_OURS: nobody's of ours, by users.db, or by another
 * source of names that has the uid; those of users_db_find_uid_ever() when users.db cannot tell and
 * no other source of names knows @uid.
 */
COSMO_MUST_USE enum cosmo_err ours_find_uid(uid_t uid, struct ours *ret);

/* For a caller without root: may this user pass the account phase, by users.db and gate alone?
 * Errors: the reason of effective_roles(); COSMO_E_NOT_ENROLLED; those of users_db_numbers(). */
COSMO_MUST_USE enum cosmo_err ours_account(const struct ours *who);
