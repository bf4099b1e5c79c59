/* SPDX-License-Identifier: MIT */
/* login-test: a sign-in of whoever approves it, at the administrator's terminal: the same question,
 * the same decision and the same commit as at a door, and no session behind it. */
#include <stdio.h>
#include <string.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/decision.h"
#include "pam_cosmo_sso/helper/login_report.h"
#include "pam_cosmo_sso/helper/sign_in_ask.h"
#include "pam_cosmo_sso/helper/unused_token.h"

/* Nobody's LoginGraceTime ends here: as long as the services do that have no limit of their own. */
#define LOGIN_TEST_S ((int64_t)300)

#define REVOKE_MS ((int64_t)10 * 1000)

/* More values and matches than an ID token has room for, with rules that mean something. */
#define MAX_MATCHES ((size_t)100000)

struct login_test {
	struct admin *admin;
	struct exchange exchange;
	struct admission began; /* nothing is counted and nobody is replaced: root asks */
	char name[COSMO_MAX_NAME_BYTES + 1]; /* of the person, once it is known */
	bool is_dry;
	bool as_if_connected;
};

static void login_test_done(struct login_test *test)
{
	exchange_done(&test->exchange);
}
COSMO_AUTO_DEFINE(struct login_test *, login_test_done);

/* Who asks is root, at this host. */
static void login_test_init(struct login_test *test, struct admin *admin)
{
	struct exchange *exchange = &test->exchange;

	test->admin = admin;
	test->is_dry = message_u64(admin->request, FIELD_DRY_RUN, 0) != 0;
	exchange_init(exchange, admin->store, admin->dialogue, admin->request, NULL);
	exchange->line.ruid = 0;
	exchange->line.by = admin->by;
	if (!exchange->line.service)
		exchange->line.service = "sshd"; /* until the configuration is read */
	source_read(NULL, 0, &exchange->source);
}

static enum cosmo_err refuse_unconnected(struct login_test *test, enum cosmo_err err)
{
	test->admin->text = "This host is not connected as its configuration says.";
	exchange_note_detail(&test->exchange,
		config_is_connected(test->exchange.config)
			? "run `cosmo-ssoctl connect`; `cosmo-ssoctl login-test --dry-run` tries the configuration as it is, and writes nothing"
			: "its configuration names no issuer; run `cosmo-ssoctl connect`");
	return err;
}

/* A dry run needs no integration: what the configuration says is tried as if there were one. */
static enum cosmo_err check_connected(struct login_test *test)
{
	struct exchange *exchange = &test->exchange;
	enum cosmo_err err = admission_check_integration(exchange, test->began.began);

	if (!err || (err != COSMO_E_DISCONNECTED && err != COSMO_E_INTEGRATION_CHANGED &&
			    err != COSMO_E_CONFIG))
		return err;
	if (!test->is_dry || !config_is_connected(exchange->config))
		return refuse_unconnected(test, err);
	test->as_if_connected = true;
	exchange->line.detail = NULL;
	return admin_progress(test->admin,
		"this host is not connected as its configuration says; what follows is as it would be after `cosmo-ssoctl connect`");
}

/* As at the service asked for, or the first door that asks for sign-ins. */
static enum cosmo_err choose_service(struct login_test *test)
{
	struct exchange *exchange = &test->exchange;
	const char *wanted = message_str(test->admin->request, FIELD_SERVICE);
	const char *name = wanted ? wanted : login_report_default_service(exchange->config);
	enum cosmo_err err = name ? COSMO_OK : COSMO_E_SERVICE_OFF;

	if (err)
		return err;
	exchange->line.service = name;
	config_service(exchange->config, name, &exchange->service);
	err = admission_check_service(&exchange->service);
	exchange->service.deadline_s = LOGIN_TEST_S;
	if (err == COSMO_E_NOT_OURS)
		exchange_note_detail(
			exchange, "this service asks for no sign-in (auth = skip); name another");
	return err ? COSMO_E_SERVICE_OFF : COSMO_OK;
}

static enum cosmo_err relay_match(struct login_test *test, const struct message *match)
{
	struct message *item = NULL;
	enum cosmo_err err = message_new(MESSAGE_ROLES_ITEM, &item);

	if (err)
		return err;
	message_put_str(item, FIELD_RULE, message_str(match, FIELD_RULE));
	message_put_str(item, FIELD_CLAIM_VALUE, message_str(match, FIELD_CLAIM_VALUE));
	message_put_str(item, FIELD_DETAIL, message_str(match, FIELD_DETAIL));
	err = admin_send(test->admin, item);
	return err == COSMO_E_PEER_GONE ? COSMO_E_CANCELLED : err;
}

/* What the rules looked at goes on as it comes; *ret: what the judge says then. */
static enum cosmo_err wait_for_identity(struct login_test *test, struct judge *judge,
	int64_t deadline_boot_ms, struct message **ret)
{
	for (size_t matches = 0; matches < MAX_MATCHES; matches++) {
		enum cosmo_err err = judge_next(judge, deadline_boot_ms, ret);

		if (err)
			return err;
		if (message_type(*ret) != MESSAGE_JUDGE_MATCH)
			return COSMO_OK;
		err = relay_match(test, *ret);
		message_free(*ret);
		*ret = NULL;
		if (err)
			return err;
	}
	return COSMO_E_TOO_BIG;
}

/*
 * Whom the IdP names is whom this is a sign-in of. What an administrator does to a user while a
 * code waits at a door ends that sign-in; here it is not known before whose it is.
 */
static enum cosmo_err note_person(
	struct login_test *test, const struct identity *who, enum cosmo_err *ret_newcomer)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct exchange *exchange = &test->exchange;
	bool listed = false;
	enum cosmo_err err = COSMO_OK;

	(void)snprintf(test->name, sizeof(test->name), "%s", who->username);
	exchange->user = test->name;
	exchange->line.user = test->name;
	exchange->line.user_known = true;
	exchange_note_detail(exchange, who->detail);
	err = exchange_find_record(exchange, &record);
	if (err)
		return err;
	test->began.sign_outs = record ? record->sign_outs : 0;
	*ret_newcomer = record ? COSMO_OK : admission_check_newcomer(exchange, &listed);
	return COSMO_OK;
}

/* Is there a user, under whatever name, whose own token may be of the same grant? In doubt, yes. */
static bool is_user(struct login_test *test, const struct identity *who)
{
	char name[COSMO_MAX_NAME_BYTES + 1] = "";

	return records_find_subject(test->exchange.store, who->issuer, who->sub, name) !=
	       COSMO_E_NOT_FOUND;
}

/*
 * The IdP counts it as given out, though no lasting one was asked for; nobody here will use it.
 * Some IdPs end all that the person has given this client when one token of it is revoked.
 */
static enum cosmo_err give_token_back(
	struct login_test *test, const struct identity *who, const struct message *told)
{
	enum cosmo_err err = COSMO_OK;

	if (message_has(told, FIELD_REFRESH_TOKEN) && is_user(test, who))
		return admin_progress(test->admin,
			"the refresh token was thrown away, and not revoked, for the IdP might end this user's own with it");
	err = unused_token_revoke(test->exchange.config, told, REVOKE_MS);
	if (err == COSMO_E_NOT_FOUND)
		return admin_progress(test->admin, "the IdP gave no refresh token");
	if (err)
		return admin_progress(test->admin,
			"the refresh token was thrown away; the IdP did not revoke it (%s)",
			cosmo_err_id(err));
	return admin_progress(
		test->admin, "the refresh token was thrown away, and the IdP has revoked it");
}

static enum cosmo_err decide(struct login_test *test, const struct message *told)
{
	struct exchange *exchange = &test->exchange;
	struct identity who = {0};
	struct login_report report = {.admin = test->admin,
		.exchange = exchange,
		.began = &test->began,
		.who = &who,
		.as_if_connected = test->as_if_connected};
	enum cosmo_err outcome = COSMO_OK;
	enum cosmo_err err = identity_read(told, &who);

	if (!err)
		err = note_person(test, &who, &report.newcomer);
	/* Before its record is read for good: what is shown through us is in there by then. */
	if (!err)
		err = name_entry_ask(exchange->dialogue, test->name, &exchange->shown);
	if (err)
		return err;
	outcome = decision_preview(
		exchange, &test->began, &who, test->as_if_connected, &report.before);
	outcome = login_report_outcome(&report, outcome);
	if (!test->is_dry && !report.newcomer)
		outcome = decision_make(exchange, &test->began, &who);
	if (test->is_dry && report.before.roles)
		exchange_note_roles(exchange, report.before.roles);
	err = login_report_person(&report, outcome);
	if (!err)
		err = login_report_services(&report);
	if (!err && test->is_dry)
		err = give_token_back(test, &who, told);
	return outcome ? outcome : err;
}

static enum cosmo_err conclude(
	struct login_test *test, struct judge *judge, int64_t deadline_boot_ms)
{
	COSMO_AUTO(message_free) struct message *told = NULL;
	enum cosmo_err err = wait_for_identity(test, judge, deadline_boot_ms, &told);

	return err ? err : decide(test, told);
}

/* What a configuration that is only tried fetches vouches for nothing. */
static enum key_doubt manner_of(const struct login_test *test)
{
	if (test->as_if_connected)
		return KEY_DOUBT_ASK_ANEW;
	return key_doubt_now(store_cache_fd(test->exchange.store), fdio_now_s());
}

static enum cosmo_err converse(struct login_test *test)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	struct exchange *exchange = &test->exchange;
	int64_t deadline_boot_ms = fdio_boot_ms() + LOGIN_TEST_S * 1000;
	struct sign_in_manner manner = {
		.doubt = manner_of(test), .explains = true, .is_once = test->is_dry};
	bool asked = false;
	enum cosmo_err err = judge_start(exchange->config, &judge);

	if (err)
		return err;
	judge_watch(judge, exchange->dialogue->fd);
	err = sign_in_ask(exchange, judge, manner);
	if (!err)
		err = sign_in_show(exchange, judge, deadline_boot_ms, &asked);
	if (!err)
		err = conclude(test, judge, deadline_boot_ms);
	if (!test->is_dry)
		sign_in_learn(exchange, judge, manner.doubt, err);
	exchange_note_detail(exchange, judge_detail(judge));
	return err;
}

enum cosmo_err admin_login_test(struct admin *admin)
{
	struct login_test test = {.admin = NULL};
	COSMO_AUTO(login_test_done) struct login_test *owned = &test;
	struct exchange *exchange = &test.exchange;
	enum cosmo_err err = COSMO_OK;

	login_test_init(owned, admin);
	err = exchange_configure(exchange);
	if (!err)
		err = check_connected(owned);
	if (!err)
		err = choose_service(owned);
	if (!err)
		err = converse(owned);
	(void)snprintf(admin->detail, sizeof(admin->detail), "%s",
		exchange->line.detail ? exchange->line.detail : "");
	exchange_log(exchange, test.is_dry ? AUDIT_LOGIN_TEST_DRY : AUDIT_LOGIN_TEST, err);
	return err;
}
