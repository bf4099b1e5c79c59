/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/recent_marker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/parse.h"
#include "common/ini.h"

#define SECTION "recent"

static const char *const stages[] = {
#define STAGE_(symbol, word) [RECENT_##symbol] = (word),
	RECENT_STAGE_LIST(STAGE_)
#undef STAGE_
};

void recent_marker_free(struct recent_marker *marker)
{
	if (!marker)
		return;
	free(marker->subject);
	free(marker->roles);
	free(marker->acr);
	free(marker->amr);
	free(marker);
}

void recent_name_format(const struct recent_name *name, char ret[RECENT_NAME_BYTES])
{
	(void)snprintf(ret, RECENT_NAME_BYTES, "%s.%" PRIu32 ".%ld.%" PRIu64, stages[name->stage],
		name->uid, (long)name->pid, name->start);
}

static bool parse_stage(const char *word, enum recent_stage *ret)
{
	for (size_t i = 0; i < RECENT_STAGES; i++) {
		if (!word || !streq(word, stages[i]))
			continue;
		*ret = (enum recent_stage)i;
		return true;
	}
	return false;
}

bool recent_name_parse(const char *text, struct recent_name *ret)
{
	char copy[RECENT_NAME_BYTES] = "";
	char canonical[RECENT_NAME_BYTES] = "";
	char *cursor = NULL;
	const char *fields[3] = {NULL};
	uint64_t pid = 0;

	if (strlen(text) >= sizeof(copy))
		return false;
	(void)snprintf(copy, sizeof(copy), "%s", text);
	if (!parse_stage(strtok_r(copy, ".", &cursor), &ret->stage))
		return false;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(fields); i++) {
		fields[i] = strtok_r(NULL, ".", &cursor);
		if (!fields[i])
			return false;
	}
	if (parse_id(fields[0], 1, UINT32_MAX - 1, &ret->uid) ||
		parse_u64(fields[1], 1, INT32_MAX, &pid) ||
		parse_u64(fields[2], 0, UINT64_MAX, &ret->start))
		return false;
	ret->pid = (pid_t)pid;
	recent_name_format(ret, canonical);
	return streq(canonical, text);
}

enum seen_bit {
	SEEN_BOOT = 1U << 0,
	SEEN_INTEGRATION = 1U << 1,
	SEEN_SUBJECT = 1U << 2,
	SEEN_ROLES = 1U << 3,
	SEEN_SIGN_OUTS = 1U << 4,
	SEEN_SIGNED = 1U << 5,
	SEEN_AUTH_TIME = 1U << 6,
	SEEN_ACR = 1U << 7,
	SEEN_AMR = 1U << 8,
	SEEN_OPENED = 1U << 9,
	SEEN_OPENER = 1U << 10,
	SEEN_OPENER_START = 1U << 11,
	SEEN_TERMINAL = 1U << 12,
	SEEN_INODE = 1U << 13,
	SEEN_SESSION = 1U << 14,
	SEEN_END = 1U << 15,
};

#define SEEN_ALWAYS                                                                                \
	((unsigned int)SEEN_BOOT | SEEN_INTEGRATION | SEEN_SUBJECT | SEEN_ROLES | SEEN_SIGN_OUTS | \
		SEEN_SIGNED | SEEN_AUTH_TIME | SEEN_OPENED | SEEN_END)
#define SEEN_BOUND                                                                                 \
	((unsigned int)SEEN_OPENER | SEEN_OPENER_START | SEEN_TERMINAL | SEEN_INODE | SEEN_SESSION)

static const struct {
	const char *key;
	enum seen_bit bit;
} keys[] = {
	{"boot", SEEN_BOOT},
	{"integration", SEEN_INTEGRATION},
	{"subject", SEEN_SUBJECT},
	{"roles", SEEN_ROLES},
	{"sign_outs", SEEN_SIGN_OUTS},
	{"signed", SEEN_SIGNED},
	{"auth_time", SEEN_AUTH_TIME},
	{"acr", SEEN_ACR},
	{"amr", SEEN_AMR},
	{"opened", SEEN_OPENED},
	{"opener", SEEN_OPENER},
	{"opener_start", SEEN_OPENER_START},
	{"terminal", SEEN_TERMINAL},
	{"inode", SEEN_INODE},
	{"session", SEEN_SESSION},
	{"end", SEEN_END},
};

static enum cosmo_err take_pid(const char *value, pid_t *ret)
{
	uint64_t pid = 0;
	enum cosmo_err err = parse_u64(value, 0, INT32_MAX, &pid);

	*ret = (pid_t)pid;
	return err;
}

static enum cosmo_err take_session(const char *value, struct recent_place *place)
{
	if (!value[0] || strlen(value) >= sizeof(place->session))
		return COSMO_E_STORE_DAMAGED;
	memcpy(place->session, value, strlen(value) + 1);
	return COSMO_OK;
}

static enum cosmo_err take_value(struct recent_marker *marker, enum seen_bit bit, const char *value)
{
	switch (bit) {
	case SEEN_BOOT:
		return parse_hex(value, marker->boot, RECENT_BOOT_BYTES);
	case SEEN_INTEGRATION:
		return parse_hex(value, marker->integration, INTEGRATION_BYTES);
	case SEEN_SUBJECT:
		return record_text_get(value, &marker->subject);
	case SEEN_ROLES:
		return record_text_get(value, &marker->roles);
	case SEEN_SIGN_OUTS:
		return parse_id(value, 0, UINT32_MAX, &marker->sign_outs);
	case SEEN_SIGNED:
		return parse_i64(value, 0, INT64_MAX, &marker->signed_boot_ms);
	case SEEN_AUTH_TIME:
		return parse_i64(value, 0, INT64_MAX, &marker->auth_time_s);
	case SEEN_ACR:
		return record_text_get(value, &marker->acr);
	case SEEN_AMR:
		return record_text_get(value, &marker->amr);
	case SEEN_OPENED:
		return parse_i64(value, 0, INT64_MAX, &marker->opened_boot_ms);
	case SEEN_OPENER:
		return take_pid(value, &marker->opener);
	case SEEN_OPENER_START:
		return parse_u64(value, 0, UINT64_MAX, &marker->opener_start);
	case SEEN_TERMINAL:
		return parse_id(value, 1, UINT32_MAX, &marker->place.terminal);
	case SEEN_INODE:
		return parse_u64(value, 0, UINT64_MAX, &marker->place.inode);
	case SEEN_SESSION:
		return take_session(value, &marker->place);
	case SEEN_END:
		return COSMO_OK;
	}
	return COSMO_E_STORE_DAMAGED;
}

struct reading {
	struct recent_marker *marker;
	unsigned int seen;
};

/* Each key once, and nothing behind the end. */
static enum cosmo_err take_line(void *context, const struct ini_line *line)
{
	struct reading *reading = context;

	if (!streq(line->section, SECTION) || line->argument[0])
		return COSMO_E_STORE_DAMAGED;
	if (!line->key)
		return COSMO_OK;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(keys); i++) {
		if (!streq(line->key, keys[i].key))
			continue;
		if (reading->seen & ((unsigned int)keys[i].bit | SEEN_END))
			return COSMO_E_STORE_DAMAGED;
		reading->seen |= keys[i].bit;
		return take_value(reading->marker, keys[i].bit, line->value);
	}
	return COSMO_E_STORE_DAMAGED;
}

/* What belongs to its stage, no less and no more. */
static bool is_complete(const struct recent_name *name, unsigned int seen)
{
	unsigned int wanted = SEEN_ALWAYS | (name->stage == RECENT_BOUND ? SEEN_BOUND : 0U);

	return (seen & ~((unsigned int)SEEN_ACR | SEEN_AMR)) == wanted;
}

static enum cosmo_err parse(
	const char *text, size_t len, const struct recent_name *name, struct recent_marker *marker)
{
	struct reading reading = {.marker = marker};
	unsigned int line = 0;
	const char *problem = NULL;
	enum cosmo_err err = COSMO_E_STORE_DAMAGED;

	if (record_text_is_whole(text, len))
		err = ini_read(text, len, take_line, &reading, &line, &problem);
	if (err == COSMO_E_NOMEM)
		return err;
	if (err || !is_complete(name, reading.seen))
		return COSMO_E_STORE_DAMAGED;
	marker->name = *name;
	if (name->stage == RECENT_BOUND) {
		marker->place.leader = name->pid;
		marker->place.leader_start = name->start;
	}
	return COSMO_OK;
}

enum cosmo_err recent_marker_parse(
	const char *text, size_t len, const struct recent_name *name, struct recent_marker **ret)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = calloc(1, sizeof(*marker));
	enum cosmo_err err = marker ? parse(text, len, name, marker) : COSMO_E_NOMEM;

	if (!err)
		*ret = COSMO_STEAL(&marker);
	return err;
}

static void put_u64(struct record_text *text, const char *key, uint64_t value)
{
	char digits[24] = "";

	(void)snprintf(digits, sizeof(digits), "%" PRIu64, value);
	record_text_put(text, key, digits);
}

static void put_all(struct record_text *text, const struct recent_marker *marker)
{
	record_text_put_hex(text, "boot", marker->boot, RECENT_BOOT_BYTES);
	record_text_put_hex(text, "integration", marker->integration, INTEGRATION_BYTES);
	record_text_put(text, "subject", marker->subject);
	record_text_put(text, "roles", marker->roles);
	record_text_put_number(text, "sign_outs", marker->sign_outs);
	record_text_put_number(text, "signed", marker->signed_boot_ms);
	record_text_put_number(text, "auth_time", marker->auth_time_s);
	record_text_put(text, "acr", marker->acr);
	record_text_put(text, "amr", marker->amr);
	record_text_put_number(text, "opened", marker->opened_boot_ms);
	if (marker->name.stage != RECENT_BOUND)
		return;
	record_text_put_number(text, "opener", marker->opener);
	put_u64(text, "opener_start", marker->opener_start);
	record_text_put_number(text, "terminal", marker->place.terminal);
	put_u64(text, "inode", marker->place.inode);
	record_text_put(text, "session", marker->place.session);
}

enum cosmo_err recent_marker_format(const struct recent_marker *marker, struct record_text *ret)
{
	enum cosmo_err err = record_text_init(ret, SECTION, RECENT_MAX_BYTES);

	if (err)
		return err;
	put_all(ret, marker);
	return record_text_end(ret);
}

enum cosmo_err recent_roles(const struct record *record, char **ret)
{
	COSMO_AUTO(free) char *roles = strdup("");

	for (uint32_t i = 0; i < record->role_count && roles; i++) {
		char *more = NULL;

		if (asprintf(&more, "%s%s%s", roles, i ? "," : "", record->roles[i]) < 0)
			return COSMO_E_NOMEM;
		free(roles);
		roles = more;
	}
	if (!roles)
		return COSMO_E_NOMEM;
	*ret = COSMO_STEAL(&roles);
	return COSMO_OK;
}

bool recent_marker_fits(const struct recent_marker *marker, const struct record *record)
{
	COSMO_AUTO(free) char *roles = NULL;

	return record->uid == marker->name.uid && record->sign_outs == marker->sign_outs &&
	       record->reason == COSMO_OK &&
	       !(record->flags & (uint32_t)(USERS_DB_LOCKED | USERS_DB_REMOVED)) &&
	       memcmp(record->integration, marker->integration, INTEGRATION_BYTES) == 0 &&
	       streq(record->sub, marker->subject) && recent_roles(record, &roles) == COSMO_OK &&
	       streq(roles, marker->roles);
}
