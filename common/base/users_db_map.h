/* SPDX-License-Identifier: MIT */
/* One mapping of users.1.db: what reader and writer share. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/users_db_pair.h"

/* A verified copy of the settings, as the file holds them. */
struct users_db_settings_copy {
	const struct users_db_settings_copy *older;
	struct users_db_brief brief; /* of them */
	union {
		uint64_t words[USERS_DB_SETTINGS_WORDS];
		struct {
			uint64_t check;
			uint64_t sequence;
			struct users_db_settings settings;
		};
	};
};

struct users_db_map {
	const uint64_t *words; /* the file */
	size_t bytes;
	dev_t device;
	ino_t inode;
	struct users_db_header header; /* verified, ours */
	size_t home_before_len;        /* of header.home, up to %u */
	const char *home_after;
	size_t home_after_len;
	size_t shell_len;
	bool templates_are_plain;    /* paths that fit, of nothing but ASCII fit for passwd(5) */
	struct users_db_brief brief; /* of the settings it was opened with; .sshd NULL: unknown */
	uint64_t brief_sequence;     /* theirs */
	char sshd[USERS_DB_MAX_SSHD][USERS_DB_MAX_TEXT];
	_Atomic(const struct users_db_settings_copy *) settings; /* in pages of their own */
	const struct users_db_map *older; /* others may still be reading it */
};

/*
 * Map @path (below @dir_fd or AT_FDCWD) after all checks. No heap: the first map of a process is
 * static, others lie in pages of their own. The caller owns it: users_db_map_free(). Errors: those
 * of users_db_find_name() without COSMO_E_NOT_FOUND.
 */
COSMO_MUST_USE enum cosmo_err users_db_map_open(
	int dir_fd, const char *path, const char *machine_id_path, const struct users_db_map **ret);

/* Map the open file @fd; @machine_hash is what the header must say. Errors: as
 * users_db_map_open(). */
COSMO_MUST_USE enum cosmo_err users_db_map_fd(
	int fd, uint64_t machine_hash, const struct users_db_map **ret);

void users_db_map_free(const struct users_db_map *map);
COSMO_AUTO_DEFINE(const struct users_db_map *, users_db_map_free);

/* The verified settings, for as long as the map is there. The first time, and when they have
 * changed, in new pages. Errors: COSMO_E_STORE_DAMAGED, COSMO_E_BUSY. */
COSMO_MUST_USE enum cosmo_err users_db_map_settings(
	const struct users_db_map *map, const struct users_db_settings **ret);

/* What look-ups of users need of them, likewise; no pages for those the map was opened with. */
COSMO_MUST_USE enum cosmo_err users_db_map_brief(
	const struct users_db_map *map, const struct users_db_brief **ret);

/* Take the brief of a map that nobody else has yet, if the settings are whole at this moment. */
void users_db_map_take_brief(struct users_db_map *map);

/* The two copies of them in the file. */
struct users_db_pair users_db_settings_pair(const struct users_db_map *map);

/* 64-bit hash of the machine-id in @path. Errors: COSMO_E_MACHINE (missing, empty,
 * "uninitialized"). */
COSMO_MUST_USE enum cosmo_err machine_hash_read(const char *path, uint64_t *ret);
