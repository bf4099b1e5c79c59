/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/recent_place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/process.h"
#include "pam_cosmo_sso/helper/session.h"

/* No session was set (audit(7)): -1 as an unsigned number. */
#define AUDIT_UNSET UINT32_MAX

/* Terminals of devpts, by their major numbers: 256 in each. */
#define PTS_FIRST 136U
#define PTS_LAST  143U

/* A terminal's first process is started at once; what comes later is another one on a shared
 * connection. */
#define SOON_MS 30000

/* How long all processes are looked through while somebody waits; behind that the code is asked
 * for. */
#define LOOK_MS 2000

static bool is_wholly(const struct process *process, uint32_t uid)
{
	return !process->ended && process->uids[0] == uid && process->uids[1] == uid &&
	       process->uids[2] == uid;
}

static bool is_same_link(pid_t one, pid_t other, const char *what)
{
	char path[2][64] = {"", ""};
	struct stat status[2] = {{0}, {0}};
	const pid_t pids[] = {one, other};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(pids); i++) {
		(void)snprintf(path[i], sizeof(path[i]), "/proc/%ld/%s", (long)pids[i], what);
		if (stat(path[i], &status[i]) < 0)
			return false;
	}
	return status[0].st_dev == status[1].st_dev && status[0].st_ino == status[1].st_ino;
}

/* The kernel packs minor numbers round the major one: see new_encode_dev(). */
static dev_t device_of(uint32_t terminal)
{
	return makedev(
		(terminal >> 8) & 0xfffU, (terminal & 0xffU) | ((terminal >> 12) & 0xfff00U));
}

/* What the kernel calls the device below /dev. */
static enum cosmo_err name_device(dev_t device, char *ret, size_t ret_size)
{
	char path[64] = "";
	char text[512] = "";
	const char *name = NULL;
	COSMO_AUTO_FD int fd = -1;
	ssize_t len = 0;

	(void)snprintf(
		path, sizeof(path), "/sys/dev/char/%u:%u/uevent", major(device), minor(device));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return COSMO_E_NOT_FOUND;
	name = strstr(text, "DEVNAME=");
	if (!name)
		return COSMO_E_NOT_FOUND;
	name += strlen("DEVNAME=");
	(void)snprintf(ret, ret_size, "/dev/%.*s", (int)strcspn(name, "\n"), name);
	return COSMO_OK;
}

static enum cosmo_err find_inode(uint32_t terminal, uint64_t *ret)
{
	dev_t device = device_of(terminal);
	char path[128] = "";
	struct stat status = {0};
	enum cosmo_err err = COSMO_OK;

	if (major(device) >= PTS_FIRST && major(device) <= PTS_LAST)
		(void)snprintf(path, sizeof(path), "/dev/pts/%u",
			(major(device) - PTS_FIRST) * 256U + minor(device));
	else
		err = name_device(device, path, sizeof(path));
	if (err)
		return err;
	if (lstat(path, &status) < 0 || !S_ISCHR(status.st_mode) || status.st_rdev != device)
		return COSMO_E_NOT_FOUND;
	*ret = status.st_ino;
	return COSMO_OK;
}

/* Errors: COSMO_E_NOT_FOUND (unset, or a kernel without). */
static enum cosmo_err read_audit(pid_t pid, uint32_t *ret)
{
	char path[64] = "";
	char text[16] = "";
	COSMO_AUTO_FD int fd = -1;
	ssize_t len = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/sessionid", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len <= 0 || parse_id(text, 0, UINT32_MAX, ret) || *ret == AUDIT_UNSET)
		return COSMO_E_NOT_FOUND;
	return COSMO_OK;
}

enum cosmo_err recent_session_of(pid_t pid, uint32_t uid, char *ret)
{
	char id[SESSION_LOGIND_BYTES] = "";
	uint32_t audit = AUDIT_UNSET;
	uint32_t whose = 0;
	enum cosmo_err err = COSMO_OK;

	if (read_audit(pid, &audit) == COSMO_OK) {
		(void)snprintf(ret, RECENT_SESSION_BYTES, "audit:%" PRIu32, audit);
		return COSMO_OK;
	}
	err = logind_session_of(pid, id, &whose);
	if (!err && whose != uid)
		err = COSMO_E_NOT_FOUND;
	if (!err)
		(void)snprintf(ret, RECENT_SESSION_BYTES, "logind:%s", id);
	return err;
}

/*
 * By the person himself, in that session: what somebody else runs at his terminal is reaped by
 * another process when its parent has ended, and that one may be the person's. A setuid program
 * has his real uid, or root's by then.
 */
static enum cosmo_err check_start(const struct process *process, uint32_t uid)
{
	struct process parent = {0};
	enum cosmo_err err = process_read(process->ppid, &parent);

	if (err)
		return err;
	return (process->uids[0] == 0 || process->uids[0] == uid) && is_wholly(&parent, uid) &&
			       parent.sid == process->sid
		       ? COSMO_OK
		       : COSMO_E_NOT_FOUND;
}

/* The person's own: of his uid from real to saved, who leads his session at that terminal. */
static enum cosmo_err check_leader(
	const struct process *process, uint32_t uid, struct process *ret_leader)
{
	enum cosmo_err err = process_read(process->sid, ret_leader);

	if (err)
		return err;
	return ret_leader->sid == ret_leader->pid && ret_leader->terminal == process->terminal &&
			       is_wholly(ret_leader, uid)
		       ? COSMO_OK
		       : COSMO_E_NOT_FOUND;
}

static enum cosmo_err find_session(const struct process *process, const struct process *leader,
	uint32_t uid, struct recent_place *place)
{
	char leaders[RECENT_SESSION_BYTES] = "";
	enum cosmo_err err = recent_session_of(process->pid, uid, place->session);

	if (!err)
		err = recent_session_of(leader->pid, uid, leaders);
	return err || streq(leaders, place->session) ? err : COSMO_E_NOT_FOUND;
}

enum cosmo_err recent_place_of(pid_t pid, uint32_t uid, struct recent_place *ret)
{
	struct process process = {0};
	struct process leader = {0};
	struct recent_place place = {0};
	enum cosmo_err err = process_read(pid, &process);

	if (err)
		return err;
	if (process.terminal == 0 || process.sid <= 0 || process.ppid <= 0 ||
		!is_same_link(pid, getpid(), "ns/pid") || !is_same_link(pid, getpid(), "ns/user"))
		return COSMO_E_NOT_FOUND;
	err = check_start(&process, uid);
	if (!err)
		err = check_leader(&process, uid, &leader);
	if (!err)
		err = find_session(&process, &leader, uid, &place);
	if (!err)
		err = find_inode(process.terminal, &place.inode);
	if (err)
		return err;
	place.leader = leader.pid;
	place.leader_start = leader.start;
	place.terminal = process.terminal;
	*ret = place;
	return COSMO_OK;
}

bool recent_place_is(const struct recent_place *one, const struct recent_place *other)
{
	return one->leader == other->leader && one->leader_start == other->leader_start &&
	       one->terminal == other->terminal && one->inode == other->inode &&
	       streq(one->session, other->session);
}

enum cosmo_err recent_opener_of(pid_t pid, pid_t *ret_pid, uint64_t *ret_start)
{
	struct process process = {0};
	struct process parent = {0};
	bool is_parent = false;
	enum cosmo_err err = process_read(pid, &process);

	if (err)
		return err;
	is_parent = process.ppid > 1 && process_read(process.ppid, &parent) == COSMO_OK &&
		    is_wholly(&parent, 0) && parent.start <= process.start &&
		    is_same_link(pid, parent.pid, "exe");
	*ret_pid = is_parent ? parent.pid : pid;
	*ret_start = is_parent ? parent.start : process.start;
	return COSMO_OK;
}

enum cosmo_err recent_place_openers(
	const struct recent_place *place, struct recent_opener ret[RECENT_MAX_OPENERS])
{
	struct process process = {0};
	enum cosmo_err err = process_read(place->leader, &process);

	for (size_t i = 0; i < RECENT_MAX_OPENERS; i++)
		ret[i] = (struct recent_opener){.pid = 0};
	for (size_t i = 0; i < RECENT_MAX_OPENERS && !err && process.ppid > 1; i++) {
		err = process_read(process.ppid, &process);
		if (!err)
			ret[i] = (struct recent_opener){.pid = process.pid, .start = process.start};
	}
	return err;
}

/* @leader was started by @opener, or by the process that sshd has put between them: the same
 * program, as the user or as root. */
static enum cosmo_err check_descent(
	const struct process *leader, const struct recent_opener *opener)
{
	struct process parent = {0};
	struct process first = {0};
	enum cosmo_err err = process_read(leader->ppid, &parent);

	if (!err && parent.pid != opener->pid) {
		if (!is_wholly(&parent, opener->uid) && !is_wholly(&parent, 0))
			return COSMO_E_NOT_FOUND;
		if (parent.ppid != opener->pid || !is_same_link(parent.pid, opener->pid, "exe"))
			return COSMO_E_NOT_FOUND;
		err = process_read(parent.ppid, &first);
	} else if (!err) {
		first = parent;
	}
	if (err)
		return err;
	return first.start == opener->start && is_wholly(&first, 0) ? COSMO_OK : COSMO_E_NOT_FOUND;
}

static bool is_soon(const struct process *leader, const struct recent_opener *opener)
{
	int64_t ticks_a_second = sysconf(_SC_CLK_TCK);
	int64_t started_ms = 0;

	if (ticks_a_second <= 0 || leader->start > (uint64_t)(INT64_MAX / 1000))
		return false;
	started_ms = (int64_t)leader->start * 1000 / ticks_a_second;
	/* Counted in ticks: up to one earlier than it was. */
	return started_ms >= opener->opened_boot_ms - 1000 / ticks_a_second - 1 &&
	       started_ms - opener->opened_boot_ms <= SOON_MS;
}

/* Of several sessions on a shared connection none but the first is meant. One that cannot be seen
 * may be an earlier one. */
static enum cosmo_err check_first(const struct process *leader)
{
	struct process_list list = {0};
	COSMO_AUTO(process_list_done) struct process_list *owned = &list;
	enum cosmo_err err = process_list_take_until(fdio_boot_ms() + LOOK_MS, owned);

	if (!err && !list.is_whole)
		err = COSMO_E_NOT_FOUND;
	for (size_t i = 0; i < list.count && !err; i++) {
		const struct process *other = &list.items[i];

		if (other->ppid == leader->ppid && other->pid != leader->pid &&
			other->start <= leader->start)
			err = COSMO_E_NOT_FOUND;
	}
	return err;
}

enum cosmo_err recent_place_is_of(
	const struct recent_place *place, const struct recent_opener *opener)
{
	char session[RECENT_SESSION_BYTES] = "";
	struct process leader = {0};
	enum cosmo_err err = process_read(place->leader, &leader);

	if (!err && (leader.start != place->leader_start || !is_soon(&leader, opener)))
		err = COSMO_E_NOT_FOUND;
	if (!err)
		err = check_descent(&leader, opener);
	if (!err)
		err = recent_session_of(opener->pid, opener->uid, session);
	if (!err && !streq(session, place->session))
		err = COSMO_E_NOT_FOUND;
	return err ? err : check_first(&leader);
}
