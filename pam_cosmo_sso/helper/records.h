/* SPDX-License-Identifier: MIT */
/* The truth about each user: one private file per person, replaced atomically. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/secret.h"
#include "pam_cosmo_sso/helper/store.h"

#define RECORD_MAX_BYTES       ((size_t)256 * 1024) /* of the file */
#define RECORD_MAX_TEXT_BYTES  ((size_t)1024)       /* of one text; escaped it still is a line */
#define RECORD_MAX_SEEN_FROM   4
#define RECORD_SEEN_FROM_BYTES ((size_t)8)

struct record {
	char name[COSMO_MAX_NAME_BYTES + 1];
	uint32_t uid;
	uint32_t gid;
	char *issuer; /* with sub: the person bound to this name (P3) */
	char *sub;
	char *display_name; /* filtered, without ':' and control characters; "" if unknown */
	char *home;
	char *shell;
	char *roles[USERS_DB_MAX_ROLES]; /* names, as recomputed at the last confirmation (P6) */
	uint32_t role_count;
	unsigned char integration[INTEGRATION_BYTES];
	int64_t enrolled_s;
	int64_t bound_s; /* since when the name is this person's; 0: since the enrolment */
	int64_t signed_in_s;
	int64_t confirmed_s;                /* min(local now, the IdP's time + 5 min) */
	uint32_t flags;                     /* enum users_db_flag */
	enum cosmo_err reason;              /* why roles were dropped; COSMO_OK if they were not */
	char *acr;                          /* NULL: not told */
	int64_t auth_time_s;                /* 0: not told */
	struct cosmo_secret *refresh_token; /* NULL: none */
	int64_t refresh_expires_s;          /* 0: not told */
	int64_t refresh_asked_s; /* the token was shown to the IdP then, and nothing more is known
				    of that; 0: no such doubt */
	char *rebind_issuer;     /* NULL: the name stays this person's; else see rebind.h */
	int64_t rebind_asked_s;
	int64_t rebind_until_s;
	uint32_t sign_outs; /* how often an administrator ended what this name had; see
			       user_change.h */
	int64_t changed_s;  /* when it was last done; 0: never, or taken back */
	char *changed_why;  /* in the administrator's words; NULL: none */
	/* the last places of a sign-in, newest first; see familiar.h */
	unsigned char seen_from[RECORD_MAX_SEEN_FROM][RECORD_SEEN_FROM_BYTES];
	uint32_t seen_from_count;
};

void record_free(struct record *record);
COSMO_AUTO_DEFINE(struct record *, record_free);

/*
 * Nothing of this person's sign-ins stays: no role, no refresh token, no confirmation, no familiar
 * place; the reason is COSMO_E_NOT_ENROLLED. Whose the name is, ids, home and shell stay.
 */
void record_forget_sign_ins(struct record *record);

/* Errors: COSMO_E_NOT_FOUND, COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE, COSMO_E_IO, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err record_load(
	struct store *store, const char *name, struct record **ret);

/* The same from the text of such a file, which must be that of @name. Errors:
 * COSMO_E_STORE_DAMAGED, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err record_parse(
	const char *text, size_t len, const char *name, struct record **ret);

/* The name enrolled for (issuer, sub), in @ret_name of COSMO_MAX_NAME_BYTES + 1 bytes. Errors:
 * COSMO_E_NOT_FOUND and those of record_load(). */
COSMO_MUST_USE enum cosmo_err records_find_subject(
	struct store *store, const char *issuer, const char *sub, char *ret_name);

/* Call @visit for each record, in no order; stops at the first error and returns it. Damaged ones
 * are given as NULL with their file's name. */
typedef enum cosmo_err (*records_visitor)(
	void *context, const char *name, const struct record *record);
COSMO_MUST_USE enum cosmo_err records_each(
	struct store *store, records_visitor visit, void *context);

/* Names an administrator listed for enrolment (`user add`). Errors: COSMO_E_EXISTS,
 * COSMO_E_INVALID, COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err records_list_name(struct store *store, const char *name);
/* Take a name off the list, durably; one that is not on it is a success. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err records_unlist_name(struct store *store, const char *name);
COSMO_MUST_USE enum cosmo_err records_is_listed(
	struct store *store, const char *name, bool *ret_listed);
