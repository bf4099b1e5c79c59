/* SPDX-License-Identifier: MIT */
/* The commands of cosmo-ssoctl: one row and one file each. */
#pragma once

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;
	const char *help; /* the options and what they do */
	/* argv[0] is the command's name. Returns an enum exit_code. */
	int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command command_connect;
extern const struct command command_disconnect;
extern const struct command command_enable;
extern const struct command command_disable;
extern const struct command command_status;
extern const struct command command_check;
extern const struct command command_doctor;
extern const struct command command_user;
extern const struct command command_session;
extern const struct command command_roles;
extern const struct command command_check_config;
extern const struct command command_apply;
extern const struct command command_token;
extern const struct command command_backup;
extern const struct command command_restore;
extern const struct command command_refresh;
extern const struct command command_login_test;
extern const struct command command_repair;
extern const struct command command_adopt;
extern const struct command command_boot;
extern const struct command command_whoami;

/* Print the usage of @command on standard output. Returns EXIT_CODE_OK. */
int command_print_help(const struct command *command);

/* Say what is wrong with the command line and where the help is. Returns EXIT_CODE_USAGE. */
int command_usage_error(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
