/* SPDX-License-Identifier: MIT */
/*
 * user explain: what would become of a person in each service at this moment, for doctor. The same
 * functions decide as when a module asks; nobody else is asked, and nothing is counted or stored.
 */
#include <stdio.h>

#include "common/base/fdio.h"
#include "common/base/local_names.h"
#include "common/base/parse.h"
#include "pam_cosmo_sso/helper/account.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/admission.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/policy.h"

/* Told of in any case; the others that the configuration names follow. */
static const char *const usual_services[] = {"sshd", "login", "sudo", "su"};

struct explaining {
	struct admin *admin;
	const char *user;
	struct config *config; /* NULL: it cannot be used */
	struct record *record; /* NULL: never enrolled, or damaged */
	enum cosmo_err record_err;
	struct gate_view gate; /* as it was found */
};

static void explaining_done(struct explaining *explaining)
{
	config_free(explaining->config);
	record_free(explaining->record);
}
COSMO_AUTO_DEFINE(struct explaining *, explaining_done);

struct verdict {
	const char *step;
	enum cosmo_err err;
	const char *service; /* NULL: it is about none */
	const char *detail;  /* NULL or "": none */
};

static enum cosmo_err verdict_item(const struct verdict *verdict, struct message **ret)
{
	enum cosmo_err err = message_new(MESSAGE_VERDICT_ITEM, ret);

	if (err)
		return err;
	message_put_str(*ret, FIELD_STEP_ID, verdict->step);
	message_put_err(*ret, verdict->err);
	message_put_str(*ret, FIELD_SERVICE, verdict->service);
	if (verdict->detail && verdict->detail[0])
		message_put_str(*ret, FIELD_DETAIL, verdict->detail);
	return COSMO_OK;
}

static enum cosmo_err send_verdict(struct explaining *explaining, const struct verdict *verdict)
{
	struct message *item = NULL;
	enum cosmo_err err = verdict_item(verdict, &item);

	return err ? err : admin_send(explaining->admin, item);
}

/* Whose the name is: of a local user, of nobody who could be one of ours, or free. */
static enum cosmo_err check_name(const struct explaining *explaining)
{
	bool is_local = false;
	enum cosmo_err err = COSMO_OK;

	if (!login_name_is_valid(explaining->user, true))
		return COSMO_E_NAME_FORM;
	if (explaining->record_err != COSMO_E_NOT_FOUND)
		return enrol_check_known_name(&enrol_default_files, explaining->user);
	err = local_names_has(LOCAL_PASSWD_FILE, explaining->user, &is_local);
	if (err || is_local)
		return err ? err : COSMO_E_NOT_OURS;
	if (!explaining->config)
		return COSMO_OK;
	if (!login_name_is_valid(explaining->user, explaining->config->keep_domains))
		return COSMO_E_NAME_FORM;
	return enrol_check_name(explaining->config, &enrol_default_files, explaining->user);
}

static enum cosmo_err send_gate(struct explaining *explaining)
{
	struct message *item = NULL;
	struct verdict verdict = {
		.step = "gate", .err = integration_check_machine(explaining->admin->store)};
	enum cosmo_err err = COSMO_OK;

	if (!verdict.err && explaining->gate.state != GATE_OPEN)
		verdict.err = COSMO_E_DISCONNECTED;
	err = verdict_item(&verdict, &item);
	if (err)
		return err;
	message_put_u64(item, FIELD_GATE, explaining->gate.state);
	return admin_send(explaining->admin, item);
}

/* What the person is shown to have, and which local groups come with that. */
static enum cosmo_err send_roles(struct explaining *explaining)
{
	const struct config *config = explaining->config;
	const struct effective_roles effective =
		policy_effective(config, explaining->record, &explaining->gate, fdio_now_s());
	const struct verdict verdict = {.step = "roles", .err = effective.reason};
	struct message *item = NULL;
	enum cosmo_err err = verdict_item(&verdict, &item);

	if (err)
		return err;
	for (size_t i = 0; i < config->role_count; i++)
		for (size_t k = 0; k < config->roles[i].local_groups.count; k++)
			if (effective.roles >> i & 1)
				message_put_str(
					item, FIELD_GROUP, config->roles[i].local_groups.items[k]);
	return admin_send(explaining->admin, item);
}

/* Words behind each other with @between between them; what does not fit is left out. */
static void add_word(char *text, size_t size, const char *between, const char *word)
{
	size_t len = strlen(text);

	(void)snprintf(text + len, size - len, "%s%s", len ? between : "", word);
}

/* Whom the service lets in. */
static void describe_access(
	const struct config *config, const struct config_service *service, char *ret, size_t size)
{
	switch (service->access) {
	case CONFIG_ACCESS_ROLES:
		for (size_t i = 0; i < config->role_count; i++)
			if (service->access_roles >> i & 1)
				add_word(ret, size, " or ", config->roles[i].name);
		return;
	case CONFIG_ACCESS_ANY:
		(void)snprintf(ret, size, "any confirmed role");
		return;
	case CONFIG_ACCESS_DENY:
		return;
	}
}

/* What cannot be decided by itself is told beside the decision. */
static void describe(const struct exchange *exchange, enum cosmo_err err, char *ret, size_t size)
{
	const struct config *config = exchange->config;

	ret[0] = '\0';
	if (err == COSMO_E_SERVICE && config)
		describe_access(config, &exchange->service, ret, size);
	else if (err == COSMO_E_ENROLL_OFF && config)
		(void)snprintf(
			ret, size, "%s", config->enroll == CONFIG_ENROLL_LISTED ? "listed" : "off");
	else if (exchange->line.detail)
		(void)snprintf(ret, size, "%s", exchange->line.detail);
}

/* As a module would ask. */
static enum cosmo_err make_request(
	const struct explaining *explaining, const char *service, struct message **ret)
{
	enum cosmo_err err = message_new(MESSAGE_SIGN_IN, ret);

	if (err)
		return err;
	message_put_str(*ret, FIELD_SERVICE, service);
	message_put_str(*ret, FIELD_USER, explaining->user);
	message_put_u64(*ret, FIELD_RUID, 0);
	/* Who may not enrol is then told from who is none of ours. */
	message_put_u64(*ret, FIELD_FROZEN_UID, 0);
	return COSMO_OK;
}

static enum cosmo_err send_decision(struct explaining *explaining, const char *service,
	const char *step, enum cosmo_err (*decide)(struct exchange *exchange))
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct exchange exchange = {.config = NULL};
	COSMO_AUTO(exchange_done) struct exchange *owned = &exchange;
	char detail[256] = "";
	struct verdict verdict = {.step = step, .service = service, .detail = detail};
	enum cosmo_err err = make_request(explaining, service, &request);

	if (err)
		return err;
	exchange_init(owned, explaining->admin->store, NULL, request, NULL);
	verdict.err = decide(owned);
	describe(owned, verdict.err, detail, sizeof(detail));
	return send_verdict(explaining, &verdict);
}

static enum cosmo_err send_first_methods(struct explaining *explaining, const char *name)
{
	struct config_service service = {.auth = CONFIG_AUTH_SKIP};
	char methods[256] = "";
	const struct verdict verdict = {.step = "first_method",
		.err = COSMO_E_FIRST_METHOD,
		.service = name,
		.detail = methods};

	config_service(explaining->config, name, &service);
	for (size_t i = 0; i < service.require_first.count; i++)
		add_word(methods, sizeof(methods), ", ", service.require_first.items[i]);
	return methods[0] ? send_verdict(explaining, &verdict) : COSMO_OK;
}

/* A key, cron or sudo that asks for nothing has the account phase alone. */
static enum cosmo_err send_service(struct explaining *explaining, const char *service)
{
	enum cosmo_err err = send_decision(explaining, service, "account", account_decide);

	if (!err)
		err = send_decision(explaining, service, "sign_in", admission_foresee);
	return err ? err : send_first_methods(explaining, service);
}

static bool is_usual(const char *service)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(usual_services); i++)
		if (streq(usual_services[i], service))
			return true;
	return false;
}

static enum cosmo_err send_services(struct explaining *explaining)
{
	const struct config *config = explaining->config;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(usual_services) && !err; i++)
		err = send_service(explaining, usual_services[i]);
	for (size_t i = 0; i < config->service_count && !err; i++)
		if (!is_usual(config->services[i].name))
			err = send_service(explaining, config->services[i].name);
	return err;
}

static enum cosmo_err send_record(struct explaining *explaining)
{
	struct verdict verdict = {.step = "record", .err = explaining->record_err};
	bool is_listed = false;

	if (explaining->record)
		return admin_send_user(explaining->admin, explaining->user, explaining->record);
	if (verdict.err == COSMO_E_NOT_FOUND)
		verdict.err = COSMO_E_NOT_ENROLLED;
	if (records_is_listed(explaining->admin->store, explaining->user, &is_listed) == COSMO_OK &&
		is_listed)
		verdict.detail = "listed";
	return send_verdict(explaining, &verdict);
}

/* Of a name of ours, or one that could become so. */
static enum cosmo_err explain_ours(struct explaining *explaining)
{
	enum cosmo_err err = send_gate(explaining);

	if (!err)
		err = send_record(explaining);
	if (!err && explaining->record && explaining->config)
		err = send_roles(explaining);
	if (!err && explaining->config)
		err = send_services(explaining);
	return err;
}

static enum cosmo_err explain(struct explaining *explaining)
{
	struct admin *admin = explaining->admin;
	struct verdict name = {.step = "name"};
	struct verdict config = {.step = "config"};
	enum cosmo_err err = COSMO_OK;

	explaining->record_err = COSMO_E_NOT_FOUND;
	if (login_name_is_valid(explaining->user, true))
		explaining->record_err =
			record_load(admin->store, explaining->user, &explaining->record);
	config.err = admin_load_config(admin, &explaining->config);
	config.detail = admin->detail;
	name.err = check_name(explaining);
	err = send_verdict(explaining, &name);
	if (!err && config.err)
		err = send_verdict(explaining, &config);
	/* What was found stands in the items; that it was looked for succeeded. */
	admin->detail[0] = '\0';
	return err || name.err ? err : explain_ours(explaining);
}

enum cosmo_err admin_user_explain(struct admin *admin)
{
	struct explaining explaining = {
		.admin = admin, .user = message_str(admin->request, FIELD_USER)};
	COSMO_AUTO(explaining_done) struct explaining *owned = &explaining;

	gate_read(store_gate(admin->store), &owned->gate);
	return explain(owned);
}
