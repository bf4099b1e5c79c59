/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/module.h"

#include <errno.h>

#include "nss_cosmo/enumerate.h"
#include "nss_cosmo/groups.h"
#include "nss_cosmo/people.h"
#include "nss_cosmo/places.h"
#include "nss_cosmo/status.h"

#define EXPORT __attribute__((visibility("default")))

/* No users.db where nobody was ever enrolled is nothing strange; on a connected host it is damage.
 */
static enum cosmo_err check_missing(enum cosmo_err err)
{
	struct gate_view view;

	if (err != COSMO_E_STORE_MISSING)
		return err;
	gate_read(places_default()->gate, &view);
	return view.state == GATE_OPEN ? COSMO_E_STORE_DAMAGED : err;
}

/* errnop is the thread's own errno with glibc, so it comes last. */
static enum nss_status finish(enum cosmo_err err, int saved_errno, int *errnop)
{
	int code = 0;
	enum nss_status status = status_of(check_missing(err), &code);

	errno = saved_errno;
	if (code)
		*errnop = code;
	return status;
}

EXPORT enum nss_status _nss_cosmo_getpwnam_r(
	const char *name, struct passwd *ret_entry, char *buffer, size_t buffer_size, int *errnop)
{
	int saved_errno = errno;
	enum cosmo_err err = people_find_name(name, buffer, buffer_size, ret_entry);

	return finish(err, saved_errno, errnop);
}

EXPORT enum nss_status _nss_cosmo_getpwuid_r(
	uid_t uid, struct passwd *ret_entry, char *buffer, size_t buffer_size, int *errnop)
{
	int saved_errno = errno;
	enum cosmo_err err = people_find_uid(uid, buffer, buffer_size, ret_entry);

	return finish(err, saved_errno, errnop);
}

EXPORT enum nss_status _nss_cosmo_setpwent(int stay_open)
{
	(void)stay_open; /* nothing is ever open */
	enumerate_passwd_rewind();
	return NSS_STATUS_SUCCESS;
}

EXPORT enum nss_status _nss_cosmo_getpwent_r(
	struct passwd *ret_entry, char *buffer, size_t buffer_size, int *errnop)
{
	int saved_errno = errno;
	enum cosmo_err err = enumerate_passwd(buffer, buffer_size, ret_entry);

	return finish(err, saved_errno, errnop);
}

EXPORT enum nss_status _nss_cosmo_endpwent(void)
{
	enumerate_passwd_rewind();
	return NSS_STATUS_SUCCESS;
}

EXPORT enum nss_status _nss_cosmo_getgrnam_r(
	const char *name, struct group *ret_entry, char *buffer, size_t buffer_size, int *errnop)
{
	int saved_errno = errno;
	enum cosmo_err err = groups_find_name(name, buffer, buffer_size, ret_entry);

	return finish(err, saved_errno, errnop);
}

EXPORT enum nss_status _nss_cosmo_getgrgid_r(
	gid_t gid, struct group *ret_entry, char *buffer, size_t buffer_size, int *errnop)
{
	int saved_errno = errno;
	enum cosmo_err err = groups_find_gid(gid, buffer, buffer_size, ret_entry);

	return finish(err, saved_errno, errnop);
}

EXPORT enum nss_status _nss_cosmo_setgrent(int stay_open)
{
	(void)stay_open;
	enumerate_group_rewind();
	return NSS_STATUS_SUCCESS;
}

EXPORT enum nss_status _nss_cosmo_getgrent_r(
	struct group *ret_entry, char *buffer, size_t buffer_size, int *errnop)
{
	int saved_errno = errno;
	enum cosmo_err err = enumerate_group(buffer, buffer_size, ret_entry);

	return finish(err, saved_errno, errnop);
}

EXPORT enum nss_status _nss_cosmo_endgrent(void)
{
	enumerate_group_rewind();
	return NSS_STATUS_SUCCESS;
}

/* NOLINTBEGIN(readability-function-size,readability-non-const-parameter): glibc's type */
EXPORT enum nss_status _nss_cosmo_initgroups_dyn(const char *name, gid_t primary, long *start,
	long *size, gid_t **groupsp, long limit, int *errnop)
{
	int saved_errno = errno;
	struct gid_list list = {
		.primary = primary,
		.count = start,
		.size = size,
		.gids = groupsp,
		.limit = limit,
	};
	enum cosmo_err err = groups_of_user(name, &list);

	return finish(err, saved_errno, errnop);
}
/* NOLINTEND(readability-function-size,readability-non-const-parameter) */
