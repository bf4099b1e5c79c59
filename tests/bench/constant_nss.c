/* SPDX-License-Identifier: MIT */
/* The floor of any NSS module: what a call costs that looks nothing up and answers the same record
 * always. */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT    __attribute__((visibility("default")))
#define SOME_ID   0x70000401U
#define FIRST_GID 0x70000010U
#define GIDS      3

static const char texts[] = "someuser1\0*\0Some Body\0/home/someuser1\0/bin/bash";
enum {
	AT_PASSWORD = 10,
	AT_GECOS = 12,
	AT_HOME = 22,
	AT_SHELL = 38,
};

static enum nss_status give(struct passwd *ret, char *buffer, size_t size, int *errnop)
{
	if (size < sizeof(texts)) {
		*errnop = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	memcpy(buffer, texts, sizeof(texts));
	*ret = (struct passwd){
		.pw_name = buffer,
		.pw_passwd = buffer + AT_PASSWORD,
		.pw_uid = SOME_ID,
		.pw_gid = SOME_ID,
		.pw_gecos = buffer + AT_GECOS,
		.pw_dir = buffer + AT_HOME,
		.pw_shell = buffer + AT_SHELL,
	};
	return NSS_STATUS_SUCCESS;
}

EXPORT enum nss_status _nss_constant_getpwnam_r(
	const char *name, struct passwd *ret, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_constant_getpwnam_r(
	const char *name, struct passwd *ret, char *buffer, size_t size, int *errnop)
{
	(void)name;
	return give(ret, buffer, size, errnop);
}

EXPORT enum nss_status _nss_constant_getpwuid_r(
	uid_t uid, struct passwd *ret, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_constant_getpwuid_r(
	uid_t uid, struct passwd *ret, char *buffer, size_t size, int *errnop)
{
	(void)uid;
	return give(ret, buffer, size, errnop);
}

static enum nss_status give_group(struct group *ret, char *buffer, size_t size, int *errnop)
{
	static char *nobody = NULL;

	if (size < sizeof(texts)) {
		*errnop = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	memcpy(buffer, texts, AT_GECOS);
	*ret = (struct group){
		.gr_name = buffer,
		.gr_passwd = buffer + AT_PASSWORD,
		.gr_gid = SOME_ID,
		.gr_mem = &nobody,
	};
	return NSS_STATUS_SUCCESS;
}

EXPORT enum nss_status _nss_constant_getgrnam_r(
	const char *name, struct group *ret, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_constant_getgrnam_r(
	const char *name, struct group *ret, char *buffer, size_t size, int *errnop)
{
	(void)name;
	return give_group(ret, buffer, size, errnop);
}

EXPORT enum nss_status _nss_constant_getgrgid_r(
	gid_t gid, struct group *ret, char *buffer, size_t size, int *errnop);
EXPORT enum nss_status _nss_constant_getgrgid_r(
	gid_t gid, struct group *ret, char *buffer, size_t size, int *errnop)
{
	(void)gid;
	return give_group(ret, buffer, size, errnop);
}

EXPORT enum nss_status _nss_constant_initgroups_dyn(const char *name, gid_t primary, long *start,
	long *size, gid_t **groups, long limit, int *errnop);
EXPORT enum nss_status _nss_constant_initgroups_dyn(const char *name, gid_t primary, long *start,
	long *size, gid_t **groups, long limit, int *errnop)
{
	(void)name;
	(void)primary;
	(void)limit;
	if (*size - *start < GIDS) {
		*errnop = ENOMEM;
		return NSS_STATUS_TRYAGAIN;
	}
	for (gid_t i = 0; i < GIDS; i++)
		(*groups)[(*start)++] = FIRST_GID + i;
	return NSS_STATUS_SUCCESS;
}
