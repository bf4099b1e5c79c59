/* SPDX-License-Identifier: MIT */
/* Looking users up in users.1.db: no lock, no allocation, no system call after a process's first
 * look-up, and its first one that needs all of the settings. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/base/parse.h"
#include "common/base/users_db_settings.h"

enum users_db_flag {
	USERS_DB_LOCKED = 1U << 0,
	USERS_DB_REMOVED = 1U << 1, /* tombstone: never shown, its uid never given again */
};

/* One user as one commit wrote it. */
struct users_db_user {
	char name[COSMO_MAX_NAME_BYTES + 1];
	char gecos[USERS_DB_MAX_TEXT];
	char home[USERS_DB_MAX_TEXT];
	char shell[USERS_DB_MAX_TEXT];
	uint32_t uid;
	uint32_t gid;
	uint32_t flags;
	uint32_t reason; /* enum cosmo_err: why the roles are gone, COSMO_OK if they are not */
	uint64_t roles;  /* stored roles: bit i is settings.roles[i]; the effective ones are
			    effective_roles()'s */
	int64_t confirmed_s;
	int64_t signed_in_s;
	unsigned char integration[INTEGRATION_BYTES];
};

/* What decides on a user's roles; see effective_roles(). */
struct users_db_standing {
	uint64_t roles;
	int64_t confirmed_s;
	uint32_t flags;
	uint32_t reason;
	unsigned char integration[INTEGRATION_BYTES];
};

struct users_db_entry; /* the same as his slot holds it, see users_db_entry.h */

struct users_db_map; /* one mapping with what was checked about it */

/* A process's view; static storage, all zero but for the paths. Thread-safe, fork-safe, keeps no
 * descriptor open. */
struct users_db {
	const char *path;
	const char *machine_id_path; /* "/etc/machine-id" */
	_Atomic(const struct users_db_map *) map;
	_Atomic int64_t looked_ms;   /* when opening the file last failed, 0: never */
	_Atomic uint32_t looked_err; /* and why; said again for a second */
	_Atomic uint32_t maps_used;
};

/* Unmap everything; @db can be used again. No other thread may be using it or its settings: for the
 * end of a program or the unloading of a library. */
void users_db_done(struct users_db *db);

/*
 * Find one user. Removed users are COSMO_E_NOT_FOUND. Any byte sequence is allowed as @name.
 * Errors: COSMO_E_NOT_FOUND; COSMO_E_BUSY (a record kept changing: NSS_STATUS_TRYAGAIN);
 * COSMO_E_STORE_MISSING (no file yet: NOTFOUND for NSS, but UNAVAIL while the gate is open);
 * COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE, COSMO_E_MACHINE (UNAVAIL). Keeps errno.
 */
COSMO_MUST_USE enum cosmo_err users_db_find_name(
	struct users_db *db, const char *name, struct users_db_user *ret);
COSMO_MUST_USE enum cosmo_err users_db_find_uid(
	struct users_db *db, uint32_t uid, struct users_db_user *ret);

/* The same without spelling anything out: for look-ups. */
COSMO_MUST_USE enum cosmo_err users_db_entry_by_name(
	struct users_db *db, const char *name, struct users_db_entry *ret);
COSMO_MUST_USE enum cosmo_err users_db_entry_by_uid(
	struct users_db *db, uint32_t uid, struct users_db_entry *ret);

/* Like users_db_find_name() and users_db_find_uid(), but a tombstone is found too (USERS_DB_REMOVED
 * in flags): was this name ever enrolled here, or this uid given to anybody? */
COSMO_MUST_USE enum cosmo_err users_db_find_ever(
	struct users_db *db, const char *name, struct users_db_user *ret);
COSMO_MUST_USE enum cosmo_err users_db_find_uid_ever(
	struct users_db *db, uint32_t uid, struct users_db_user *ret);

/*
 * Enumeration: *cursor starts at 0 and is moved behind the user returned. COSMO_E_NOT_FOUND at the
 * end. A user added meanwhile may or may not be seen; nobody is seen twice unless the file was
 * rebuilt in between. A damaged record gives COSMO_E_STORE_DAMAGED with *cursor behind it, so that
 * a caller may go on; any other error leaves *cursor alone.
 */
COSMO_MUST_USE enum cosmo_err users_db_next(
	struct users_db *db, uint64_t *cursor, struct users_db_user *ret);

/* The same without spelling anything out. @roles: only users whose stored roles have one of these
 * bits, of others not even the slot is read whole, so damage to theirs is not seen; 0: everybody.
 */
COSMO_MUST_USE enum cosmo_err users_db_entry_next(
	struct users_db *db, uint64_t *cursor, uint64_t roles, struct users_db_entry *ret);

/* A consistent copy of the settings. Errors: as users_db_find_name() without COSMO_E_NOT_FOUND. */
COSMO_MUST_USE enum cosmo_err users_db_settings(struct users_db *db, struct users_db_settings *ret);

/* A consistent copy of the numbers alone. Errors: as users_db_settings(). */
COSMO_MUST_USE enum cosmo_err users_db_numbers(struct users_db *db, struct users_db_numbers *ret);

/* The same without copying: verified once, valid until users_db_done(). For look-ups. */
COSMO_MUST_USE enum cosmo_err users_db_settings_peek(
	struct users_db *db, const struct users_db_settings **ret);

/* What look-ups of users need of them, likewise. */
COSMO_MUST_USE enum cosmo_err users_db_brief_peek(
	struct users_db *db, const struct users_db_brief **ret);

/* Number of users shown. Errors: as users_db_settings(). */
COSMO_MUST_USE enum cosmo_err users_db_count(struct users_db *db, uint64_t *ret);
