/* SPDX-License-Identifier: MIT */
/* doctor: what is wrong with this host's single sign-on, and what mends it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/doctor.h"
#include "ctl/doctor_user.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"

/* What others rest on comes first. */
static const struct doctor_check *const checks[] = {
	&doctor_check_files,
	&doctor_check_programs,
	&doctor_check_config,
	&doctor_check_rules,
	&doctor_check_store,
	&doctor_check_nsswitch,
	&doctor_check_pam,
	&doctor_check_sshd,
	&doctor_check_sudo,
	&doctor_check_units,
	&doctor_check_dns,
	&doctor_check_proxy,
	&doctor_check_ca,
	&doctor_check_discovery,
	&doctor_check_keys,
	&doctor_check_client,
	&doctor_check_clock,
	&doctor_check_lease,
};

/* How a text of the checks' names goes on, at *len of @size. */
static void add_name(char *text, size_t size, const char *name)
{
	size_t len = strlen(text);

	(void)snprintf(text + len, size - len, "%s%s", len ? ", " : "", name);
}

static int unknown_check(const struct command *self, const char *name)
{
	char known[256] = "";

	for (size_t i = 0; i < COSMO_ARRAY_LEN(checks); i++)
		add_name(known, sizeof(known), checks[i]->name);
	return command_usage_error(
		self, "there is no check \"%s\"; the checks are: %s", name, known);
}

static bool is_check(const char *name)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(checks); i++)
		if (streq(checks[i]->name, name))
			return true;
	return false;
}

static bool is_wanted(const struct option_values *only, const char *name)
{
	for (size_t i = 0; i < only->count; i++)
		if (streq(only->items[i], name))
			return true;
	return only->count == 0;
}

/* All of them, or those named. */
static void look(struct doctor_list *list, const struct option_values *only)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(checks); i++) {
		if (!is_wanted(only, checks[i]->name))
			continue;
		list->check = checks[i]->name;
		checks[i]->run(list);
	}
}

static int run(const struct command *self, int argc, char **argv)
{
	COSMO_AUTO(free) struct doctor_list *list = calloc(1, sizeof(*list));
	struct option_values only = {.count = 0};
	const char *user = NULL;
	bool json = false;
	const struct option_spec specs[] = {
		{"check", OPTION_MANY, &only},
		{"user", OPTION_TEXT, &user},
		{"json", OPTION_FLAG, &json},
	};
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(self, "it takes no operand");
	if (user && only.count)
		return command_usage_error(self, "--user looks at one person; leave --check out");
	for (size_t i = 0; i < only.count; i++)
		if (!is_check(only.items[i]))
			return unknown_check(self, only.items[i]);
	if (!list || geteuid() != 0) {
		enum cosmo_err err = list ? COSMO_E_NOT_ROOT : COSMO_E_NOMEM;

		output_failure(err, NULL, NULL);
		return (int)exit_code_of(err);
	}
	if (user)
		doctor_user_look(list, user);
	else
		look(list, &only);
	doctor_print(list, json);
	return doctor_count(list, DOCTOR_WRONG) ? EXIT_CODE_DENIED : EXIT_CODE_OK;
}

const struct command command_doctor = {
	.name = "doctor",
	.arguments = "[--check NAME|--user NAME] [--json]",
	.summary = "Say what is wrong with single sign-on on this host, and what mends it",
	.help = "  --check NAME   look at this alone, may be repeated: files, programs, config, rules,\n"
		"                 store, nsswitch, pam, sshd, sudo, units, dns, proxy, ca, discovery, keys,\n"
		"                 client, clock, lease\n"
		"  --user NAME    say why this person would get in or not, where, and as what\n"
		"  --json         print one JSON array: check, state, what, mend\n\n"
		"Nothing is changed. Each line is one finding: ok, note (worth knowing), WRONG, or - where nothing\n"
		"could be looked at; below it stands the command that mends it, or what to edit.\n\n"
		"Exit code 0: nothing is wrong; 1: something is.\n",
	.run = run,
};
