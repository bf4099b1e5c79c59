/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "common/config.h"
#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/input.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "paths.h"

static int run(const struct command *self, int argc, char **argv)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	COSMO_AUTO(free) char *text = NULL;
	const char *path = argc > 1 ? argv[1] : COSMO_CONF_FILE;
	size_t len = 0;
	enum cosmo_err err = COSMO_OK;

	if (argc > 2 || path[0] == '-')
		return command_usage_error(self, "it takes one file at most");
	if (argc > 1 && !input_read(path, CONFIG_MAX_BYTES, &text, &len))
		return EXIT_CODE_USAGE;
	err = message_new(MESSAGE_CTL_CHECK_CONFIG, &request);
	if (err)
		return (int)exit_code_of(err);
	message_put_str(request, FIELD_PATH, path);
	if (text)
		message_put_bytes(request, FIELD_CONFIG, text, len);
	err = ask_simple(request, NULL, NULL);
	if (!err)
		printf("%s: no error.\n", path);
	return (int)exit_code_of(err);
}

const struct command command_check_config = {
	.name = "check-config",
	.arguments = "[FILE]",
	.summary = "Check the configuration, patterns of role rules included",
	.help = "  FILE   another file than " COSMO_CONF_FILE "\n\n"
		"Says the line and what is allowed there. Exit code 4: the file has an error.\n",
	.run = run,
};
