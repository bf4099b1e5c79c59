/* SPDX-License-Identifier: MIT */
#include "tests/bench/asker.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ENTRY "entry:"

/* What the C library's functions return, as a module says it. */
static enum nss_status status_of(int code, const void *found, int *errnop)
{
	if (found)
		return NSS_STATUS_SUCCESS;
	*errnop = code;
	if (code == ERANGE)
		return NSS_STATUS_TRYAGAIN;
	return code == 0 || code == ENOENT ? NSS_STATUS_NOTFOUND : NSS_STATUS_UNAVAIL;
}

static enum nss_status libc_getpwnam(
	const char *name, struct passwd *ret, char *buffer, size_t size, int *errnop)
{
	struct passwd *found = NULL;
	int code = getpwnam_r(name, ret, buffer, size, &found);

	return status_of(code, found, errnop);
}

static enum nss_status libc_getpwuid(
	uid_t uid, struct passwd *ret, char *buffer, size_t size, int *errnop)
{
	struct passwd *found = NULL;
	int code = getpwuid_r(uid, ret, buffer, size, &found);

	return status_of(code, found, errnop);
}

static enum nss_status libc_getgrnam(
	const char *name, struct group *ret, char *buffer, size_t size, int *errnop)
{
	struct group *found = NULL;
	int code = getgrnam_r(name, ret, buffer, size, &found);

	return status_of(code, found, errnop);
}

static enum nss_status libc_getgrgid(
	gid_t gid, struct group *ret, char *buffer, size_t size, int *errnop)
{
	struct group *found = NULL;
	int code = getgrgid_r(gid, ret, buffer, size, &found);

	return status_of(code, found, errnop);
}

/* NOLINTBEGIN(readability-function-size,readability-non-const-parameter): the C library's type */
static enum nss_status libc_initgroups(const char *name, gid_t primary, long *start, long *size,
	gid_t **groupsp, long limit, int *errnop)
{
	int count = (int)*size;

	(void)limit;
	if (getgrouplist(name, primary, *groupsp, &count) < 0) {
		*errnop = ERANGE;
		return NSS_STATUS_UNAVAIL;
	}
	*start = count;
	return count > 1 ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND;
}
/* NOLINTEND(readability-function-size,readability-non-const-parameter) */

static enum nss_status libc_setpwent(int stay_open)
{
	(void)stay_open;
	setpwent();
	return NSS_STATUS_SUCCESS;
}

static enum nss_status libc_getpwent(struct passwd *ret, char *buffer, size_t size, int *errnop)
{
	struct passwd *found = NULL;
	int code = getpwent_r(ret, buffer, size, &found);

	return status_of(code, found, errnop);
}

static enum nss_status libc_endpwent(void)
{
	endpwent();
	return NSS_STATUS_SUCCESS;
}

static const struct asker libc_asker = {
	.getpwnam_r = libc_getpwnam,
	.getpwuid_r = libc_getpwuid,
	.getgrnam_r = libc_getgrnam,
	.getgrgid_r = libc_getgrgid,
	.initgroups_dyn = libc_initgroups,
	.setpwent = libc_setpwent,
	.getpwent_r = libc_getpwent,
	.endpwent = libc_endpwent,
};

static void *symbol(void *library, const char *prefix, const char *name)
{
	char full[64] = "";

	snprintf(full, sizeof(full), "_nss_%s_%s", prefix, name);
	return dlsym(library, full);
}

static bool open_entries(const char *prefix, const char *path, struct asker *ret)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	*(void **)&ret->getpwnam_r = symbol(library, prefix, "getpwnam_r");
	*(void **)&ret->getpwuid_r = symbol(library, prefix, "getpwuid_r");
	*(void **)&ret->getgrnam_r = symbol(library, prefix, "getgrnam_r");
	*(void **)&ret->getgrgid_r = symbol(library, prefix, "getgrgid_r");
	*(void **)&ret->initgroups_dyn = symbol(library, prefix, "initgroups_dyn");
	*(void **)&ret->setpwent = symbol(library, prefix, "setpwent");
	*(void **)&ret->getpwent_r = symbol(library, prefix, "getpwent_r");
	*(void **)&ret->endpwent = symbol(library, prefix, "endpwent");
	return true;
}

bool asker_open(const char *how, struct asker *ret)
{
	char prefix[32] = "";
	const char *path = NULL;

	*ret = (struct asker){0};
	if (strcmp(how, "libc") == 0) {
		*ret = libc_asker;
		return true;
	}
	if (strncmp(how, ENTRY, strlen(ENTRY)) == 0)
		path = strchr(how + strlen(ENTRY), ':');
	if (!path || (size_t)(path - how) >= sizeof(prefix)) {
		fprintf(stderr, "%s: whom?\n", how);
		return false;
	}
	snprintf(prefix, sizeof(prefix), "%.*s", (int)(path - how - (int)strlen(ENTRY)),
		how + strlen(ENTRY));
	return open_entries(prefix, path + 1, ret);
}
