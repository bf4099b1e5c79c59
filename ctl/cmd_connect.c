/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/gate.h"
#include "ctl/advice.h"
#include "ctl/ask.h"
#include "ctl/client_secret.h"
#include "ctl/command.h"
#include "ctl/connect_bindings.h"
#include "ctl/connect_config.h"
#include "ctl/connect_defaults.h"
#include "ctl/connect_dialog.h"
#include "ctl/connect_options.h"
#include "ctl/exit_code.h"
#include "ctl/login_test.h"
#include "ctl/output.h"
#include "ctl/roles_lint.h"
#include "ctl/status_share.h"
#include "paths.h"

struct connect {
	struct connect_options options;
	struct connect_dialog dialog; /* what options that were asked for point into */
	struct json_object *steps;
	struct json_object *share; /* NULL: there is nothing to share */
	struct json_object *bound; /* who is bound to another IdP; NULL: not known */
	char *last_issuer;         /* that it is, or was last, connected to; NULL: none is known */
	bool stands;               /* the host was connected before this command */
	bool is_same;              /* and just so */
	struct client_secret secret;
};

static void tell_step(void *context, const char *text)
{
	struct connect *connect = context;

	if (connect->options.json) {
		json_object_array_add(connect->steps, json_object_new_string(text));
		return;
	}
	printf("- ");
	output_text(text);
	putchar('\n');
	(void)fflush(stdout);
}

static void visit_progress(void *context, const struct message *item)
{
	struct connect *connect = context;
	const char *text = message_str(item, FIELD_TEXT);

	if (message_type(item) == MESSAGE_STATUS_ITEM)
		connect->is_same = true;
	if (message_type(item) == MESSAGE_PROGRESS && text)
		tell_step(connect, text);
}

/* A host that is connected has all it needs. Of a failure is told. */
static enum cosmo_err add_defaults(struct connect *connect, char **text)
{
	COSMO_AUTO(free) char *issuer = connect->stands ? NULL : connect_config_issuer(*text);
	const struct connect_defaults defaults = {.issuer = issuer,
		.last_issuer = connect->last_issuer,
		.tell = tell_step,
		.context = connect};

	return issuer ? connect_defaults_add(&defaults, text) : COSMO_OK;
}

static void visit_status(void *context, const struct message *item)
{
	struct connect *connect = context;
	const char *issuer = message_str(item, FIELD_ISSUER);

	if (message_type(item) != MESSAGE_STATUS_ITEM)
		return;
	connect->stands = message_u64(item, FIELD_GATE, 0) == GATE_OPEN;
	free(connect->last_issuer);
	connect->last_issuer = issuer ? strdup(issuer) : NULL;
}

/* Is the host connected? Then nothing is worth a question: no new integration is made. */
static enum cosmo_err look(struct connect *connect)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(MESSAGE_CTL_STATUS, &request);

	return err ? err : ask_simple(request, visit_status, connect);
}

static void print_json(struct connect *connect, bool good)
{
	struct json_object *object = json_object_new_object();

	/* As it is now, whatever became of the question. */
	json_object_object_add(object, "connected",
		json_object_new_boolean(connect->stands || (good && !connect->options.dry_run)));
	json_object_object_add(
		object, "dry_run", json_object_new_boolean(connect->options.dry_run));
	json_object_object_add(object, "already", json_object_new_boolean(connect->is_same));
	json_object_object_add(object, "steps", json_object_get(connect->steps));
	json_object_object_add(object, "share", json_object_get(connect->share));
	json_object_object_add(object, "rebind_needed", json_object_get(connect->bound));
	output_json_failure(object);
	output_json(object);
}

static void visit_share(void *context, const struct message *item)
{
	struct connect *connect = context;

	if (message_type(item) != MESSAGE_STATUS_ITEM)
		return;
	if (connect->options.json)
		connect->share = status_share_json(item);
	else
		status_share_print(item);
}

/* As the host is now, whoever may have changed it since. What is wrong with the question has been
 * said, and does not make the host less connected. */
static void share(struct connect *connect)
{
	COSMO_AUTO(message_free) struct message *request = NULL;

	if (ask_new(MESSAGE_CTL_STATUS, &request) == COSMO_OK)
		(void)!ask_simple(request, visit_share, connect);
}

/* Whoever was asked questions is there to sign in. The host is connected whatever comes of it. */
static void offer_sign_in(const struct connect *connect)
{
	const struct login_test_options options = {.dry_run = false};

	if (!connect->dialog.is_over || connect->is_same || !connect_dialog_wants_sign_in())
		return;
	if (login_test_run(&options))
		output_error("the host is connected all the same; `cosmo-ssoctl login-test` tries "
			     "this again, and `cosmo-ssoctl doctor` looks for what is wrong");
}

static void conclude(struct connect *connect, enum cosmo_err err)
{
	bool json = connect->options.json;

	if (err)
		output_error("nothing was changed");
	else if (!json && connect->options.dry_run)
		puts(connect->stands
				? "All checks passed; nothing was changed. This host is connected: "
				  "`cosmo-ssoctl disconnect` comes before it can be connected anew."
				: "All checks passed; nothing was changed.");
	else if (!json && connect->is_same)
		puts("Connected already; nothing was changed. Settings that were edited take effect "
		     "by `cosmo-ssoctl apply`.");
	else if (!json)
		puts("Connected. Next: `cosmo-ssoctl enable nss sshd login sudo su cron atd polkit-1 "
		     "systemd-user` lets people sign in, and `cosmo-ssoctl login-test` shows what comes of "
		     "it. Then sign in once yourself, from elsewhere, and leave this shell open meanwhile.");
	if (!err && !connect->options.dry_run)
		share(connect);
	if (json)
		print_json(connect, !err);
	else if (!err && !connect->options.dry_run)
		offer_sign_in(connect);
}

/* What the provider's own pages call it. */
static void advise(enum cosmo_err err, const char *text)
{
	COSMO_AUTO(free) char *issuer = err ? connect_config_issuer(text) : NULL;
	const char *more = issuer ? advice_at(err, issuer) : NULL;

	if (more)
		output_error("%s", more);
}

static void hint(struct connect *connect, const char *text)
{
	char step[256] = "";

	if (roles_lint_hint(text, step, sizeof(step)))
		tell_step(connect, step);
}

static enum cosmo_err ask_to_connect(struct connect *connect)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(free) char *text = NULL;
	enum cosmo_err err = connect_config_make(&connect->options, &text);

	if (!err)
		err = add_defaults(connect, &text);
	if (!err)
		err = ask_new(MESSAGE_CTL_CONNECT, &request);
	if (err)
		return err;
	message_put_bytes(request, FIELD_CONFIG, text, strlen(text));
	message_put_u64(request, FIELD_DRY_RUN, connect->options.dry_run);
	message_put_u64(request, FIELD_STANDING, connect->stands);
	err = ask_simple(request, visit_progress, connect);
	advise(err, text);
	if (!err)
		hint(connect, text);
	return err;
}

static enum cosmo_err confirm_bindings(struct connect *connect)
{
	COSMO_AUTO(free) char *text = NULL;
	COSMO_AUTO(free) char *issuer = NULL;
	struct connect_bindings bindings = {
		.json = connect->options.json,
		.dry_run = connect->options.dry_run,
		.yes = connect->options.yes,
	};
	enum cosmo_err err = connect_config_make(&connect->options, &text);

	if (!err)
		issuer = connect_config_issuer(text);
	bindings.issuer = issuer;
	return issuer ? connect_bindings_confirm(&bindings, &connect->bound) : err;
}

/* With a file that is wrong in itself no answer helps: the helper will say what it is. */
static enum cosmo_err complete(const struct command *self, struct connect *connect)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	COSMO_AUTO(free) char *text = NULL;
	struct config_problem problem = {0};
	struct connect_lack lack = {0};
	char options[256] = "";
	enum cosmo_err err = connect_config_make(&connect->options, &text);

	if (err)
		return err;
	connect_config_lack(text, &connect->options, &lack);
	if (!connect_config_is_lacking(&lack) ||
		connect_config_check(&connect->options, &config, &problem))
		return COSMO_OK;
	connect->dialog.secret = &connect->secret;
	if (connect_dialog_is_possible(&connect->options))
		return connect_dialog_run(&connect->dialog, &lack, &connect->options);
	connect_dialog_name_lack(&lack, options, sizeof(options));
	command_usage_error(self, "say %s, or set it in %s", options, COSMO_CONF_FILE);
	return COSMO_E_INVALID;
}

static enum cosmo_err take_secret(struct connect *connect)
{
	struct client_secret *secret = &connect->secret;
	enum cosmo_err err = secret->len > 0 ? COSMO_OK : client_secret_ask(secret);

	if (err == COSMO_E_CANCELLED)
		output_failure(err, "The client secret was not given.", NULL);
	if (!err)
		err = client_secret_store(COSMO_CONF_DIR, secret);
	connect->options.client_secret_file = secret->path;
	return err;
}

static enum cosmo_err prepare(const struct command *self, struct connect *connect)
{
	enum cosmo_err err = look(connect);
	bool is_new = !connect->stands || connect->options.dry_run;

	if (!err && is_new)
		err = complete(self, connect);
	if (!err && is_new)
		err = confirm_bindings(connect);
	if (!err && connect->options.client_secret)
		err = take_secret(connect);
	return err;
}

static int connect_host(const struct command *self, struct connect *connect)
{
	enum cosmo_err err = prepare(self, connect);

	if (!err)
		err = ask_to_connect(connect);
	if (err || connect->options.dry_run)
		client_secret_drop(&connect->secret);
	conclude(connect, err);
	return (int)exit_code_of(err);
}

static int run(const struct command *self, int argc, char **argv)
{
	struct connect connect = {0};
	int code = EXIT_CODE_USAGE;

	if (!connect_options_read(self, argc, argv, &connect.options))
		return code;
	advice_want_options();
	connect.steps = json_object_new_array();
	code = connect_host(self, &connect);
	json_object_put(connect.steps);
	json_object_put(connect.share);
	json_object_put(connect.bound);
	free(connect.last_issuer);
	return code;
}

const struct command command_connect = {
	.name = "connect",
	.arguments = "[--issuer URL] [--client-id ID] [--rule ROLE=VALUE]... [OPTION...]",
	.summary = "Check the Identity Provider live and connect this host to it",
	.help = "  --issuer URL                the provider's issuer, as its discovery document names it\n"
		"  --client-id ID              the client registered there for this host\n"
		"  --client-secret             ask for the client's secret on the terminal, unseen, and keep it in a\n"
		"                              file of root's in " COSMO_CONF_DIR "\n"
		"  --client-secret-file FILE   the client's secret, if it has one (root's, mode 0600)\n"
		"  --ca-file FILE              trust only these CA certificates (PEM)\n"
		"  --proxy URL                 reach the provider through this proxy\n"
		"  --claim NAME                the claim that holds groups or roles (default ssoGroups)\n"
		"  --username-claim NAME       the claim that holds the login name (default preferred_username)\n"
		"  --scopes LIST               what to ask for (default \"openid profile\")\n"
		"  --rule ROLE=VALUE           who gets which role: an exact value, or ~PATTERN for a regular\n"
		"                              expression over the whole value; repeat it; replaces old rules\n"
		"  --dry-run                   check everything, change nothing\n"
		"  --json                      print one JSON object: connected, dry_run, already, steps, share,\n"
		"                              rebind_needed, error, message, detail\n"
		"  --yes                       do not ask about names bound to persons of another provider, nor\n"
		"                              anything else\n\n"
		"What is not given is taken from " COSMO_CONF_FILE ". If issuer, client or rules\n"
		"stand nowhere, a terminal is asked for them, and for secret and claim; without one that is an\n"
		"error (exit code 2). With Entra ID, Google and zitadel.cloud, what stands nowhere is set as it\n"
		"has to be there, and shown. With Google, [roles] no_match and no_claim have to be deny: any other\n"
		"value is refused. A host that is connected already stays as it is; `cosmo-ssoctl apply` changes\n"
		"settings, `disconnect` comes first otherwise.\n"
		"Exit code 3: the provider could not be asked; 4: provider or configuration have to be changed.\n"
		"Nothing is changed then.\n",
	.run = run,
};
