/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/login_report.h"

/* The doors that administrators ask about first. */
static const char *const doors[] = {"sshd", "login", "sudo"};

const char *login_report_default_service(const struct config *config)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(doors); i++) {
		struct config_service service = {0};

		config_service(config, doors[i], &service);
		if (admission_check_service(&service) == COSMO_OK)
			return doors[i];
	}
	return NULL;
}

enum cosmo_err login_report_person(const struct login_report *report, enum cosmo_err outcome)
{
	const struct exchange *exchange = report->exchange;
	const struct identity *who = report->who;
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_LOGIN_ITEM, &item);

	if (err)
		return err;
	message_put_str(item, FIELD_USERNAME, who->username);
	message_put_str(item, FIELD_DISPLAY_NAME, who->display_name);
	message_put_str(item, FIELD_ISSUER, who->issuer);
	message_put_str(item, FIELD_SUB, who->sub);
	message_put_u64(item, FIELD_SUBJECT_STATE, (uint64_t)report->before.subject);
	if (report->before.has_uid)
		message_put_u64(item, FIELD_UID, report->before.uid);
	message_put_u64(item, FIELD_CLAIM_STATE, (uint64_t)who->claim);
	if (report->before.roles)
		admin_put_roles(item, exchange->config, report->before.roles);
	message_put_str(item, FIELD_SERVICE, exchange->line.service);
	message_put_err(item, outcome);
	message_put_str(item, FIELD_DETAIL, who->detail);
	return admin_send(report->admin, item);
}

/* Our own module leaves the name to other modules, before any helper is asked. */
static bool is_left_alone(enum subject_state subject)
{
	return subject == SUBJECT_LOCAL_USER || subject == SUBJECT_OTHER_SOURCE;
}

enum cosmo_err login_report_outcome(const struct login_report *report, enum cosmo_err decided)
{
	if (report->newcomer && !is_left_alone(report->before.subject))
		return report->newcomer == COSMO_E_NOT_OURS ? COSMO_E_ENROLL_OFF : report->newcomer;
	return decided;
}

/* What the sign-in and what the account phase would say. */
static void judge_service(const struct login_report *report, struct exchange *exchange,
	enum cosmo_err *ret_sign_in, enum cosmo_err *ret_account)
{
	struct decision_preview preview = {.account = COSMO_OK};
	enum cosmo_err decided = decision_preview(
		exchange, report->began, report->who, report->as_if_connected, &preview);
	enum cosmo_err asked = admission_check_service(&exchange->service);

	if (is_left_alone(preview.subject)) {
		*ret_sign_in = COSMO_E_NOT_OURS;
		*ret_account = COSMO_E_NOT_OURS;
		return;
	}
	if (!asked)
		asked = report->newcomer;
	*ret_sign_in = asked ? asked : decided;
	*ret_account = report->newcomer ? report->newcomer : preview.account;
}

static enum cosmo_err tell_service(const struct login_report *report, const char *name)
{
	struct exchange *exchange = report->exchange;
	const struct config_service own = exchange->service;
	enum cosmo_err sign_in = COSMO_OK;
	enum cosmo_err account = COSMO_OK;
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_SERVICE_ITEM, &item);

	if (err)
		return err;
	config_service(exchange->config, name, &exchange->service);
	judge_service(report, exchange, &sign_in, &account);
	message_put_str(item, FIELD_SERVICE, name);
	message_put_u64(item, FIELD_AUTH, (uint64_t)exchange->service.auth);
	message_put_err(item, sign_in);
	message_put_u64(item, FIELD_ACCOUNT_ERR, (uint64_t)account);
	exchange->service = own;
	return admin_send(report->admin, item);
}

enum cosmo_err login_report_services(const struct login_report *report)
{
	const char *own = report->exchange->line.service;
	bool is_told = false;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(doors) && !err; i++) {
		is_told = is_told || streq(doors[i], own);
		err = tell_service(report, doors[i]);
	}
	return err || is_told ? err : tell_service(report, own);
}
