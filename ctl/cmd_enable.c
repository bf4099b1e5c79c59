/* SPDX-License-Identifier: MIT */
/* enable and disable: show the change, prove that root still gets in with it, save the old files,
 * edit, prove it again, or put all back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/enable_report.h"
#include "ctl/exit_code.h"
#include "ctl/host_edit.h"
#include "ctl/host_proof.h"
#include "ctl/local_root.h"
#include "ctl/nsswitch_edit.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/pam_edit.h"
#include "ctl/signal_hold.h"
#include "ctl/sshd_check.h"
#include "ctl/waiting_flows.h"
#include "paths.h"

#define BACKUP_ROOT COSMO_STATE_DIR "/backup"
#define TARGETS     "nss, sshd, login, sudo, su, cron, atd, polkit-1, systemd-user"

struct enable {
	struct host_edit edit;
	bool yes;
	bool no_local_root;
	bool dry_run;
	bool json;
};

/* What @test says of the text of @path; false if there is none. */
static bool file_is(const char *path, bool (*test)(const char *))
{
	struct file_changes look = {0};
	struct file_change *change = NULL;
	bool is = file_changes_add(&look, path, &change) == COSMO_OK && change->before &&
		  test(change->before);

	file_changes_done(&look);
	return is;
}

/*
 * May look-ups inside sshd know people this host has never seen? Only while the same sshd asks PAM,
 * and PAM asks us, about everybody: a key in a left-over home would open it otherwise.
 */
static bool is_ready_for_new_users(void)
{
	return sshd_check_present() && sshd_check_ready(false) &&
	       file_is(HOST_NSSWITCH, nsswitch_is_last_of_passwd) &&
	       file_is(HOST_PAM_FOLDER "/sshd", pam_edit_has_module);
}

static enum cosmo_err tell_helper(bool ready)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	enum cosmo_err err = ask_new(MESSAGE_CTL_APPLY, &request);

	if (err)
		return err;
	message_put_u64(request, FIELD_SSHD_READY, ready);
	return ask_simple(request, NULL, NULL);
}

static bool concerns_new_users(const struct host_edit *edit)
{
	return edit->chosen[HOST_NSS] || edit->chosen[HOST_SSHD];
}

/* On the way out the door is closed first. Where look-ups end as well it does not matter whether
 * the helper could be told. */
static enum cosmo_err close_for_new_users(const struct host_edit *edit)
{
	enum cosmo_err err = COSMO_OK;

	if (edit->enable || !concerns_new_users(edit))
		return COSMO_OK;
	err = tell_helper(false);
	if (err && edit->chosen[HOST_NSS])
		return COSMO_OK;
	if (err)
		output_error("sshd cannot be disabled alone then; disable nss in the same command");
	return err;
}

static enum cosmo_err open_for_new_users(const struct host_edit *edit)
{
	bool ready = false;
	enum cosmo_err err = COSMO_OK;

	if (!edit->enable || !concerns_new_users(edit))
		return COSMO_OK;
	ready = is_ready_for_new_users();
	err = tell_helper(ready);
	if (err)
		output_error(
			"the files are changed, but people this host has never seen cannot sign in over "
			"SSH; mend that and run this again");
	else if (!ready)
		output_note(
			"people this host has not seen yet cannot sign in over SSH before both `cosmo-ssoctl "
			"enable nss` and `cosmo-ssoctl enable sshd`.");
	return err;
}

static enum cosmo_err roll_back(struct enable *enable)
{
	if (file_changes_undo(&enable->edit.changes) == COSMO_OK)
		output_error("everything was put back as it was");
	if (!enable->edit.enable && concerns_new_users(&enable->edit))
		(void)!tell_helper(is_ready_for_new_users());
	return COSMO_E_CONFIG;
}

static void note_keys(const struct enable *enable)
{
	if (!enable->edit.enable && enable->edit.chosen[HOST_SSHD] &&
		file_is(HOST_NSSWITCH, nsswitch_is_last_of_passwd))
		output_note(
			"nss is still enabled: users who have an SSH key get in without being asked about "
			"their roles. `cosmo-ssoctl disable nss` ends that.");
}

static enum cosmo_err write_files(struct enable *enable, const struct host_proof *proof)
{
	enum cosmo_err err = close_for_new_users(&enable->edit);

	if (!err)
		err = file_changes_write(&enable->edit.changes, BACKUP_ROOT);
	if (err) {
		output_error("nothing was changed");
		return err;
	}
	if (enable->edit.changes.backup[0] && !enable->json)
		printf("The old files are in %s.\n", enable->edit.changes.backup);
	return host_proof_check(proof, &enable->edit) ? COSMO_OK : roll_back(enable);
}

static enum cosmo_err carry_out(struct enable *enable)
{
	struct host_proof proof = {0};
	enum cosmo_err err = COSMO_OK;

	if (!enable->json)
		puts("Trying whether root still gets in...");
	(void)fflush(stdout);
	if (!host_proof_begin(&proof, &enable->edit) ||
		!host_proof_rehearse(&proof, &enable->edit)) {
		output_error("nothing was changed");
		return COSMO_E_CONFIG;
	}
	err = write_files(enable, &proof);
	if (err)
		return err;
	if (enable->edit.chosen[HOST_SSHD] && !sshd_check_reload())
		output_error("sshd could not be reloaded; restart it");
	err = open_for_new_users(&enable->edit);
	if (enable->edit.enable && enable->edit.chosen[HOST_SSHD])
		sshd_check_note(waiting_flows());
	note_keys(enable);
	return err;
}

static bool confirm(const struct enable *enable)
{
	if (enable->edit.enable && !enable->no_local_root && !local_root_reachable()) {
		output_error(
			"no local account could reach root here: root has neither a password nor an SSH key that "
			"sshd takes, and no local member of sudo, wheel or admin has a password. Should the IdP be "
			"out of reach, nobody could mend this host. Set one up first, or say --no-local-root if "
			"that is intended.");
		return false;
	}
	return output_confirm("These files will be changed as shown.", enable->yes);
}

/* What is going to be changed, for people. */
static void show(const struct enable *enable)
{
	if (enable->json)
		return;
	if (!file_changes_any(&enable->edit.changes))
		puts("The files are so already.");
	file_changes_print(&enable->edit.changes, stdout);
	(void)fflush(stdout);
}

static int enable_targets(struct enable *enable)
{
	enum cosmo_err err = host_edit_plan(&enable->edit);
	sigset_t before;

	if (err) {
		output_error("nothing was changed");
		return err == COSMO_E_FORMAT || err == COSMO_E_UNSAFE_FILE ||
				       err == COSMO_E_NOT_FOUND
			       ? EXIT_CODE_MISCONFIGURED
			       : (int)exit_code_of(err);
	}
	show(enable);
	if (enable->dry_run)
		return EXIT_CODE_OK;
	if (file_changes_any(&enable->edit.changes) && !confirm(enable)) {
		output_error("nothing was changed");
		return EXIT_CODE_DENIED;
	}
	signal_hold(&before);
	err = carry_out(enable);
	signal_release(&before);
	if (!err && !enable->json)
		puts("Done.");
	return (int)exit_code_of(err);
}

static int choose(
	const struct command *self, struct host_edit *edit, int argc, char **argv, int first)
{
	if (first == argc)
		return command_usage_error(self, "say which of " TARGETS);
	for (int i = first; i < argc; i++) {
		size_t target = 0;

		while (target < HOST_TARGET_COUNT && !streq(argv[i], host_target_name(target)))
			target++;
		if (target == HOST_TARGET_COUNT)
			return command_usage_error(self, "\"%s\" is none of " TARGETS, argv[i]);
		edit->chosen[target] = true;
	}
	return EXIT_CODE_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct enable enable = {.edit.enable = self == &command_enable};
	const struct option_spec specs[] = {
		{"yes", OPTION_FLAG, &enable.yes},
		{"dry-run", OPTION_FLAG, &enable.dry_run},
		{"json", OPTION_FLAG, &enable.json},
		{"no-local-root", OPTION_FLAG, &enable.no_local_root},
	};
	size_t count = COSMO_ARRAY_LEN(specs) - (enable.edit.enable ? 0 : 1);
	int first = 0;
	int code = 0;

	if (!options_parse(self, argc, argv, specs, count, &first))
		return EXIT_CODE_USAGE;
	code = choose(self, &enable.edit, argc, argv, first);
	if (code != EXIT_CODE_OK)
		return code;
	if (geteuid() != 0) {
		output_failure(COSMO_E_NOT_ROOT, NULL, NULL);
		return (int)exit_code_of(COSMO_E_NOT_ROOT);
	}
	code = enable_targets(&enable);
	if (enable.json)
		enable_report_print(&enable.edit, enable.dry_run, code);
	file_changes_done(&enable.edit.changes);
	return code;
}

#define TARGET_HELP                                                                                \
	"  nss           users and groups in " HOST_NSSWITCH "\n"                                  \
	"  sshd          /etc/pam.d/sshd and " HOST_SSHD_DROPIN "\n"                               \
	"  login         /etc/pam.d/login\n"                                                       \
	"  sudo          /etc/pam.d/sudo and sudo-i\n"                                             \
	"  su            /etc/pam.d/su, and su-l where that is no part of it\n"                    \
	"  cron          /etc/pam.d/cron, or crond\n"                                              \
	"  atd           /etc/pam.d/atd\n"                                                         \
	"  polkit-1      /etc/pam.d/polkit-1: pkexec and what else polkit lets only some do\n"     \
	"  systemd-user  /etc/pam.d/systemd-user: each user's own service manager\n\n"

const struct command command_enable = {
	.name = "enable",
	.arguments = "[--dry-run] [--json] [--yes] [--no-local-root] TARGET...",
	.summary = "Let the host's services use single sign-on",
	.help = TARGET_HELP
	"  --dry-run         show the changes only\n"
	"  --json            print one object (dry_run, changed, files, backup, notes)\n"
	"  --yes             do not ask\n"
	"  --no-local-root   go on although no local account could reach root\n\n"
	"The account and session phases for root (in su its authentication too) are tried with the change\n"
	"before anything is written, and again, with sshd -t and sshd -T, after it; if they fail, everything\n"
	"is put back. The old files are kept below " BACKUP_ROOT ".\n"
	"Exit code 1: not confirmed; 4: a file, or sshd, or PAM does not allow the change; nothing was\n"
	"changed, or everything put back.\n",
	.run = run,
};

const struct command command_disable = {
	.name = "disable",
	.arguments = "[--dry-run] [--json] [--yes] TARGET...",
	.summary = "Take single sign-on out of the host's services again",
	.help = TARGET_HELP
	"  --dry-run   show the changes only\n"
	"  --json      print one object (dry_run, changed, files, backup, notes)\n"
	"  --yes       do not ask\n\n"
	"Exit code 1: not confirmed; 4: a file, or sshd, or PAM does not allow the\n"
	"change; nothing was changed, or everything put back.\n",
	.run = run,
};
