/* SPDX-License-Identifier: MIT */
#include "ctl/connect_dialog.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "ctl/ask.h"
#include "ctl/connect_answer.h"
#include "ctl/output.h"
#include "ctl/provider_defaults.h"
#include "ctl/terminal_line.h"
#include "paths.h"

#define UNSEEN           "-"
#define MAX_SECRET_BYTES ((size_t)64 * 1024)
#define QUOTED_BYTES     4200
#define ANSWER_BYTES     sizeof(((struct connect_dialog *)NULL)->issuer)

bool connect_dialog_is_possible(const struct connect_options *options)
{
	return !options->json && !options->yes && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void connect_dialog_name_lack(const struct connect_lack *lack, char *ret, size_t ret_size)
{
	const struct {
		bool lacks;
		const char *option;
	} options[] = {
		{lack->issuer, "--issuer URL"},
		{lack->client_id, "--client-id ID"},
		{lack->rules, "--rule ROLE=VALUE"},
	};
	size_t len = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < COSMO_ARRAY_LEN(options) && len < ret_size; i++)
		if (options[i].lacks)
			len += (size_t)snprintf(ret + len, ret_size - len, "%s%s", len ? ", " : "",
				options[i].option);
}

/* What is wrong with an answer; the question comes again. */
static void complain(const char *text)
{
	printf("  ");
	output_text(text);
	putchar('\n');
}

/* An answer, or "" for the default if there is one. */
static enum cosmo_err put(const char *question, bool has_default, char *ret)
{
	const struct terminal terminal = {.in_fd = STDIN_FILENO, .out_fd = STDOUT_FILENO};
	char line[ANSWER_BYTES] = "";

	for (;;) {
		enum cosmo_err err = COSMO_OK;
		const char *answer = NULL;

		(void)fflush(stdout);
		err = terminal_line_ask(&terminal, question, false, line, sizeof(line));
		if (err && err != COSMO_E_TOO_BIG) {
			putchar('\n');
			return COSMO_E_CANCELLED;
		}
		answer = connect_answer_trim(line);
		if (err)
			complain("this is too long");
		else if (!connect_answer_is_plain(answer))
			complain("this has control characters, or is no UTF-8");
		else if (!answer[0] && !has_default)
			complain("there is no default for this; Ctrl-C ends the questions");
		else {
			(void)snprintf(ret, ANSWER_BYTES, "%s", answer);
			return COSMO_OK;
		}
	}
}

/* COSMO_E_INVALID: what is wrong was said, and another answer can help. */
static enum cosmo_err check(const struct connect_options *options)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	enum cosmo_err err = connect_config_check(options, &config, &problem);

	if (!err || !problem.text[0])
		return err;
	complain(problem.text);
	return COSMO_E_INVALID;
}

/* The provider would be asked only after all the other questions. */
static void add_slash(char *issuer)
{
	size_t len = strlen(issuer);

	if (!provider_defaults_lacks_slash(issuer) || len + 1 >= ANSWER_BYTES)
		return;
	issuer[len] = '/';
	issuer[len + 1] = '\0';
	printf("  taken with the / that this provider's issuer ends in: ");
	output_text(issuer);
	putchar('\n');
}

static enum cosmo_err ask_issuer(struct connect_dialog *dialog, struct connect_options *options)
{
	enum cosmo_err err = COSMO_E_INVALID;

	while (err == COSMO_E_INVALID) {
		err = put("Issuer, the provider's https address: ", false, dialog->issuer);
		if (err)
			break;
		if (connect_answer_cut_issuer(dialog->issuer)) {
			printf("  taken without /.well-known/openid-configuration: ");
			output_text(dialog->issuer);
			putchar('\n');
		}
		add_slash(dialog->issuer);
		options->issuer = dialog->issuer;
		err = check(options);
	}
	return err;
}

static enum cosmo_err ask_client_id(struct connect_dialog *dialog, struct connect_options *options)
{
	enum cosmo_err err = COSMO_E_INVALID;

	while (err == COSMO_E_INVALID) {
		err = put("Client id, registered there for this host: ", false, dialog->client_id);
		options->client_id = dialog->client_id;
		if (!err)
			err = check(options);
	}
	return err;
}

/* As the helper will demand it. */
static const char *problem_of_file(const char *path)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_SECRET_BYTES};
	COSMO_AUTO_FD int fd = -1;
	size_t len = 0;
	enum cosmo_err err = fdio_open(AT_FDCWD, path, &demands, &fd, &len);

	if (err == COSMO_E_NOT_FOUND)
		return "there is no such file";
	if (err == COSMO_E_UNSAFE_FILE)
		return "it must be a file of root's, no link, that nobody else may read or write "
		       "(chown root, chmod 600)";
	if (err)
		return "it cannot be read";
	return len == 0 ? "it is empty" : NULL;
}

static enum cosmo_err ask_secret_file(struct connect_dialog *dialog, bool *ret_unseen)
{
	const char *problem = NULL;

	for (;;) {
		char *path = dialog->client_secret_file;
		enum cosmo_err err =
			put("Client secret: Enter if the client has none, the path of a "
			    "file with it, or - to type it unseen: ",
				true, path);

		*ret_unseen = !err && streq(path, UNSEEN);
		problem = err || !path[0] || *ret_unseen ? NULL : problem_of_file(path);
		if (!problem)
			return err;
		complain(problem);
	}
}

static enum cosmo_err ask_secret(struct connect_dialog *dialog, struct connect_options *options)
{
	bool is_unseen = false;
	enum cosmo_err err = COSMO_OK;

	do {
		err = ask_secret_file(dialog, &is_unseen);
		if (!err && is_unseen)
			err = client_secret_ask(dialog->secret);
	} while (err == COSMO_E_INVALID);
	options->client_secret = is_unseen;
	if (!err && !is_unseen && dialog->client_secret_file[0])
		options->client_secret_file = dialog->client_secret_file;
	return err;
}

/* "[groups, as this provider needs]": what holds without an answer. */
static enum cosmo_err name_claim(const struct connect_options *options, char *ret, size_t ret_size)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	const char *known = NULL;
	enum cosmo_err err = connect_config_check(options, &config, &problem);

	if (err)
		return err;
	known = provider_defaults_value(config->issuer, "integration", "claim");
	(void)snprintf(ret, ret_size,
		"Claim with groups or roles [%s%s]: ", known ? known : config->claim,
		known ? ", as this provider needs" : "");
	return COSMO_OK;
}

static enum cosmo_err ask_claim(struct connect_dialog *dialog, struct connect_options *options)
{
	char question[512] = "";
	enum cosmo_err err = name_claim(options, question, sizeof(question));

	if (err)
		return err;
	do {
		err = put(question, true, dialog->claim);
		options->claim = dialog->claim[0] ? dialog->claim : NULL;
		if (!err)
			err = check(options);
	} while (err == COSMO_E_INVALID);
	return err;
}

/* What the judge alone can tell: is the pattern one? It says so itself. */
static enum cosmo_err check_pattern(const struct connect_options *options)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(free) char *text = NULL;
	enum cosmo_err err = connect_config_make(options, &text);

	if (!err)
		err = ask_new(MESSAGE_CTL_CHECK_CONFIG, &request);
	if (err)
		return err;
	message_put_str(request, FIELD_PATH, COSMO_CONF_FILE " (as it would be written)");
	message_put_bytes(request, FIELD_CONFIG, text, strlen(text));
	err = ask_simple(request, NULL, NULL);
	return err == COSMO_E_RULE_PATTERN ? COSMO_E_INVALID : err;
}

static enum cosmo_err ask_rule(struct connect_dialog *dialog, struct connect_options *options)
{
	enum cosmo_err err = COSMO_E_INVALID;

	while (err == COSMO_E_INVALID) {
		err = put("First rule, ROLE=VALUE, such as admin=linux-admins: ", false,
			dialog->rule);
		if (err)
			break;
		if (!connect_options_is_rule(dialog->rule)) {
			complain("a rule reads ROLE=VALUE, or ROLE=~PATTERN");
			err = COSMO_E_INVALID;
			continue;
		}
		options->rules.items[0] = dialog->rule;
		options->rules.count = 1;
		err = check(options);
		if (!err)
			err = check_pattern(options);
	}
	return err;
}

static void print_option(const char *name, const char *answer)
{
	char word[QUOTED_BYTES] = "";

	connect_answer_quote(answer, word, sizeof(word));
	printf(" %s ", name);
	output_text(word);
}

/* A password may stand in it. */
static const char *proxy_to_show(const char *proxy)
{
	return proxy && strchr(proxy, '@') ? "PROXY" : proxy;
}

/* For the next time, and for the next host: what was given and what was answered. */
static void print_command(
	const struct connect_dialog *dialog, const struct connect_options *options)
{
	const struct {
		const char *name;
		const char *value;
	} texts[] = {
		{"--issuer", options->issuer},
		{"--client-id", options->client_id},
		{"--client-secret-file", options->client_secret_file},
		{"--ca-file", options->ca_file},
		{"--proxy", proxy_to_show(options->proxy)},
		{"--claim", options->claim},
		{"--username-claim", options->username_claim},
		{"--scopes", options->scopes},
	};

	printf("The same as one command: cosmo-ssoctl connect");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(texts); i++)
		if (texts[i].value)
			print_option(texts[i].name, texts[i].value);
	for (size_t i = 0; i < options->rules.count; i++)
		print_option("--rule", options->rules.items[i]);
	printf("%s%s\n", options->client_secret ? " --client-secret" : "",
		options->dry_run ? " --dry-run" : "");
	if (dialog->rule[0])
		puts("Further rules go into [rules] of " COSMO_CONF_FILE
		     "; `cosmo-ssoctl apply` makes them count.");
}

static enum cosmo_err ask_all(struct connect_dialog *dialog, const struct connect_lack *lack,
	struct connect_options *options)
{
	enum cosmo_err err = COSMO_OK;

	if (lack->issuer)
		err = ask_issuer(dialog, options);
	if (!err && lack->client_id)
		err = ask_client_id(dialog, options);
	if (!err && lack->client_secret)
		err = ask_secret(dialog, options);
	if (!err && lack->claim)
		err = ask_claim(dialog, options);
	if (!err && lack->rules)
		err = ask_rule(dialog, options);
	return err;
}

enum cosmo_err connect_dialog_run(struct connect_dialog *dialog, const struct connect_lack *lack,
	struct connect_options *options)
{
	enum cosmo_err err = COSMO_OK;

	puts("A few questions, to each of which an option is an answer as well (see --help). Ctrl-C ends "
	     "them, and nothing is changed.");
	err = ask_all(dialog, lack, options);
	dialog->is_over = !err;
	if (!err)
		print_command(dialog, options);
	else if (err == COSMO_E_CANCELLED)
		output_failure(err, "Not all of the questions were answered.", NULL);
	return err;
}

bool connect_dialog_wants_sign_in(void)
{
	char answer[ANSWER_BYTES] = "";

	/* What was typed before it was asked is no answer: Enter would sign in. */
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
	while (!put("Sign in now, to see what comes of it [yes]: ", true, answer)) {
		if (!answer[0] || streq(answer, "yes") || streq(answer, "y"))
			return true;
		if (streq(answer, "no") || streq(answer, "n"))
			return false;
		complain("this takes yes or no");
	}
	return false;
}
