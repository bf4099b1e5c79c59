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
#include "common/ini.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/process.h"

#define FOLDER         "sessions"
#define SUFFIX         ".session"
#define MAX_FILE_BYTES 2048

static void format_id(pid_t leader, uint64_t start, uint32_t uid, char *ret, size_t ret_size)
{
	(void)snprintf(ret, ret_size, "%ld.%" PRIu64 ".%" PRIu32, (long)leader, start, uid);
}

static void format_name(pid_t leader, uint64_t start, uint32_t uid, char *ret, size_t ret_size)
{
	char id[SESSION_ID_BYTES] = "";

	format_id(leader, start, uid, id, sizeof(id));
	(void)snprintf(ret, ret_size, "%s" SUFFIX, id);
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
		"leader = %ld\nstart = %" PRIu64 "\nlogind = %s\nopened = %" PRId64
		"\nopened_boot = %" PRId64 "\nshared = %s\nintegration = %s\n",
		session->user, session->uid, service, tty, rhost, (long)session->leader,
		session->start, session->logind, session->opened_s, session->opened_boot_ms,
		session->shared ? "yes" : "no", integration);
	return written < 0 || (size_t)written >= ret_size ? COSMO_E_INVALID : COSMO_OK;
}

enum cosmo_err session_add(int run_fd, const struct session *session)
{
	char name[SESSION_ID_BYTES + sizeof(SUFFIX)] = "";
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

static enum cosmo_err remove_file(int folder_fd, const char *name)
{
	return unlinkat(folder_fd, name, 0) < 0 && errno != ENOENT ? COSMO_E_IO : COSMO_OK;
}

enum cosmo_err session_remove(int run_fd, pid_t leader, uint64_t start, uint32_t uid)
{
	char name[SESSION_ID_BYTES + sizeof(SUFFIX)] = "";
	COSMO_AUTO_FD int folder_fd = -1;
	enum cosmo_err err = folder_ensure(run_fd, FOLDER, &folder_fd);

	if (err)
		return err;
	format_name(leader, start, uid, name, sizeof(name));
	return remove_file(folder_fd, name);
}

/* What the file's name says: enough to end the session by. */
static bool parse_name(const char *name, struct session *ret)
{
	char text[SESSION_ID_BYTES] = "";
	char canonical[SESSION_ID_BYTES] = "";
	size_t len = strlen(name) < strlen(SUFFIX) ? 0 : strlen(name) - strlen(SUFFIX);
	char *cursor = NULL;
	const char *leader = NULL;
	const char *start = NULL;
	const char *uid = NULL;
	uint64_t pid = 0;

	if (len == 0 || len >= sizeof(text) || !streq(name + len, SUFFIX))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, name);
	memcpy(ret->id, text, sizeof(ret->id));
	leader = strtok_r(text, ".", &cursor);
	start = strtok_r(NULL, ".", &cursor);
	uid = strtok_r(NULL, ".", &cursor);
	if (!leader || !start || !uid || parse_u64(leader, 1, INT32_MAX, &pid) ||
		parse_u64(start, 0, UINT64_MAX, &ret->start) ||
		parse_id(uid, 1, UINT32_MAX - 1, &ret->uid))
		return false;
	ret->leader = (pid_t)pid;
	format_id(ret->leader, ret->start, ret->uid, canonical, sizeof(canonical));
	return streq(canonical, ret->id);
}

static enum cosmo_err copy(const char *value, char *ret, size_t ret_size)
{
	if (strlen(value) >= ret_size)
		return COSMO_E_FORMAT;
	memcpy(ret, value, strlen(value) + 1);
	return COSMO_OK;
}

static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	struct session *session = context;

	if (!line->key)
		return COSMO_OK;
	if (streq(line->key, "user"))
		return copy(line->value, session->user, sizeof(session->user));
	if (streq(line->key, "service"))
		return copy(line->value, session->service, sizeof(session->service));
	if (streq(line->key, "tty"))
		return copy(line->value, session->tty, sizeof(session->tty));
	if (streq(line->key, "rhost"))
		return copy(line->value, session->rhost, sizeof(session->rhost));
	if (streq(line->key, "logind"))
		return copy(line->value, session->logind, sizeof(session->logind));
	if (streq(line->key, "opened"))
		return parse_i64(line->value, 0, INT64_MAX, &session->opened_s);
	if (streq(line->key, "opened_boot"))
		return parse_i64(line->value, 0, INT64_MAX, &session->opened_boot_ms);
	if (streq(line->key, "shared"))
		return parse_bool(line->value, &session->shared);
	if (streq(line->key, "integration"))
		return parse_hex(line->value, session->integration, INTEGRATION_BYTES);
	return COSMO_OK; /* uid, leader and start: the file's name has them */
}

static enum cosmo_err read_record(int folder_fd, const char *name, struct session *session)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_FILE_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	const char *problem = NULL;
	unsigned int line = 0;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(folder_fd, name, &demands, &text, &len);

	if (!err)
		err = ini_read(text, len, take_line, session, &line, &problem);
	if (!err && (!login_name_is_valid(session->user, true) || !session->service[0]))
		err = COSMO_E_FORMAT;
	return err;
}

/* What logind says now counts: its own part of the PAM stack may have come after ours. */
static void find_logind(struct session *session)
{
	char now[SESSION_LOGIND_BYTES] = "";
	uint32_t uid = 0;

	if (logind_session_of(session->leader, now, &uid) == COSMO_OK && uid == session->uid)
		(void)snprintf(session->logind, sizeof(session->logind), "%s", now);
}

static enum cosmo_err visit_file(
	int folder_fd, const char *name, session_visitor visit, void *context)
{
	struct session bare = {0};
	struct session session = {0};
	enum cosmo_err err = COSMO_OK;

	if (!parse_name(name, &bare))
		return COSMO_OK;
	if (process_is_gone(bare.leader, bare.start))
		return remove_file(folder_fd, name);
	session = bare;
	err = read_record(folder_fd, name, &session);
	if (err == COSMO_E_NOT_FOUND)
		return COSMO_OK; /* closed just now */
	if (err) {
		session = bare;
		session.err = COSMO_E_STORE_DAMAGED;
	}
	find_logind(&session);
	return visit(context, &session);
}

enum cosmo_err session_each(int run_fd, session_visitor visit, void *context)
{
	COSMO_AUTO(folder_close) DIR *dir = NULL;
	COSMO_AUTO_FD int folder_fd = -1;
	const char *name = NULL;
	enum cosmo_err err = folder_ensure(run_fd, FOLDER, &folder_fd);

	if (!err)
		err = folder_open(folder_fd, &dir);
	if (!err)
		err = folder_next(dir, &name);
	while (!err && name) {
		err = visit_file(folder_fd, name, visit, context);
		if (!err)
			err = folder_next(dir, &name);
	}
	return err;
}
