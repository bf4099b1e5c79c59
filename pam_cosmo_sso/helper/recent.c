/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/recent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/process.h"
#include "pam_cosmo_sso/helper/recent_folder.h"
#include "pam_cosmo_sso/helper/recent_place.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* "01234567-89ab-...": 32 digits and four dashes. */
static enum cosmo_err read_boot(unsigned char ret[RECENT_BOOT_BYTES])
{
	char text[64] = "";
	char digits[2 * RECENT_BOOT_BYTES + 1] = "";
	size_t count = 0;
	COSMO_AUTO_FD int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	for (ssize_t i = 0; i < len && text[i] != '\n'; i++)
		if (text[i] != '-' && count < sizeof(digits) - 1)
			digits[count++] = text[i];
	return parse_hex(digits, ret, RECENT_BOOT_BYTES);
}

/* The longest time that any service takes a sign-in for recent; 0: none does. */
static int64_t longest_ms(const struct config *config)
{
	int64_t longest_s = 0;

	for (size_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		if (service->auth == CONFIG_AUTH_RECENT && service->recent_s > longest_s)
			longest_s = service->recent_s;
	}
	return longest_s * 1000;
}

static bool is_within(int64_t then_ms, int64_t now_ms, int64_t limit_ms)
{
	return then_ms <= now_ms && now_ms - then_ms <= limit_ms;
}

/* The words of @amr into @who, which borrows them. */
static void split_amr(char *amr, struct identity *who)
{
	char *cursor = NULL;

	for (char *word = strtok_r(amr, " ", &cursor); word && who->amr_count < IDENTITY_MAX_AMR;
		word = strtok_r(NULL, " ", &cursor))
		who->amr[who->amr_count++] = word;
}

static enum cosmo_err check_demands(
	const struct recent_marker *marker, const struct recent_case *question)
{
	COSMO_AUTO(free) char *amr = strdup(marker->amr ? marker->amr : "");
	struct identity who = {.acr = marker->acr, .auth_time_s = marker->auth_time_s};

	if (!amr)
		return COSMO_E_NOMEM;
	split_amr(amr, &who);
	return policy_demands(question->service, question->skew_s, &who, question->now_s);
}

enum cosmo_err recent_check(const struct recent_marker *marker, const struct recent_case *question)
{
	if (memcmp(marker->boot, question->boot, RECENT_BOOT_BYTES) != 0 ||
		memcmp(marker->integration, question->integration, INTEGRATION_BYTES) != 0)
		return COSMO_E_INTEGRATION_CHANGED;
	if (!is_within(marker->signed_boot_ms, question->now_boot_ms,
		    question->service->recent_s * 1000))
		return COSMO_E_LEASE_OVER;
	if (!recent_marker_fits(marker, question->record))
		return COSMO_E_SIGNED_OUT;
	return check_demands(marker, question);
}

/* One that was made at the terminal itself, or bound to it before. */
static enum cosmo_err load_bound(
	int run_fd, uint32_t uid, const struct recent_place *place, struct recent_marker **ret)
{
	const struct recent_name name = {
		.stage = RECENT_BOUND,
		.uid = uid,
		.pid = place->leader,
		.start = place->leader_start,
	};
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;
	enum cosmo_err err = recent_folder_load(run_fd, &name, &marker);

	if (err)
		return err;
	if (!recent_place_is(&marker->place, place) ||
		(marker->opener && !process_runs(marker->opener, marker->opener_start)))
		return COSMO_E_NOT_FOUND;
	*ret = COSMO_STEAL(&marker);
	return COSMO_OK;
}

/* Bound to the first terminal of its session that asks, and to no other ever after. */
static enum cosmo_err bind_opened(int run_fd, const struct recent_name *name,
	const struct recent_place *place, struct recent_marker **ret)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;
	struct recent_opener opener = {.pid = name->pid, .start = name->start, .uid = name->uid};
	enum cosmo_err err = recent_folder_load(run_fd, name, &marker);

	if (err)
		return err;
	opener.opened_boot_ms = marker->opened_boot_ms;
	err = recent_place_is_of(place, &opener);
	recent_marker_free(COSMO_STEAL(&marker));
	if (!err)
		err = recent_folder_take(run_fd, name, &marker);
	if (err)
		return err;
	marker->name = (struct recent_name){
		.stage = RECENT_BOUND,
		.uid = name->uid,
		.pid = place->leader,
		.start = place->leader_start,
	};
	marker->opener = name->pid;
	marker->opener_start = name->start;
	marker->place = *place;
	err = recent_folder_save(run_fd, marker);
	if (!err)
		*ret = COSMO_STEAL(&marker);
	return err;
}

static enum cosmo_err find_opened(
	int run_fd, uint32_t uid, const struct recent_place *place, struct recent_marker **ret)
{
	struct recent_opener openers[RECENT_MAX_OPENERS];
	enum cosmo_err err = recent_place_openers(place, openers);

	for (size_t i = 0; i < RECENT_MAX_OPENERS && !err && !*ret; i++) {
		const struct recent_name name = {
			.stage = RECENT_OPENED,
			.uid = uid,
			.pid = openers[i].pid,
			.start = openers[i].start,
		};

		if (name.pid > 0)
			err = bind_opened(run_fd, &name, place, ret);
		if (err == COSMO_E_NOT_FOUND)
			err = COSMO_OK;
	}
	return err || *ret ? err : COSMO_E_NOT_FOUND;
}

static enum cosmo_err find_marker(
	int run_fd, uint32_t uid, pid_t caller, struct recent_marker **ret)
{
	struct recent_place place = {0};
	enum cosmo_err err = recent_place_of(caller, uid, &place);

	if (err)
		return err;
	err = load_bound(run_fd, uid, &place, ret);
	return err ? find_opened(run_fd, uid, &place, ret) : COSMO_OK;
}

/* Roles that hold now, not those of the sign-in. */
static enum cosmo_err check_roles(const struct exchange *exchange, const struct record *record)
{
	struct gate_view gate = {0};

	gate_read(store_gate(exchange->store), &gate);
	return policy_account(exchange->config, &exchange->service, record, &gate, fdio_now_s());
}

bool recent_is_signed_in(
	struct exchange *exchange, const struct record *record, const unsigned char *began)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;
	unsigned char boot[RECENT_BOOT_BYTES] = {0};
	struct recent_case question = {
		.service = &exchange->service,
		.skew_s = exchange->config->skew_s,
		.record = record,
		.integration = began,
		.boot = boot,
		.now_s = fdio_now_s(),
		.now_boot_ms = fdio_boot_ms(),
	};
	int run_fd = store_run_fd(exchange->store);

	if (exchange->service.auth != CONFIG_AUTH_RECENT || read_boot(boot) != COSMO_OK ||
		find_marker(run_fd, record->uid, exchange->caller->pid, &marker) != COSMO_OK)
		return false;
	if (recent_check(marker, &question) != COSMO_OK ||
		check_roles(exchange, record) != COSMO_OK)
		return false;
	/* All that was read of the caller was read of the one who waits for the answer. */
	return caller_process_runs(exchange->caller);
}

struct sweep {
	int run_fd;
	int64_t longest_ms;
	int64_t now_boot_ms;
};

/* Of a process that has ended, or older than any service goes by. */
static enum cosmo_err sweep_one(void *context, const struct recent_name *name)
{
	const struct sweep *sweep = context;
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;

	if (process_runs(name->pid, name->start) &&
		recent_folder_load(sweep->run_fd, name, &marker) == COSMO_OK &&
		is_within(marker->signed_boot_ms, sweep->now_boot_ms, sweep->longest_ms))
		return COSMO_OK;
	return recent_folder_remove(sweep->run_fd, name);
}

/* A word with a blank inside is none that a service can demand, and would read as two. */
static enum cosmo_err join_amr(const struct identity *who, char **ret)
{
	COSMO_AUTO(free) char *amr = strdup("");

	for (size_t i = 0; i < who->amr_count && amr; i++) {
		char *more = NULL;

		if (who->amr[i][0] == '\0' || strpbrk(who->amr[i], " \t,"))
			continue;
		if (asprintf(&more, "%s%s%s", amr, amr[0] ? " " : "", who->amr[i]) < 0)
			return COSMO_E_NOMEM;
		free(amr);
		amr = more;
	}
	if (!amr)
		return COSMO_E_NOMEM;
	*ret = COSMO_STEAL(&amr);
	return COSMO_OK;
}

/* NULL stays NULL. */
static enum cosmo_err copy_text(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? COSMO_E_NOMEM : COSMO_OK;
}

/* What is known of the sign-in itself. */
static enum cosmo_err describe(
	const struct record *record, const struct identity *who, struct recent_marker *marker)
{
	enum cosmo_err err = read_boot(marker->boot);

	if (!err)
		err = copy_text(record->sub, &marker->subject);
	if (!err)
		err = recent_roles(record, &marker->roles);
	if (!err)
		err = join_amr(who, &marker->amr);
	if (!err)
		err = copy_text(who->acr, &marker->acr);
	marker->auth_time_s = who->auth_time_s > 0 ? who->auth_time_s : 0;
	marker->signed_boot_ms = fdio_boot_ms();
	return err;
}

/* At the terminal where it was made; else for whoever opens the session. */
static enum cosmo_err place_marker(
	const struct caller_process *caller, struct recent_marker *marker)
{
	struct recent_name *name = &marker->name;
	enum cosmo_err err = COSMO_OK;

	if (recent_place_of(caller->pid, name->uid, &marker->place) == COSMO_OK) {
		name->stage = RECENT_BOUND;
		name->pid = marker->place.leader;
		name->start = marker->place.leader_start;
	} else {
		name->stage = RECENT_PENDING;
		err = recent_opener_of(caller->pid, &name->pid, &name->start);
	}
	return !err && !caller_process_runs(caller) ? COSMO_E_NOT_FOUND : err;
}

static enum cosmo_err note(int run_fd, const struct record *record, const struct identity *who,
	struct recent_marker *marker, const struct caller_process *caller)
{
	enum cosmo_err err = describe(record, who, marker);

	marker->name.uid = record->uid;
	if (!err)
		err = place_marker(caller, marker);
	if (!err && !recent_marker_fits(marker, record))
		err = COSMO_E_SIGNED_OUT; /* somebody was quicker */
	return err ? err : recent_folder_save(run_fd, marker);
}

void recent_note(struct exchange *exchange, const struct identity *identity, uint32_t sign_outs,
	const unsigned char *began)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = calloc(1, sizeof(*marker));
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct sweep sweep = {
		.run_fd = store_run_fd(exchange->store),
		.longest_ms = longest_ms(exchange->config),
		.now_boot_ms = fdio_boot_ms(),
	};

	if (sweep.longest_ms == 0 || !marker)
		return;
	marker->sign_outs = sign_outs;
	memcpy(marker->integration, began, INTEGRATION_BYTES);
	if (recent_folder_each(sweep.run_fd, sweep_one, &sweep) == COSMO_OK &&
		record_load(exchange->store, exchange->user, &record) == COSMO_OK)
		(void)!note(sweep.run_fd, record, identity, marker, exchange->caller);
}

void recent_open(struct exchange *exchange, uint32_t uid, pid_t opener, uint64_t opener_start)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;
	unsigned char boot[RECENT_BOOT_BYTES] = {0};
	int run_fd = store_run_fd(exchange->store);
	const struct recent_name name = {
		.stage = RECENT_PENDING, .uid = uid, .pid = opener, .start = opener_start};

	if (recent_folder_take(run_fd, &name, &marker) != COSMO_OK || read_boot(boot) != COSMO_OK ||
		memcmp(boot, marker->boot, sizeof(boot)) != 0 ||
		!is_within(marker->signed_boot_ms, fdio_boot_ms(), RECENT_PENDING_MS))
		return;
	marker->name.stage = RECENT_OPENED;
	marker->opened_boot_ms = fdio_boot_ms();
	(void)!recent_folder_save(run_fd, marker);
}
