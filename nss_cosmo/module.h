/* SPDX-License-Identifier: MIT */
/*
 * The entry points of libnss_cosmo.so.2, as glibc calls them. Each keeps the thread's errno, but
 * for *errnop, which is set on anything but success; takes no lock and, initgroups_dyn's array
 * apart, allocates nothing.
 */
#pragma once

#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stddef.h>
#include <sys/types.h>

enum nss_status _nss_cosmo_getpwnam_r(
	const char *name, struct passwd *ret_entry, char *buffer, size_t buffer_size, int *errnop);
enum nss_status _nss_cosmo_getpwuid_r(
	uid_t uid, struct passwd *ret_entry, char *buffer, size_t buffer_size, int *errnop);
enum nss_status _nss_cosmo_setpwent(int stay_open);
enum nss_status _nss_cosmo_getpwent_r(
	struct passwd *ret_entry, char *buffer, size_t buffer_size, int *errnop);
enum nss_status _nss_cosmo_endpwent(void);

enum nss_status _nss_cosmo_getgrnam_r(
	const char *name, struct group *ret_entry, char *buffer, size_t buffer_size, int *errnop);
enum nss_status _nss_cosmo_getgrgid_r(
	gid_t gid, struct group *ret_entry, char *buffer, size_t buffer_size, int *errnop);
enum nss_status _nss_cosmo_setgrent(int stay_open);
enum nss_status _nss_cosmo_getgrent_r(
	struct group *ret_entry, char *buffer, size_t buffer_size, int *errnop);
enum nss_status _nss_cosmo_endgrent(void);

enum nss_status _nss_cosmo_initgroups_dyn(const char *name, gid_t primary, long *start, long *size,
	gid_t **groupsp, long limit, int *errnop);
