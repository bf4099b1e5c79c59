/* SPDX-License-Identifier: MIT */
/* doctor: does sudo ask PAM about who is calling, as we rely on? */
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/doctor_text.h"
#include "ctl/host_edit.h"
#include "ctl/pam_stack.h"
#include "ctl/program.h"
#include "ctl/sudo_traps.h"

#define SUDOERS  "/etc/sudoers"
#define DROP_INS "/etc/sudoers.d"

static char sudo_path[] = "/usr/bin/sudo";
static char cvtsudoers_path[] = "/usr/bin/cvtsudoers";

/* Where the trap stands. */
struct place {
	char path[300];
	unsigned int line; /* 0: it was not found */
	char *rest;        /* what remains of the line */
};

static void look_in(const char *path, const struct sudo_trap *trap, struct place *ret)
{
	COSMO_AUTO(free) char *text = NULL;
	unsigned int line = 0;

	if (!doctor_text_read(path, &text))
		return;
	line = sudo_traps_line(text, trap);
	if (line == 0)
		return;
	free(ret->rest);
	ret->rest = NULL;
	if (!sudo_traps_without(text, line, trap, &ret->rest))
		return;
	ret->line = line;
	(void)snprintf(ret->path, sizeof(ret->path), "%s", path);
}

/* In sudoers and in the folder that it takes in as it is shipped; elsewhere visudo has to look. */
static void find_place(const struct sudo_trap *trap, struct place *ret)
{
	struct dirent **entries = NULL;
	int count = scandir(DROP_INS, &entries, NULL, alphasort);

	look_in(SUDOERS, trap, ret);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		char path[300] = "";

		/* sudo passes over these itself. */
		if (!strchr(name, '.') && name[strlen(name) - 1] != '~') {
			(void)snprintf(path, sizeof(path), DROP_INS "/%s", name);
			look_in(path, trap, ret);
		}
		free(entries[i]);
	}
	free(entries);
}

static void mend(struct doctor_list *list, const struct sudo_trap *trap)
{
	struct place place = {.line = 0};

	find_place(trap, &place);
	if (place.line == 0)
		doctor_mend(list,
			"Edit " SUDOERS " and what it includes (visudo): take `%s%s` out.",
			trap->negated ? "!" : "", trap->option);
	else if (place.rest[0])
		doctor_mend(list, "Edit %s (visudo -f), line %u: write `%s` in its place.",
			place.path, place.line, place.rest);
	else
		doctor_mend(
			list, "Edit %s (visudo -f), line %u: take it out.", place.path, place.line);
	free(place.rest);
}

/* Does that PAM service ask us? */
static bool asks_us(const char *service)
{
	struct pam_stack stack = {.count = 0};

	return pam_stack_read(HOST_PAM_FOLDER, service, "account", &stack) &&
	       pam_stack_find(&stack, "pam_cosmo_sso.so") < stack.count;
}

static bool look_at_trap(struct doctor_list *list, const struct sudo_trap *trap)
{
	if (trap->service[0]) {
		if (asks_us(trap->service))
			return true;
		doctor_wrong(list,
			"sudo asks PAM service %s (%s), which does not ask us: roles do not count "
			"there",
			trap->service, trap->option);
	} else {
		doctor_wrong(list,
			"sudo does not ask PAM whether an account may use it (!%s): roles do not "
			"count there",
			trap->option);
	}
	mend(list, trap);
	return false;
}

/* Under these names the module knows that somebody turns into somebody else. */
static bool is_switching(const char *service)
{
	static const enum host_target targets[] = {HOST_SUDO, HOST_SU};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(targets); i++) {
		const char *name = NULL;

		for (size_t k = 0; (name = host_target_service(targets[i], k)); k++)
			if (streq(name, service))
				return true;
	}
	return false;
}

/* A PAM service of another name where nobody judges the caller; NULL: none. */
static const char *blind_service(const struct sudo_traps *traps)
{
	for (size_t i = 0; i < traps->count; i++)
		if (traps->items[i].service[0] && !is_switching(traps->items[i].service))
			return traps->items[i].service;
	return NULL;
}

/*
 * Nothing is advised against it: the shipped sudoers of some distributions lets everybody run
 * everything, because this asks them for a password that they do not have.
 */
static bool look_at_password(
	struct doctor_list *list, const struct sudo_traps *traps, const struct sudo_trap *trap)
{
	const char *service = blind_service(traps);

	if (service)
		doctor_note(list,
			"sudo asks for the password %s (%s), and PAM service %s, which does not know "
			"who is calling: the caller's roles do not count there",
			trap->password_of, trap->option, service);
	else
		doctor_note(list,
			"sudo asks for the password %s (%s): single sign-on judges the caller all "
			"the same, see SU AND SUDO in pam_cosmo_sso(8)",
			trap->password_of, trap->option);
	return !service;
}

/* sudo names "FILE:LINE:COLUMN: " of what it does not take. */
static void put_invalid(struct doctor_list *list, const char *output)
{
	size_t file_len = strcspn(output, ":\n");
	const char *number = output + file_len + (output[file_len] == ':');
	size_t digits = strspn(number, "0123456789");

	doctor_wrong(
		list, "sudo refuses its configuration: %.*s", (int)strcspn(output, "\n"), output);
	if (output[0] == '/' && digits)
		doctor_mend(list,
			"Edit %.*s (visudo -f), line %.*s: take it out, or write what sudo takes.",
			(int)file_len, output, (int)digits, number);
	else
		doctor_mend(list, "Edit what `visudo -c` names.");
}

static void look(struct doctor_list *list)
{
	COSMO_AUTO(free) char *output = NULL;
	char format[] = "--output-format=json";
	char suppress[] = "--suppress=aliases,privileges";
	char sudoers[] = SUDOERS;
	char *const argv[] = {cvtsudoers_path, format, suppress, sudoers, NULL};
	struct sudo_traps traps = {.count = 0};
	int code = 0;
	bool good = true;

	if (access(sudo_path, X_OK) != 0 || access(cvtsudoers_path, X_OK) != 0) {
		doctor_not_checked(list, "there is no %s on this host",
			access(sudo_path, X_OK) != 0 ? "sudo" : cvtsudoers_path);
		return;
	}
	if (program_run(argv, &output, &code) != COSMO_OK) {
		doctor_not_checked(list, "%s cannot be run", cvtsudoers_path);
		return;
	}
	if (code != 0 || !sudo_traps_read(output, &traps)) {
		put_invalid(list, output);
		return;
	}
	for (size_t i = 0; i < traps.count; i++)
		if (!traps.items[i].password_of)
			good = look_at_trap(list, &traps.items[i]) && good;
	for (size_t i = 0; i < traps.count; i++)
		if (traps.items[i].password_of)
			good = look_at_password(list, &traps, &traps.items[i]) && good;
	if (good)
		doctor_ok(list, "nothing in sudoers leads sudo past single sign-on");
}

const struct doctor_check doctor_check_sudo = {
	.name = "sudo",
	.run = look,
};
