/* SPDX-License-Identifier: MIT */
/* A source of names that is neither the local files nor ours, as LDAP would be: one user, carol. Of
 * erin it cannot tell. */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>

__attribute__((visibility("default"))) enum nss_status _nss_other_getpwnam_r(
	const char *name, struct passwd *entry, char *buffer, size_t size, int *ret_errno);

enum nss_status _nss_other_getpwnam_r(
	const char *name, struct passwd *entry, char *buffer, size_t size, int *ret_errno)
{
	static char carol[] = "carol";
	static char password[] = "*";
	static char home[] = "/home/carol";
	static char shell[] = "/bin/sh";

	(void)buffer;
	(void)size;
	if (strcmp(name, "erin") == 0) {
		*ret_errno = EIO;
		return NSS_STATUS_UNAVAIL;
	}
	if (strcmp(name, carol) != 0) {
		*ret_errno = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	*entry = (struct passwd){.pw_name = carol,
		.pw_passwd = password,
		.pw_uid = 4711,
		.pw_gid = 4711,
		.pw_gecos = carol,
		.pw_dir = home,
		.pw_shell = shell};
	return NSS_STATUS_SUCCESS;
}
