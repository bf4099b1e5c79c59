/* SPDX-License-Identifier: MIT */
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Bounds shared anonymous memory too, which RLIMIT_DATA does not count. */
#define MAX_ADDRESS_SPACE_BYTES ((rlim_t)1024 * 1024 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_CAPS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_CAPS false
#endif
#endif
#ifndef MEMORY_CAPS
#define MEMORY_CAPS true
#endif

static void close_file(FILE *file)
{
	if (file)
		(void)fclose(file);
}
COSMO_AUTO_DEFINE(FILE *, close_file);

/* Only what we know is open: a descriptor that is missing would be given to the next socket. */
static bool keep_descriptors(int last_fd)
{
	for (int fd = 0; fd <= last_fd; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return false;
	return last_fd >= STDERR_FILENO && close_range((unsigned int)last_fd + 1, UINT_MAX, 0) == 0;
}

/* Who spawned us may have made the session already; a second setsid() would fail. */
static bool own_session(void)
{
	return getsid(0) == getpid() || setsid() >= 0;
}

static bool find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	COSMO_AUTO(close_file) FILE *file = fopen("/etc/passwd", "re");
	char line[1024] = "";
	struct passwd entry = {0};
	struct passwd *found = NULL;
	int err = 0;

	if (!file)
		return false;
	do
		err = fgetpwent_r(file, &entry, line, sizeof(line), &found);
	while (err == 0 && !streq(entry.pw_name, name));
	if (err != 0 || entry.pw_uid == 0 || entry.pw_gid == 0)
		return false;
	*ret_uid = entry.pw_uid;
	*ret_gid = entry.pw_gid;
	return true;
}

/* Hard and soft alike; what was allowed less before stays so. */
static bool limit(__rlimit_resource_t resource, rlim_t wanted)
{
	struct rlimit now = {0};

	if (getrlimit(resource, &now) < 0)
		return false;
	if (now.rlim_max == RLIM_INFINITY || now.rlim_max > wanted)
		now.rlim_max = wanted;
	now.rlim_cur = now.rlim_max;
	return setrlimit(resource, &now) == 0;
}

static bool limit_resources(const struct sandbox_profile *profile)
{
	bool ok = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_MSGQUEUE, 0) &&
		  limit(RLIMIT_NOFILE, profile->max_fds) &&
		  limit(RLIMIT_NPROC, profile->max_tasks) && limit(RLIMIT_CPU, profile->max_cpu_s);

	if (!ok || !MEMORY_CAPS)
		return ok;
	return limit(RLIMIT_DATA, profile->max_data_bytes) &&
	       limit(RLIMIT_AS, MAX_ADDRESS_SPACE_BYTES);
}

/* Needs CAP_SETPCAP, so before the user is changed; the kernel tells the last one by EINVAL. */
static bool drop_bounding_set(void)
{
	unsigned long cap = 0;

	while (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
		cap++;
	return cap > CAP_SYS_RESOURCE && errno == EINVAL;
}

static bool become(uid_t uid, gid_t gid)
{
	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
	       setresuid(uid, uid, uid) == 0;
}

/* The change of user clears most of them; the inheritable ones it leaves. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
		syscall(SYS_capset, &header, sets) < 0 || syscall(SYS_capget, &header, sets) < 0)
		return false;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(sets); i++)
		if (sets[i].effective || sets[i].permitted || sets[i].inheritable)
			return false;
	return true;
}

/* Trust the kernel's answer, not that our calls were the right ones. */
static bool is_only(uid_t uid, gid_t gid)
{
	uid_t uids[3] = {0};
	gid_t gids[3] = {0};

	if (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) == 0)
		return false;
	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
		getresgid(&gids[0], &gids[1], &gids[2]) < 0 || getgroups(0, NULL) != 0)
		return false;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(uids); i++)
		if (uids[i] != uid || gids[i] != gid)
			return false;
	return true;
}

static bool lock_down(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

enum cosmo_err sandbox_enter(const struct sandbox_profile *profile)
{
	uid_t uid = 0;
	gid_t gid = 0;

	if (!keep_descriptors(profile->last_fd) || !own_session())
		return COSMO_E_SANDBOX;
	environ = NULL;
	umask(077);
	if (chdir("/") < 0 || (profile->isolate_network && unshare(CLONE_NEWNET) < 0))
		return COSMO_E_SANDBOX;
	if (!find_user(profile->user, &uid, &gid) || !limit_resources(profile))
		return COSMO_E_SANDBOX;
	if (!drop_bounding_set() || !become(uid, gid) || !drop_capabilities())
		return COSMO_E_SANDBOX;
	return is_only(uid, gid) && lock_down() ? COSMO_OK : COSMO_E_SANDBOX;
}
