/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/gate.h"
#include "common/config.h"
#include "ctl/advice.h"
#include "ctl/ask.h"
#include "ctl/client_secret.h"
#include "ctl/command.h"
#include "ctl/config_edit.h"
#include "ctl/connect_bindings.h"
#include "ctl/connect_defaults.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/status_share.h"
#include "paths.h"

struct connect_options {
	const char *issuer;
	const char *client_id;
	const char *client_secret_file;
	const char *ca_file;
	const char *proxy;
	const char *claim;
	const char *username_claim;
	const char *scopes;
	struct option_values rules;
	bool client_secret;
	bool dry_run;
	bool json;
	bool yes;
};

struct connect {
	struct connect_options options;
	struct json_object *steps;
	struct json_object *share; /* NULL: there is nothing to share */
	struct json_object *bound; /* who is bound to another IdP; NULL: not known */
	char *last_issuer;         /* that it is, or was last, connected to; NULL: none is known */
	bool stands;               /* the host was connected before this command */
	bool is_same;              /* and just so */
	struct client_secret secret;
};

static enum cosmo_err set_if_given(char **text, const char *key, const char *value)
{
	return value ? config_edit_set(text, "integration", key, value) : COSMO_OK;
}

/* The helper runs in another folder: files are named in full. */
static enum cosmo_err set_file(char **text, const char *key, const char *path)
{
	COSMO_AUTO(free) char *full = path ? realpath(path, NULL) : NULL;

	return set_if_given(text, key, full);
}

static enum cosmo_err set_integration(char **text, const struct connect_options *options)
{
	const struct {
		const char *key;
		const char *value;
	} settings[] = {
		{"issuer", options->issuer},
		{"client_id", options->client_id},
		{"proxy", options->proxy},
		{"claim", options->claim},
		{"username_claim", options->username_claim},
		{"scopes", options->scopes},
	};
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(settings) && !err; i++)
		err = set_if_given(text, settings[i].key, settings[i].value);
	if (!err)
		err = set_file(text, "client_secret_file", options->client_secret_file);
	if (!err)
		err = set_file(text, "ca_file", options->ca_file);
	return err;
}

static enum cosmo_err set_rules(char **text, const struct option_values *rules)
{
	enum cosmo_err err = rules->count ? config_edit_clear(text, "rules") : COSMO_OK;

	for (size_t i = 0; i < rules->count && !err; i++)
		err = config_edit_add(text, "rules", rules->items[i]);
	return err;
}

/* The configuration as it will be: what stands there, with the options of this command put in. */
static enum cosmo_err make_config(const struct connect_options *options, char **ret_text)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = CONFIG_MAX_BYTES};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(AT_FDCWD, COSMO_CONF_FILE, &demands, &text, &len);

	if (err == COSMO_E_NOT_FOUND)
		text = strdup("");
	else if (err)
		return err;
	if (!text)
		return COSMO_E_NOMEM;
	err = set_integration(&text, options);
	if (!err)
		err = set_rules(&text, &options->rules);
	if (!err)
		*ret_text = COSMO_STEAL(&text);
	return err;
}

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
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	struct connect_defaults defaults = {
		.last_issuer = connect->last_issuer, .tell = tell_step, .context = connect};

	if (connect->stands || config_parse(*text, strlen(*text), &config, &problem) ||
		!config->issuer)
		return COSMO_OK;
	defaults.issuer = config->issuer;
	return connect_defaults_add(&defaults, text);
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
		puts("Connected. Next: `cosmo-ssoctl enable nss sshd login sudo su` lets people sign in.");
	if (!err && !connect->options.dry_run)
		share(connect);
	if (json)
		print_json(connect, !err);
}

/* What the provider's own pages call it. */
static void advise(enum cosmo_err err, const char *text)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	const char *more = NULL;

	if (err && config_parse(text, strlen(text), &config, &problem) == COSMO_OK &&
		config->issuer)
		more = advice_at(err, config->issuer);
	if (more)
		output_error("%s", more);
}

static enum cosmo_err ask_to_connect(struct connect *connect)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(free) char *text = NULL;
	enum cosmo_err err = make_config(&connect->options, &text);

	if (err)
		output_failure(err, NULL, COSMO_CONF_FILE);
	else
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
	return err;
}

/* What is wrong with the configuration the helper will say. */
static enum cosmo_err confirm_bindings(struct connect *connect)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	COSMO_AUTO(free) char *text = NULL;
	struct config_problem problem = {0};
	struct connect_bindings bindings = {
		.json = connect->options.json,
		.dry_run = connect->options.dry_run,
		.yes = connect->options.yes,
	};

	if (make_config(&connect->options, &text) ||
		config_parse(text, strlen(text), &config, &problem) || !config->issuer)
		return COSMO_OK;
	bindings.issuer = config->issuer;
	return connect_bindings_confirm(&bindings, &connect->bound);
}

static int connect_host(struct connect *connect)
{
	enum cosmo_err err = look(connect);

	if (!err && (!connect->stands || connect->options.dry_run))
		err = confirm_bindings(connect);
	if (!err && connect->options.client_secret) {
		err = client_secret_ask(COSMO_CONF_DIR, &connect->secret);
		connect->options.client_secret_file = connect->secret.path;
	}
	if (!err)
		err = ask_to_connect(connect);
	if (err || connect->options.dry_run)
		client_secret_drop(&connect->secret);
	conclude(connect, err);
	return (int)exit_code_of(err);
}

/* A value becomes one line of the configuration, and stays one. */
static bool is_one_line(const char *value)
{
	for (; value && *value; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return false;
	return true;
}

static bool is_rule(const char *rule)
{
	return is_one_line(rule) && rule[0] >= 'a' && rule[0] <= 'z' && strchr(rule, '=');
}

/* What would write something else into the configuration than it says. */
static const char *problem_of(const struct connect_options *options)
{
	const char *const values[] = {options->issuer, options->client_id, options->proxy,
		options->claim, options->username_claim, options->scopes,
		options->client_secret_file, options->ca_file};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(values); i++)
		if (!is_one_line(values[i]) || (values[i] && !values[i][0]))
			return "a value is empty or has a control character";
	for (size_t i = 0; i < options->rules.count; i++)
		if (!is_rule(options->rules.items[i]))
			return "a rule reads role=claim-value or role=~pattern";
	if (options->client_secret && options->client_secret_file)
		return "--client-secret and --client-secret-file exclude each other";
	return NULL;
}

static bool has_file(const struct command *self, const char *path)
{
	if (!path || access(path, F_OK) == 0)
		return true;
	command_usage_error(self, "there is no file %s", path);
	return false;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct connect connect = {0};
	struct connect_options *options = &connect.options;
	const struct option_spec specs[] = {
		{"issuer", OPTION_TEXT, &options->issuer},
		{"client-id", OPTION_TEXT, &options->client_id},
		{"client-secret", OPTION_FLAG, &options->client_secret},
		{"client-secret-file", OPTION_TEXT, &options->client_secret_file},
		{"ca-file", OPTION_TEXT, &options->ca_file},
		{"proxy", OPTION_TEXT, &options->proxy},
		{"claim", OPTION_TEXT, &options->claim},
		{"username-claim", OPTION_TEXT, &options->username_claim},
		{"scopes", OPTION_TEXT, &options->scopes},
		{"rule", OPTION_MANY, &options->rules},
		{"dry-run", OPTION_FLAG, &options->dry_run},
		{"json", OPTION_FLAG, &options->json},
		{"yes", OPTION_FLAG, &options->yes},
	};
	const char *problem = NULL;
	int first = 0;
	int code = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	problem = first != argc ? "it takes no operand" : problem_of(options);
	if (problem)
		return command_usage_error(self, "%s", problem);
	if (!has_file(self, options->client_secret_file) || !has_file(self, options->ca_file))
		return EXIT_CODE_USAGE;
	connect.steps = json_object_new_array();
	code = connect_host(&connect);
	json_object_put(connect.steps);
	json_object_put(connect.share);
	json_object_put(connect.bound);
	free(connect.last_issuer);
	return code;
}

const struct command command_connect = {
	.name = "connect",
	.arguments = "--issuer URL --client-id ID --rule ROLE=VALUE... [OPTION...]",
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
		"  --yes                       do not ask about names bound to persons of another provider\n\n"
		"What is not given is taken from " COSMO_CONF_FILE ". With Entra ID, Google and\n"
		"zitadel.cloud, what stands nowhere is set as it has to be there, and shown. With Google, [roles]\n"
		"no_match and no_claim have to be deny: any other value is refused. A host that is connected\n"
		"already stays as it is; `cosmo-ssoctl apply` changes settings, `disconnect` comes first otherwise.\n"
		"Exit code 3: the provider could not be asked; 4: provider or configuration have to be changed.\n"
		"Nothing is changed then.\n",
	.run = run,
};
