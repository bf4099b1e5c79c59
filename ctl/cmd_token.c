/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/input.h"
#include "ctl/options.h"
#include "ctl/output.h"

#define MAX_TOKEN_BYTES ((size_t)64 * 1024)
#define MAX_JWKS_BYTES  ((size_t)256 * 1024)
#define DEFAULT_SKEW_S  60

static const char default_algs[] = "RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA";

struct token_options {
	const char *jwks;
	const char *issuer;
	const char *client_id;
	const char *algs;
};

static void put_algs(struct message *request, const char *list)
{
	char copy[256] = "";
	char *rest = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *alg = strtok_r(copy, ",", &rest); alg; alg = strtok_r(NULL, ",", &rest))
		message_put_str(request, FIELD_ALG, alg);
}

static enum cosmo_err print_answers(struct ask *ask)
{
	for (;;) {
		COSMO_AUTO(message_free) struct message *answer = NULL;
		enum cosmo_err err = ask_next(ask, &answer);

		if (err) {
			output_failure(err, NULL, NULL);
			return err;
		}
		if (message_type(answer) == MESSAGE_JUDGE_MATCH) {
			printf("ok       ");
			output_text(message_str(answer, FIELD_DETAIL));
			putchar('\n');
			continue;
		}
		if (message_type(answer) == MESSAGE_JUDGE_DONE) {
			puts("result   the token is good");
			return COSMO_OK;
		}
		err = message_err(answer);
		printf("refused  %s\n", cosmo_err_id(err));
		output_failure(err, NULL, message_str(answer, FIELD_DETAIL));
		return err;
	}
}

static int verify(const struct token_options *options, const char *token, size_t token_len)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(ask_free) struct ask *ask = NULL;
	COSMO_AUTO(free) char *jwks = NULL;
	size_t jwks_len = 0;
	enum cosmo_err err = COSMO_OK;

	if (!input_read(options->jwks, MAX_JWKS_BYTES, &jwks, &jwks_len))
		return EXIT_CODE_USAGE;
	err = message_new(MESSAGE_JUDGE_VERIFY, &request);
	if (err)
		return (int)exit_code_of(err);
	message_put_bytes(request, FIELD_TOKEN, token, token_len);
	message_put_bytes(request, FIELD_JWKS, jwks, jwks_len);
	message_put_str(request, FIELD_ISSUER, options->issuer);
	message_put_str(request, FIELD_CLIENT_ID, options->client_id);
	message_put_u64(request, FIELD_SKEW_S, DEFAULT_SKEW_S);
	put_algs(request, options->algs ? options->algs : default_algs);
	err = ask_judge(request, &ask);
	if (err) {
		output_failure(err, NULL, NULL);
		return (int)exit_code_of(err);
	}
	return (int)exit_code_of(print_answers(ask));
}

static int run(const struct command *self, int argc, char **argv)
{
	struct token_options options = {0};
	const struct option_spec specs[] = {
		{"jwks", OPTION_TEXT, &options.jwks},
		{"issuer", OPTION_TEXT, &options.issuer},
		{"client-id", OPTION_TEXT, &options.client_id},
		{"alg", OPTION_TEXT, &options.algs},
	};
	COSMO_AUTO(free) char *token = NULL;
	size_t len = 0;
	int first = 0;
	int code = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first + 1 != argc || !streq(argv[first], "verify") || !options.jwks)
		return command_usage_error(self, "say verify --jwks FILE < TOKEN");
	if (!input_read("-", MAX_TOKEN_BYTES, &token, &len))
		return EXIT_CODE_USAGE;
	while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
		len--;
	code = verify(&options, token, len);
	explicit_bzero(token, len);
	return code;
}

const struct command command_token = {
	.name = "token",
	.arguments = "verify --jwks FILE [--issuer URL] [--client-id ID] [--alg LIST] < TOKEN",
	.summary = "Check an ID token's signature and claims as a sign-in would",
	.help = "  --jwks FILE      the issuer's key set\n"
		"  --issuer URL     demand this issuer\n"
		"  --client-id ID   demand this audience\n"
		"  --alg LIST       allowed algorithms, comma-separated\n\n"
		"The token is read from standard input, never from the command line. Each check is named.\n"
		"Exit code 0: good; 1: refused; 2: wrong usage; 6: could not be checked.\n",
	.run = run,
};
