/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/exchange.h"

#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "paths.h"

void exchange_init(struct exchange *exchange, struct store *store, struct dialogue *dialogue,
	const struct message *request, const struct caller_process *caller)
{
	*exchange = (struct exchange){
		.store = store,
		.dialogue = dialogue,
		.request = request,
		.caller = caller,
		.user = message_str(request, FIELD_USER),
		.line = {.user = message_str(request, FIELD_USER),
			.service = message_str(request, FIELD_SERVICE),
			.rhost = message_str(request, FIELD_RHOST),
			.tty = message_str(request, FIELD_TTY),
			.ruid = (uint32_t)message_u64(request, FIELD_RUID, UINT32_MAX)},
	};
	source_read(exchange->line.rhost, exchange->line.ruid, &exchange->source);
	exchange->has_salt = salt_load(store_run_fd(store), &exchange->salt) == COSMO_OK;
	exchange->line.salt = exchange->has_salt ? &exchange->salt : NULL;
}

void exchange_done(struct exchange *exchange)
{
	if (!exchange)
		return;
	config_free(exchange->config);
	exchange->config = NULL;
}

static void note_problem(struct exchange *exchange, const struct config_problem *problem)
{
	char text[sizeof(exchange->detail)] = "";

	if (problem->line)
		(void)snprintf(text, sizeof(text), "%s:%u: %s", COSMO_CONF_FILE, problem->line,
			problem->text);
	else
		(void)snprintf(text, sizeof(text), "%s: %s", COSMO_CONF_FILE, problem->text);
	exchange_note_detail(exchange, text);
}

enum cosmo_err exchange_configure(struct exchange *exchange)
{
	struct config_problem problem = {0};
	enum cosmo_err err = config_load(COSMO_CONF_FILE, &exchange->config, &problem);

	if (err == COSMO_E_NOMEM)
		return err;
	if (err) {
		if (problem.text[0] == '\0')
			(void)snprintf(problem.text, sizeof(problem.text), "%s", cosmo_err_id(err));
		note_problem(exchange, &problem);
		return COSMO_E_CONFIG;
	}
	config_service(exchange->config, exchange->line.service, &exchange->service);
	return COSMO_OK;
}

enum cosmo_err exchange_find_record(struct exchange *exchange, struct record **ret)
{
	struct record *record = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!login_name_is_valid(exchange->user, true))
		return COSMO_E_NOT_OURS;
	err = record_load(exchange->store, exchange->user, &record);
	if (err && err != COSMO_E_NOT_FOUND)
		return err;
	if (record) {
		exchange->line.user_known = true;
		exchange_note_uid(exchange, record->uid);
	}
	*ret = record;
	return COSMO_OK;
}

void exchange_note_detail(struct exchange *exchange, const char *detail)
{
	if (!detail)
		return;
	(void)snprintf(exchange->detail, sizeof(exchange->detail), "%s", detail);
	exchange->line.detail = exchange->detail;
}

void exchange_note_budget(struct exchange *exchange, int64_t retry_s, const char *detail)
{
	exchange->retry_s = retry_s;
	exchange_note_detail(exchange, detail[0] ? detail : NULL);
}

void exchange_note_roles(struct exchange *exchange, uint64_t roles)
{
	size_t used = 0;

	for (size_t i = 0; i < exchange->config->role_count; i++) {
		size_t left = sizeof(exchange->roles) - used;
		int written = 0;

		if (!(roles & (1ULL << i)))
			continue;
		written = snprintf(exchange->roles + used, left, "%s%s", used ? "," : "",
			exchange->config->roles[i].name);
		if (written < 0 || (size_t)written >= left)
			break;
		used += (size_t)written;
	}
	exchange->roles[used] = '\0';
	exchange->line.roles = exchange->roles;
}

void exchange_note_approver(struct exchange *exchange, const char *username)
{
	(void)snprintf(exchange->approver, sizeof(exchange->approver), "%s", username);
	exchange->line.approved_by = exchange->approver;
}

void exchange_note_subject(struct exchange *exchange, const char *sub)
{
	(void)snprintf(exchange->subject, sizeof(exchange->subject), "%s", sub);
	exchange->line.subject = exchange->subject;
}

void exchange_note_uid(struct exchange *exchange, uint32_t uid)
{
	exchange->line.uid = uid;
	exchange->line.has_uid = true;
}

void exchange_log(struct exchange *exchange, enum audit_event event, enum cosmo_err reason)
{
	exchange->line.event = event;
	exchange->line.reason = reason;
	audit_send(&exchange->line);
}
