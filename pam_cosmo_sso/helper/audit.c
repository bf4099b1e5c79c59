/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#include "common/base/auto.h"
#include "common/base/fdio.h"
#include "common/base/log.h"

#define IDENT "cosmo-sso"

static const char *const ids[] = {
#define AUDIT_ID_(symbol, id) [AUDIT_##symbol] = (id),
	AUDIT_EVENT_LIST(AUDIT_ID_)
#undef AUDIT_ID_
};

const char *audit_event_id(enum audit_event event)
{
	return (size_t)event < COSMO_ARRAY_LEN(ids) ? ids[event] : "internal";
}

static void append_user(const struct audit_line *line, char *ret, size_t ret_size)
{
	char hash[17] = "";

	if (!line->user)
		return;
	if (line->user_known) {
		log_append(ret, ret_size, "user", line->user);
		return;
	}
	if (!line->salt)
		return;
	(void)snprintf(hash, sizeof(hash), "%016" PRIx64,
		salt_hash(line->salt, SALT_LOGGED_NAME, line->user));
	log_append(ret, ret_size, "name_hash", hash);
}

void audit_format(const struct audit_line *line, char *ret, size_t ret_size)
{
	char uid[16] = "";

	ret[0] = '\0';
	log_append(ret, ret_size, "event", audit_event_id(line->event));
	append_user(line, ret, ret_size);
	log_append(ret, ret_size, "reason", cosmo_err_id(line->reason));
	log_append(ret, ret_size, "service", line->service);
	log_append(ret, ret_size, "rhost", line->rhost);
	log_append(ret, ret_size, "tty", line->tty);
	if (line->has_uid) {
		(void)snprintf(uid, sizeof(uid), "%" PRIu32, line->uid);
		log_append(ret, ret_size, "uid", uid);
	}
	if (line->ruid) {
		(void)snprintf(uid, sizeof(uid), "%" PRIu32, line->ruid);
		log_append(ret, ret_size, "ruid", uid);
	}
	log_append(ret, ret_size, "roles", line->roles);
	log_append(ret, ret_size, "enrolled", line->enrolled ? "yes" : NULL);
	log_append(ret, ret_size, "approved_by", line->approved_by);
	log_append(ret, ret_size, "old_subject", line->old_subject);
	log_append(ret, ret_size, "subject", line->subject);
	log_append(ret, ret_size, "by", line->by);
	log_append(ret, ret_size, "refresh", line->refresh);
	log_append(ret, ret_size, "refresh_reason",
		line->refresh_reason ? cosmo_err_id(line->refresh_reason) : NULL);
	log_append(ret, ret_size, "step", line->step);
	log_append(ret, ret_size, "detail", line->detail);
}

static int priority_of(enum cosmo_err reason)
{
	switch (cosmo_err_class(reason)) {
	/* Not info: the helper's unit keeps systemd's own lines of that priority out of the log. */
	case COSMO_CLASS_OK:
	case COSMO_CLASS_NOT_OURS:
	case COSMO_CLASS_DENIED:
	case COSMO_CLASS_BUSY:
		return LOG_NOTICE;
	case COSMO_CLASS_UNREACHABLE:
		return LOG_WARNING;
	case COSMO_CLASS_MISCONFIGURED:
	case COSMO_CLASS_INTERNAL:
		return LOG_ERR;
	}
	return LOG_ERR;
}

/* Who withholds the log's reader from it must not hold up a sign-in, or the end of everybody's
 * sessions, line by line. This process has one thread and one exchange. */
static struct {
	int64_t wait_ms;
	unsigned int lost;
} state = {.wait_ms = AUDIT_WAIT_MS};

void audit_send(const struct audit_line *line)
{
	char text[AUDIT_MAX_LINE_BYTES] = "";
	int64_t began_boot_ms = fdio_boot_ms();

	audit_format(line, text, sizeof(text));
	state.lost += !log_send(IDENT, priority_of(line->reason), text, state.wait_ms);
	state.wait_ms -= fdio_boot_ms() - began_boot_ms;
}

unsigned int audit_lost(void)
{
	return state.lost;
}
