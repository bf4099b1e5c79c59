/* SPDX-License-Identifier: MIT */
#include "ctl/sshd_check.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/parse.h"
#include "ctl/output.h"
#include "ctl/program.h"
#include "ctl/sshd_methods.h"

#define COMFORTABLE_GRACE_S 180

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

	return program_run(argv, ret_output, &code) == COSMO_OK && code == 0;
}

char *sshd_check_complaint(void)
{
	COSMO_AUTO(free) char *output = NULL;
	char option[] = "-t";

	if (run_sshd(option, &output))
		return NULL;
	return output ? COSMO_STEAL(&output) : strdup("");
}

bool sshd_check_valid(void)
{
	COSMO_AUTO(free) char *complaint = sshd_check_complaint();

	if (!complaint)
		return true;
	output_error("sshd -t refuses the configuration:");
	(void)fputs(complaint, stderr);
	return false;
}

/*
 * The value of a setting in the output of sshd -T, up to the end of the line; NULL if it is not
 * there. Names of settings have no case, and sshd has changed the one in which it prints them.
 */
static const char *setting(const char *output, const char *name, size_t *ret_len)
{
	size_t len = strlen(name);

	while (output && *output) {
		if (strncasecmp(output, name, len) == 0 && output[len] == ' ') {
			*ret_len = strcspn(output + len + 1, "\n");
			return output + len + 1;
		}
		output = strchr(output, '\n');
		output = output ? output + 1 : NULL;
	}
	return NULL;
}

bool sshd_check_is(const char *output, const char *name, const char *value)
{
	size_t len = 0;
	const char *found = setting(output, name, &len);

	return found && len == strlen(value) && strncmp(found, value, len) == 0;
}

char *sshd_check_settings(void)
{
	COSMO_AUTO(free) char *output = NULL;
	char option[] = "-T";

	return run_sshd(option, &output) ? COSMO_STEAL(&output) : NULL;
}

const char *sshd_check_lacks(const char *output)
{
	size_t len = 0;

	if (!sshd_check_is(output, "usepam", "yes"))
		return "usepam yes";
	if (!sshd_check_is(output, "kbdinteractiveauthentication", "yes"))
		return "kbdinteractiveauthentication yes";
	/* Those that cannot ask PAM for another service do not tell which. */
	if (setting(output, "pamservicename", &len) &&
		!sshd_check_is(output, "pamservicename", "sshd"))
		return "pamservicename sshd";
	return NULL;
}

bool sshd_check_ready(bool say)
{
	COSMO_AUTO(free) char *output = sshd_check_settings();
	const char *lacking = NULL;

	if (!output) {
		if (say)
			output_error("sshd -T does not tell its settings");
		return false;
	}
	lacking = sshd_check_lacks(output);
	if (lacking && say)
		output_error(
			"sshd -T does not say \"%s\": an earlier line of sshd_config or another drop-in "
			"wins, or sshd_config lacks `Include /etc/ssh/sshd_config.d/*.conf` at its top",
			lacking);
	return !lacking;
}

int64_t sshd_check_grace_s(const char *output)
{
	char text[32] = "";
	size_t len = 0;
	const char *value = setting(output, "logingracetime", &len);
	int64_t seconds = -1;

	if (!value || len >= sizeof(text))
		return -1;
	memcpy(text, value, len);
	if (parse_duration_s(text, 0, INT32_MAX, &seconds) != COSMO_OK)
		return -1;
	return seconds;
}

bool sshd_check_startups_of(const char *output, struct sshd_startups *ret)
{
	size_t len = 0;
	const char *value = setting(output, "maxstartups", &len);

	return sshd_startups_parse(value, len, ret);
}

bool sshd_check_startups(struct sshd_startups *ret)
{
	COSMO_AUTO(free) char *output = sshd_check_settings();

	return sshd_check_startups_of(output, ret);
}

static void note_sources(const char *output, uint32_t flows)
{
	struct sshd_startups startups = {0};

	if (sshd_check_startups_of(output, &startups) && !sshd_startups_suffice(&startups, flows))
		output_note(
			"sshd drops connections from %u waiting ones on (another MaxStartups line wins), and "
			"[limits] lets %u sign-ins wait: raise the one or lower the other.",
			(unsigned int)startups.begin, (unsigned int)flows);
	if (sshd_check_is(output, "usedns", "yes"))
		output_note(
			"sshd's UseDNS is on: sign-ins are counted by the name that the owner of an address gives "
			"it.");
}

const char *sshd_check_other_methods(const char *output, size_t *ret_len)
{
	const char *methods = setting(output, "authenticationmethods", ret_len);

	if (!methods || sshd_check_is(output, "authenticationmethods", "any") ||
		memmem(methods, *ret_len, "keyboard-interactive", strlen("keyboard-interactive")))
		return NULL;
	return methods;
}

void sshd_check_note(uint32_t flows)
{
	COSMO_AUTO(free) char *output = sshd_check_settings();
	int64_t grace_s = sshd_check_grace_s(output);
	struct sshd_methods methods = {.demand = ""};

	if (grace_s > 0 && grace_s < COMFORTABLE_GRACE_S)
		output_note(
			"sshd's LoginGraceTime is %d s; a sign-in gets 110 s of it. For more time set a longer "
			"LoginGraceTime and `deadline` in [service sshd].",
			(int)grace_s);
	if (sshd_methods_lack_code(output, "/etc/ssh", &methods))
		output_note(
			"sshd's AuthenticationMethods is \"%s\": without keyboard-interactive nobody can sign "
			"in with a code.",
			methods.demand);
	note_sources(output, flows);
}

bool sshd_check_root_key(void)
{
	COSMO_AUTO(free) char *output = sshd_check_settings();

	return output && !sshd_check_is(output, "permitrootlogin", "no") &&
	       sshd_check_is(output, "pubkeyauthentication", "yes");
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
		output_note("there is no systemd here: restart or reload sshd yourself.");
		return true;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(units); i++)
		if (systemctl(is_active, units[i]) == 0)
			return systemctl(reload, units[i]) == 0;
	return true;
}
