/* SPDX-License-Identifier: MIT */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/config_options.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/input.h"
#include "ctl/options.h"
#include "ctl/output.h"

#define MAX_TOKEN_BYTES ((size_t)64 * 1024)
#define MAX_JWKS_BYTES  ((size_t)256 * 1024)
#define DEFAULT_SKEW_S  60

struct token_options {
	const char *jwks;
	const char *issuer;
	const char *client_id;
	const char *algs;
	bool json;
	struct json_object *passed;
};

/* Those of a configuration that says nothing. */
static const char *default_algs(void)
{
	return config_option_find(SECTION_INTEGRATION, "algs")->fallback;
}

/* False when the list names none, or one that does not exist. */
static bool put_algs(struct message *request, const char *list)
{
	char copy[256] = "";
	char *rest = NULL;
	size_t count = 0;

	if (strlen(list) >= sizeof(copy))
		return false;
	memcpy(copy, list, strlen(list) + 1);
	for (char *alg = strtok_r(copy, ", ", &rest); alg; alg = strtok_r(NULL, ", ", &rest)) {
		if (!config_form_alg.is_valid(alg))
			return false;
		message_put_str(request, FIELD_ALG, alg);
		count++;
	}
	return count > 0;
}

static void add_check(struct token_options *options, const struct message *match)
{
	const char *check = message_str(match, FIELD_DETAIL);

	if (options->json) {
		json_object_array_add(options->passed, json_object_new_string(check ? check : ""));
		return;
	}
	printf("ok       ");
	output_text(check);
	putchar('\n');
}

/* What the code's own text says of a sign-in is not so here. */
static const char *text_of(enum cosmo_err err)
{
	return err == COSMO_E_IDP_NOT_JSON || err == COSMO_E_IDP_FIELD || err == COSMO_E_IDP_NO_KEYS
		       ? "The key set given by --jwks is none, or has no usable key."
		       : NULL;
}

static enum cosmo_err read_answers(struct token_options *options, struct ask *ask)
{
	for (;;) {
		COSMO_AUTO(message_free) struct message *answer = NULL;
		enum cosmo_err err = ask_next(ask, &answer);

		if (err) {
			output_failure(err, NULL, NULL);
			return err;
		}
		if (message_type(answer) == MESSAGE_JUDGE_MATCH) {
			add_check(options, answer);
			continue;
		}
		if (message_type(answer) == MESSAGE_JUDGE_DONE)
			return COSMO_OK;
		err = message_err(answer);
		output_failure(err, text_of(err), message_str(answer, FIELD_DETAIL));
		return err;
	}
}

/* A key set that is none is a wrong word on the command line. */
static int conclude(struct token_options *options, enum cosmo_err err)
{
	if (options->json) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "good", json_object_new_boolean(!err));
		json_object_object_add(object, "passed", json_object_get(options->passed));
		output_json_failure(object);
		output_json(object);
	} else {
		printf("%s%s\n", err ? "refused  " : "result   the token is ",
			err ? cosmo_err_id(err) : "good");
	}
	return text_of(err) ? EXIT_CODE_USAGE : (int)exit_code_of(err);
}

static int verify(const struct command *self, struct token_options *options, const char *token,
	size_t token_len)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(ask_free) struct ask *ask = NULL;
	COSMO_AUTO(free) char *jwks = NULL;
	size_t jwks_len = 0;
	enum cosmo_err err = COSMO_OK;

	if (!input_read(options->jwks, MAX_JWKS_BYTES, &jwks, &jwks_len))
		return EXIT_CODE_USAGE;
	err = ask_new(MESSAGE_JUDGE_VERIFY, &request);
	if (err)
		return (int)exit_code_of(err);
	message_put_bytes(request, FIELD_TOKEN, token, token_len);
	message_put_bytes(request, FIELD_JWKS, jwks, jwks_len);
	message_put_str(request, FIELD_ISSUER, options->issuer);
	message_put_str(request, FIELD_CLIENT_ID, options->client_id);
	message_put_u64(request, FIELD_SKEW_S, DEFAULT_SKEW_S);
	if (!put_algs(request, options->algs ? options->algs : default_algs()))
		return command_usage_error(
			self, "--alg takes %s, comma-separated", config_form_alg.expects);
	err = ask_judge(request, &ask);
	if (err) {
		output_failure(err, NULL, NULL);
		return (int)exit_code_of(err);
	}
	return conclude(options, read_answers(options, ask));
}

static int run(const struct command *self, int argc, char **argv)
{
	struct token_options options = {0};
	const struct option_spec specs[] = {
		{"jwks", OPTION_TEXT, &options.jwks},
		{"issuer", OPTION_TEXT, &options.issuer},
		{"client-id", OPTION_TEXT, &options.client_id},
		{"alg", OPTION_TEXT, &options.algs},
		{"json", OPTION_FLAG, &options.json},
	};
	COSMO_AUTO(free) char *token = NULL;
	size_t len = 0;
	int first = 0;
	int code = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first + 1 != argc || !streq(argv[first], "verify") || !options.jwks)
		return command_usage_error(self, "say verify --jwks FILE < TOKEN");
	if (streq(options.jwks, "-"))
		return command_usage_error(
			self, "--jwks names a file; standard input is the token's");
	input_note_terminal("-", "the token");
	if (!input_read("-", MAX_TOKEN_BYTES, &token, &len))
		return EXIT_CODE_USAGE;
	while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
		len--;
	options.passed = json_object_new_array();
	code = verify(self, &options, token, len);
	json_object_put(options.passed);
	explicit_bzero(token, len);
	return code;
}

const struct command command_token = {
	.name = "token",
	.arguments =
		"verify --jwks FILE [--issuer URL] [--client-id ID] [--alg LIST] [--json] < TOKEN",
	.summary = "Check an ID token's signature and claims as a sign-in would",
	.help = "  --jwks FILE      the issuer's key set\n"
		"  --issuer URL     demand this issuer\n"
		"  --client-id ID   demand this audience\n"
		"  --alg LIST       allowed algorithms, comma-separated\n"
		"  --json           print one JSON object: good, passed (the checks), error, message, detail\n\n"
		"The token is read from standard input, never from the command line. Each check is named.\n"
		"Exit code 0: good; 1: refused; 2: wrong usage or no key set; 6: could not be checked.\n",
	.run = run,
};
