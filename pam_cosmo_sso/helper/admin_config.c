/* SPDX-License-Identifier: MIT */
/* check-config, apply and boot. */
#include <fcntl.h>
#include <stdio.h>

#include "common/base/fdio.h"
#include "common/base/local_names.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/disconnect.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/local_groups.h"
#include "paths.h"

#define RULES_TIMEOUT_MS 30000
#define BOOT_REVOKE_MS   3000

static unsigned int line_of_rule(const struct config *config, const char *text)
{
	for (size_t i = 0; i < config->rule_count; i++)
		if (streq(config->rules[i].text, text))
			return config->rules[i].line;
	return 0;
}

static enum cosmo_err check_rules(
	struct admin *admin, const struct config *config, const char *path)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	COSMO_AUTO(message_free) struct message *question = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_RULES, &question);

	if (err)
		return err;
	judge_put_claims(question, config);
	err = judge_start(config, &judge);
	if (!err)
		err = judge_ask(judge, question);
	while (!err) {
		COSMO_AUTO(message_free) struct message *answer = NULL;
		const char *rule = NULL;

		err = judge_next(judge, fdio_boot_ms() + RULES_TIMEOUT_MS, &answer);
		if (err || message_type(answer) != MESSAGE_JUDGE_MATCH)
			break;
		rule = message_str(answer, FIELD_RULE);
		if (rule && message_has(answer, FIELD_ERR) && !admin->detail[0])
			snprintf(admin->detail, sizeof(admin->detail), "%s:%u: rule \"%s\": %s",
				path, line_of_rule(config, rule), rule,
				message_str(answer, FIELD_DETAIL)
					? message_str(answer, FIELD_DETAIL)
					: "not valid");
	}
	if (err && !admin->detail[0] && judge_detail(judge))
		snprintf(admin->detail, sizeof(admin->detail), "%s", judge_detail(judge));
	return err;
}

/* By number what config_parse() has checked by name. */
static enum cosmo_err check_groups(
	struct admin *admin, const struct config *config, const char *path)
{
	struct config_problem problem = {0};
	enum cosmo_err err = local_groups_check(config, LOCAL_GROUP_FILE, &problem);

	if (err == COSMO_E_CONFIG && problem.line)
		snprintf(admin->detail, sizeof(admin->detail), "%s:%u: %s", path, problem.line,
			problem.text);
	else if (err == COSMO_E_CONFIG)
		snprintf(admin->detail, sizeof(admin->detail), "%s: %s", path, problem.text);
	return err;
}

/* Where nothing else gives it, viewer is what remains. */
static bool is_given(const struct config *config, const struct config_role *role)
{
	bool falls_to_all = !config->no_match_deny || config->no_claim_viewer;

	return config_role_has_rule(config, role->name) ||
	       (role == &config->roles[0] && falls_to_all);
}

static enum cosmo_err warn_of_roles(struct admin *admin, const struct config *config)
{
	enum cosmo_err err = COSMO_OK;

	if (config->rule_count == 0)
		return COSMO_OK; /* not connected yet: no role is given */
	for (size_t i = 0; i < config->role_count && !err; i++)
		if (!is_given(config, &config->roles[i]))
			err = admin_progress(admin, "no rule gives the role %s: nobody has it",
				config->roles[i].name);
	return err;
}

static enum cosmo_err warn_of_groups(struct admin *admin, const struct config_role *role)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < role->local_groups.count && !err; i++) {
		const char *group = role->local_groups.items[i];

		if (local_groups_gid(LOCAL_GROUP_FILE, group) == 0)
			err = admin_progress(admin,
				"the role %s names the local group %s, which this host does not have: "
				"nobody gets it",
				role->name, group);
	}
	return err;
}

enum cosmo_err admin_warn(struct admin *admin, const struct config *config)
{
	enum cosmo_err err = warn_of_roles(admin, config);

	for (size_t i = 0; i < config->role_count && !err; i++)
		err = warn_of_groups(admin, &config->roles[i]);
	return err;
}

enum cosmo_err admin_check(struct admin *admin, const struct config *config, const char *path)
{
	enum cosmo_err err = check_groups(admin, config, path);

	return err || config->rule_count == 0 ? err : check_rules(admin, config, path);
}

static const char *requested_path(const struct admin *admin)
{
	const char *path = message_str(admin->request, FIELD_PATH);

	return path ? path : COSMO_CONF_FILE;
}

/* The text given with the request, or the file in its place. */
static enum cosmo_err requested_config(struct admin *admin, struct config **ret)
{
	struct config_problem problem = {0};
	size_t len = 0;
	const char *text = message_bytes(admin->request, FIELD_CONFIG, &len);
	enum cosmo_err err = COSMO_OK;

	if (!text)
		return admin_load_config(admin, ret);
	err = config_parse(text, len, ret, &problem);
	if (err && problem.text[0])
		snprintf(admin->detail, sizeof(admin->detail), "%s:%u: %s", requested_path(admin),
			problem.line, problem.text);
	return err;
}

enum cosmo_err admin_check_config(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	enum cosmo_err err = requested_config(admin, &config);

	if (!err)
		err = admin_check(admin, config, requested_path(admin));
	return err ? err : admin_warn(admin, config);
}

/* -1: leave the question whether sshd may see provisional entries as it was answered before. */
static int provisional_of(const struct message *request)
{
	if (!message_has(request, FIELD_SSHD_READY))
		return -1;
	return message_u64(request, FIELD_SSHD_READY, 0) ? 1 : 0;
}

/* Off is off, whatever the configuration has come to: it is what stands in users.db. */
static enum cosmo_err switch_provisional_off(struct admin *admin)
{
	enum cosmo_err err = store_lock(admin->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = commit_provisional_off(admin->store);
	store_unlock(admin->store);
	return err;
}

enum cosmo_err admin_apply(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	enum cosmo_err err = admin_load_config(admin, &config);

	if (!err)
		err = admin_check(admin, config, COSMO_CONF_FILE);
	if (err)
		return provisional_of(admin->request) == 0 ? switch_provisional_off(admin) : err;
	err = store_lock(admin->store, STORE_LOCK_MS);
	if (err)
		return err;
	err = commit_settings(admin->store, config, provisional_of(admin->request));
	store_unlock(admin->store);
	return err ? err : admin_warn(admin, config);
}

/* Sign-ins wait for this: the network, which may not be there yet, gets little time. */
static enum cosmo_err finish_disconnect(struct admin *admin, const struct config *config)
{
	const struct disconnect_order order = {
		.by = "cosmo-sso-boot",
		.config = config,
		.revoke_ms = BOOT_REVOKE_MS,
		.caller = admin->peer,
	};
	struct disconnect_report report = {0};
	bool any = false;
	enum cosmo_err err = disconnect_resume(admin->store, &order, &any, &report);

	admin_disconnect_done(admin, &report, err);
	return err;
}

/* A copied or restored host has an id of its own, which is not the one in its integration. */
static bool waits_for_adopt(struct store *store)
{
	uint64_t machine_hash = 0;

	return store_machine_hash(store, &machine_hash) == COSMO_OK &&
	       integration_check_machine(store) == COSMO_E_MACHINE;
}

/* That is how an image starts, and no fault of the boot's: whoever starts it has to know of it. */
static enum cosmo_err tell_waiting(struct admin *admin)
{
	return admin_progress(admin,
		"this host waits for `cosmo-ssoctl adopt`, for it is a copy of another, was restored, or its machine-id changed; until then single sign-on is off");
}

enum cosmo_err admin_boot(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	enum cosmo_err config_err = admin_load_config(admin, &config);
	enum cosmo_err err = store_lock(admin->store, STORE_LOCK_MS);

	if (err)
		return err;
	if (!config_err)
		config_err = commit_settings(admin->store, config, -1);
	err = integration_boot(admin->store);
	store_unlock(admin->store);
	if (err == COSMO_E_NOT_FOUND)
		err = COSMO_OK; /* never connected: nothing to open */
	if (!err)
		err = finish_disconnect(admin, config);
	err = err ? err : config_err;
	if ((!err || err == COSMO_E_MACHINE) && waits_for_adopt(admin->store))
		return tell_waiting(admin);
	return err;
}
