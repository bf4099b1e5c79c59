/* SPDX-License-Identifier: MIT */
#include "ctl/sshd_check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/parse.h"
#include "ctl/output.h"
#include "ctl/program.h"

static char sshd_path[] = "/usr/sbin/sshd";
static char systemctl_path[] = "/usr/bin/systemctl";

bool sshd_check_present(void)
{
	return access(sshd_path, X_OK) == 0;
}

static bool run_sshd(char *option, char **ret_output)
{
	char *const argv[] = {sshd_path, option, NULL};
	int code = 0;

	/* sshd refuses to start without this folder, which its unit makes. */
	return program_run(argv, ret_output, &code) == COSMO_OK && code == 0;
}

bool sshd_check_valid(void)
{
	COSMO_AUTO(free) char *output = NULL;
	char option[] = "-t";

	if (run_sshd(option, &output))
		return true;
	output_error("sshd -t refuses the configuration:");
	if (output)
		(void)fputs(output, stderr);
	return false;
}

/* The value of a setting in the output of sshd -T, up to the end of the line; NULL if it is not
 * there. */
static const char *setting(const char *output, const char *name, size_t *ret_len)
{
	size_t len = strlen(name);

	while (output && *output) {
		if (strncmp(output, name, len) == 0 && output[len] == ' ') {
			*ret_len = strcspn(output + len + 1, "\n");
			return output + len + 1;
		}
		output = strchr(output, '\n');
		output = output ? output + 1 : NULL;
	}
	return NULL;
}

static bool is_yes(const char *output, const char *name)
{
	size_t len = 0;
	const char *value = setting(output, name, &len);

	if (value && len == 3 && strncmp(value, "yes", 3) == 0)
		return true;
	output_error(
		"sshd -T does not say \"%s yes\": an earlier line of sshd_config or another drop-in wins, or "
		"sshd_config lacks `Include /etc/ssh/sshd_config.d/*.conf` at its top",
		name);
	return false;
}

bool sshd_check_ready(void)
{
	COSMO_AUTO(free) char *output = NULL;
	char option[] = "-T";

	if (!run_sshd(option, &output)) {
		output_error("sshd -T failed");
		return false;
	}
	return is_yes(output, "usepam") && is_yes(output, "kbdinteractiveauthentication");
}

int64_t sshd_check_grace_s(void)
{
	COSMO_AUTO(free) char *output = NULL;
	char option[] = "-T";
	char text[32] = "";
	size_t len = 0;
	const char *value = NULL;
	int64_t seconds = -1;

	if (run_sshd(option, &output))
		value = setting(output, "logingracetime", &len);
	if (!value || len >= sizeof(text))
		return -1;
	memcpy(text, value, len);
	if (parse_duration_s(text, 0, INT32_MAX, &seconds) != COSMO_OK)
		return -1;
	return seconds;
}

static int systemctl(char *verb, char *unit)
{
	COSMO_AUTO(free) char *output = NULL;
	char *const argv[] = {systemctl_path, verb, unit, NULL};
	int code = 0;

	if (program_run(argv, &output, &code) != COSMO_OK)
		return -1;
	return code;
}

bool sshd_check_reload(void)
{
	static char units[][16] = {"ssh.service", "sshd.service"};
	char is_active[] = "is-active";
	char reload[] = "reload";

	if (access("/run/systemd/system", F_OK) != 0) {
		puts("There is no systemd here: restart or reload sshd yourself.");
		return true;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(units); i++)
		if (systemctl(is_active, units[i]) == 0)
			return systemctl(reload, units[i]) == 0;
	return true;
}
