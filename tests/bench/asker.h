/* SPDX-License-Identifier: MIT */
/* Whom a measurement asks: a module's entry points, or the C library, by the same calls. */
#pragma once

#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>

/* As modules of the C library have them; NULL what this one does not have. */
struct asker {
	enum nss_status (*getpwnam_r)(const char *, struct passwd *, char *, size_t, int *);
	enum nss_status (*getpwuid_r)(uid_t, struct passwd *, char *, size_t, int *);
	enum nss_status (*getgrnam_r)(const char *, struct group *, char *, size_t, int *);
	enum nss_status (*getgrgid_r)(gid_t, struct group *, char *, size_t, int *);
	/* NOTFOUND: nothing but the group that was given. */
	enum nss_status (*initgroups_dyn)(
		const char *, gid_t, long *, long *, gid_t **, long, int *);
	enum nss_status (*setpwent)(int);
	enum nss_status (*getpwent_r)(struct passwd *, char *, size_t, int *);
	enum nss_status (*endpwent)(void);
};

/*
 * @how: "libc", or "entry:NAME:PATH" for the entry points _nss_NAME_* of a module. False if it
 * cannot be loaded, which was said on stderr.
 */
bool asker_open(const char *how, struct asker *ret);
