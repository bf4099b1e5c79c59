/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/log.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/folder.h"

#define FOLDER         "sessions"
#define MAX_FILE_BYTES 2048

/* Fields behind the command's ")" up to the start time, the 22nd of all (proc(5)). */
#define FIELDS_BEFORE_START 19

static enum cosmo_err parse_start(char *stat, uint64_t *ret_start)
{
	/* The command may hold anything, blanks and brackets included: its end is the last ')'. */
	char *rest = strrchr(stat, ')');
	char *field = NULL;
	char *cursor = NULL;

	if (!rest)
		return COSMO_E_FORMAT;
	field = strtok_r(rest + 1, " ", &cursor);
	for (int i = 0; field && i < FIELDS_BEFORE_START; i++)
		field = strtok_r(NULL, " ", &cursor);
	if (!field || parse_u64(field, 0, UINT64_MAX, ret_start) != COSMO_OK)
		return COSMO_E_FORMAT;
	return COSMO_OK;
}

enum cosmo_err session_start_time(pid_t pid, uint64_t *ret_start)
{
	char path[64] = "";
	char stat[1024] = "";
	COSMO_AUTO_FD int fd = -1;
	ssize_t len = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? COSMO_E_NOT_FOUND : COSMO_E_IO;
	len = read(fd, stat, sizeof(stat) - 1);
	if (len <= 0)
		return COSMO_E_NOT_FOUND;
	stat[len] = '\0';
	return parse_start(stat, ret_start);
}

static void format_name(pid_t leader, uint64_t start, uint32_t uid, char *ret, size_t ret_size)
{
	(void)snprintf(
		ret, ret_size, "%ld.%" PRIu64 ".%" PRIu32 ".session", (long)leader, start, uid);
}

/* `key = value` lines, as the INI reader takes them. */
static enum cosmo_err format_record(const struct session *session, char *ret, size_t ret_size)
{
	char service[65] = "";
	char tty[129] = "";
	char rhost[257] = "";
	char integration[2 * INTEGRATION_BYTES + 1] = "";
	int written = 0;

	log_filter(session->service, false, service, sizeof(service));
	log_filter(session->tty, false, tty, sizeof(tty));
	log_filter(session->rhost, false, rhost, sizeof(rhost));
	format_hex(session->integration, INTEGRATION_BYTES, integration);
	written = snprintf(ret, ret_size,
		"[session]\nuser = %s\nuid = %" PRIu32 "\nservice = %s\ntty = %s\nrhost = %s\n"
		"leader = %ld\nstart = %" PRIu64 "\nopened = %" PRId64 "\nintegration = %s\n",
		session->user, session->uid, service, tty, rhost, (long)session->leader,
		session->start, session->opened_s, integration);
	return written < 0 || (size_t)written >= ret_size ? COSMO_E_INVALID : COSMO_OK;
}

enum cosmo_err session_add(int run_fd, const struct session *session)
{
	char name[96] = "";
	char record[MAX_FILE_BYTES] = "";
	COSMO_AUTO_FD int folder_fd = -1;
	enum cosmo_err err = COSMO_OK;

	if (!login_name_is_valid(session->user, true) || session->leader <= 0)
		return COSMO_E_INVALID;
	err = format_record(session, record, sizeof(record));
	if (err)
		return err;
	err = folder_ensure(run_fd, FOLDER, &folder_fd);
	if (err)
		return err;
	format_name(session->leader, session->start, session->uid, name, sizeof(name));
	return fdio_replace_file(folder_fd, name, record, strlen(record), 0600);
}

enum cosmo_err session_remove(int run_fd, pid_t leader, uint64_t start, uint32_t uid)
{
	char name[96] = "";
	COSMO_AUTO_FD int folder_fd = -1;
	enum cosmo_err err = folder_ensure(run_fd, FOLDER, &folder_fd);

	if (err)
		return err;
	format_name(leader, start, uid, name, sizeof(name));
	if (unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT)
		return COSMO_E_IO;
	return COSMO_OK;
}
