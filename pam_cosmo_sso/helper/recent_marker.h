/* SPDX-License-Identifier: MIT */
/*
 * Sign-ins with the code that `auth = recent` may go by later, as they stand in files. Which
 * process one belongs to is in the file's name, with the start time that names it for good.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/record_text.h"
#include "pam_cosmo_sso/helper/records.h"

#define RECENT_BOOT_BYTES    16
#define RECENT_SESSION_BYTES 80

/* X(symbol, word in the file's name). */
#define RECENT_STAGE_LIST(X)                                                                       \
	X(PENDING, "pending") /* signed in; the session is still to be opened, by .pid */          \
	X(OPENED, "opened")   /* .pid has opened it; no terminal of it is known yet */             \
	X(BOUND, "bound")     /* a terminal's, whose session leader is .pid */

enum recent_stage {
#define RECENT_ENUM_(symbol, word) RECENT_##symbol,
	RECENT_STAGE_LIST(RECENT_ENUM_)
#undef RECENT_ENUM_
	RECENT_STAGES,
};

/* What a file is found by. */
struct recent_name {
	enum recent_stage stage;
	uint32_t uid;
	pid_t pid;
	uint64_t start; /* of .pid, in clock ticks since boot */
};

/* Where somebody is at work, as the kernel says; see recent_place.h. */
struct recent_place {
	pid_t leader; /* of the session, as setsid(2) has them */
	uint64_t leader_start;
	uint32_t terminal;                  /* device number, as the kernel packs it; never 0 */
	uint64_t inode;                     /* of the terminal's device */
	char session[RECENT_SESSION_BYTES]; /* "audit:3" or "logind:c2" */
};

struct recent_marker {
	struct recent_name name;
	unsigned char boot[RECENT_BOOT_BYTES];
	unsigned char integration[INTEGRATION_BYTES];
	char *subject;
	char *roles; /* as the record had them then, apart by commas */
	uint32_t sign_outs;
	int64_t signed_boot_ms; /* CLOCK_BOOTTIME */
	int64_t auth_time_s;    /* 0: not told */
	char *acr;              /* NULL: not told */
	char *amr;              /* words, apart by blanks; NULL: not told */
	int64_t opened_boot_ms; /* from OPENED on; 0: not by way of it */
	/* of BOUND alone: */
	pid_t opener; /* whoever opened the session; 0: the sign-in was made at the terminal */
	uint64_t opener_start;
	struct recent_place place; /* leader and its start are the name's */
};

void recent_marker_free(struct recent_marker *marker);
COSMO_AUTO_DEFINE(struct recent_marker *, recent_marker_free);

/* Text for a file, at most RECENT_MAX_BYTES; the caller owns *ret: record_text_done(). Errors:
 * COSMO_E_TOO_BIG, COSMO_E_NOMEM. */
#define RECENT_MAX_BYTES ((size_t)8 * 1024)
COSMO_MUST_USE enum cosmo_err recent_marker_format(
	const struct recent_marker *marker, struct record_text *ret);

/* From the text of a file, which must be that of @name. The caller owns *ret. Errors:
 * COSMO_E_STORE_DAMAGED, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err recent_marker_parse(
	const char *text, size_t len, const struct recent_name *name, struct recent_marker **ret);

/* The name of such a file, "STAGE.UID.PID.START", and back; false: it is none. */
#define RECENT_NAME_BYTES 64
void recent_name_format(const struct recent_name *name, char ret[RECENT_NAME_BYTES]);
bool recent_name_parse(const char *text, struct recent_name *ret);

/* The record's roles as a marker holds them; the caller frees *ret. Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err recent_roles(const struct record *record, char **ret);

/* Is @record still what it was at the sign-in: the same person, integration and roles, not locked,
 * removed or signed out since? */
bool recent_marker_fits(const struct recent_marker *marker, const struct record *record);
