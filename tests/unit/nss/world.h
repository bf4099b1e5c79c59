/* SPDX-License-Identifier: MIT */
/*
 * A small host of its own for the built plugin, whose paths are fixed: a mount namespace with its
 * own /etc, /run, /var/lib and /var/cache, and a store filled by the product's own writer.
 *
 * What looks something up runs in a child, so that each case starts as a process that never asked
 * before; CHECK() ends it with a message. The store may be changed from the child too.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/users_db_read.h"
#include "nss_cosmo/module.h"

#define WORLD_USERS_GID     0x70000000U
#define WORLD_VIEWER_GID    0x70000010U
#define WORLD_DEVELOPER_GID 0x70000011U
#define WORLD_ADMIN_GID     0x70000012U
#define WORLD_DIALOUT_GID   20U
#define WORLD_PLUGDEV_GID   46U
#define WORLD_UID_MIN       0x70000400U
#define WORLD_UID_MAX       0x7ffdffffU

/* viewer confers plugdev, developer and admin confer dialout; lpadmin is in nobody's list. */
#define WORLD_ROLES                                                                                \
	"[roles]\nusers_gid = 0x70000000\n"                                                        \
	"[role viewer]\ngid = 0x70000010\nlocal_groups = plugdev\n"                                \
	"[role developer]\ngid = 0x70000011\nlocal_groups = dialout\n"                             \
	"[role admin]\ngid = 0x70000012\nlocal_groups = dialout\n"                                 \
	"[rules]\nadmin = admins\n"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			world_fail(__FILE__, __LINE__, #condition);                                \
	} while (0)

_Noreturn void world_fail(const char *file, int line, const char *condition);

/* Enter it, once, before anything else. Without root: exit code 77, which means skipped. */
void world_enter(void);

/* Forget the store and everything in it. */
void world_clear(void);

/*
 * Write the settings of a configuration that ends in @text (sections of its own), and connect if
 * that has not happened since world_clear(). @provisional_on as for commit_settings().
 */
void world_configure(const char *text, int provisional_on);

/* The usual one: WORLD_ROLES, provisional entries off. */
void world_connect(void);
void world_disconnect(void);
void world_reconnect(void);

/* Enrol, or change, @name: confirmed now, with the roles (comma-separated) in @roles. Returns the
 * uid. */
uint32_t world_enrol(const char *name, const char *roles);
uint32_t world_enrol_with(const char *name, const char *roles, uint32_t flags, int64_t confirmed_s);

/* Write to users.db what no enrolment would. */
void world_put_raw(const struct users_db_user *user);

/* The same with the settings: @change alters what is there. */
void world_change_settings(void (*change)(struct users_db_settings *settings));

void world_write_file(const char *path, const char *text);

/* Run @body in a child; true if it came back. */
bool world_run(void (*body)(void));

/* The entry points of the built plugin, which is loaded at the first call. */
struct world_plugin {
	__typeof__(_nss_cosmo_getpwnam_r) *getpwnam_r;
	__typeof__(_nss_cosmo_getpwuid_r) *getpwuid_r;
	__typeof__(_nss_cosmo_setpwent) *setpwent;
	__typeof__(_nss_cosmo_getpwent_r) *getpwent_r;
	__typeof__(_nss_cosmo_endpwent) *endpwent;
	__typeof__(_nss_cosmo_getgrnam_r) *getgrnam_r;
	__typeof__(_nss_cosmo_getgrgid_r) *getgrgid_r;
	__typeof__(_nss_cosmo_setgrent) *setgrent;
	__typeof__(_nss_cosmo_getgrent_r) *getgrent_r;
	__typeof__(_nss_cosmo_endgrent) *endgrent;
	__typeof__(_nss_cosmo_initgroups_dyn) *initgroups_dyn;
};
const struct world_plugin *world_plugin(void);
