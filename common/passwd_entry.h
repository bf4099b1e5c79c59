/* SPDX-License-Identifier: MIT */
/* What this host's name services, ours among them, say about a login name or a uid. */
#pragma once

#include <pwd.h>

#include "common/base/auto.h"

enum passwd_answer {
	PASSWD_KNOWN,
	PASSWD_UNKNOWN, /* every service was asked and none has it */
	PASSWD_UNSURE,  /* some service failed */
};

struct passwd_entry {
	struct passwd pw; /* its strings are in buffer */
	char *buffer;
};

/* Ask for @name by getpwnam_r(). *ret is filled when it is known; the caller owns it:
 * passwd_entry_done(). */
enum passwd_answer passwd_entry_find(const char *name, struct passwd_entry *ret);

/* Likewise for @uid, by getpwuid_r(). */
enum passwd_answer passwd_entry_find_uid(uid_t uid, struct passwd_entry *ret);

/* Frees what it holds; harmless for one all zero. */
void passwd_entry_done(struct passwd_entry entry);
COSMO_AUTO_DEFINE(struct passwd_entry, passwd_entry_done);
