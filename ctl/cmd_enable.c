/* SPDX-License-Identifier: MIT */
/* enable and disable: show the change, save the old files, edit, prove that root still gets in, or
 * put all back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/file_change.h"
#include "ctl/local_root.h"
#include "ctl/nsswitch_edit.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/pam_check.h"
#include "ctl/pam_edit.h"
#include "ctl/sshd_check.h"

#define NSSWITCH    "/etc/nsswitch.conf"
#define SSHD_DROPIN "/etc/ssh/sshd_config.d/30-cosmo-sso.conf"

/* The same text as etc/sshd_config.d/30-cosmo-sso.conf; a test compares them. */
static const char sshd_dropin[] =
	"# Signing in with a code is a conversation: keyboard-interactive through PAM.\n"
	"UsePAM yes\n"
	"KbdInteractiveAuthentication yes\n";

enum target {
	TARGET_NSS,
	TARGET_SSHD,
	TARGET_LOGIN,
	TARGET_SUDO,
	TARGET_COUNT,
};

static const struct {
	const char *name;
	const char *services[3]; /* PAM services */
	bool sessions;
} targets[TARGET_COUNT] = {
	[TARGET_NSS] = {"nss", {NULL}, false},
	[TARGET_SSHD] = {"sshd", {"sshd", NULL}, true},
	[TARGET_LOGIN] = {"login", {"login", NULL}, true},
	[TARGET_SUDO] = {"sudo", {"sudo", "sudo-i", NULL}, false},
};

struct enable {
	bool enable;
	bool yes;
	bool no_local_root;
	bool dry_run;
	bool chosen[TARGET_COUNT];
	struct file_changes changes;
	bool passed_before[TARGET_COUNT][3]; /* a stack that refuses root anyway proves nothing */
};

static enum cosmo_err plan_nss(struct enable *enable)
{
	struct file_change *change = NULL;
	char *after = NULL;
	enum cosmo_err err = file_changes_add(&enable->changes, NSSWITCH, &change);

	if (err)
		return err;
	if (!change->before)
		return COSMO_E_NOT_FOUND;
	err = enable->enable ? nsswitch_enable(change->before, &after)
			     : nsswitch_disable(change->before, &after);
	if (err) {
		output_error(
			"the passwd and group lines of %s are not understood; change them by hand",
			NSSWITCH);
		return err;
	}
	free(change->after);
	change->after = after;
	return COSMO_OK;
}

static enum cosmo_err plan_pam(struct enable *enable, const char *service, bool sessions)
{
	struct file_change *change = NULL;
	char path[128] = "";
	char *after = NULL;
	enum cosmo_err err = COSMO_OK;

	snprintf(path, sizeof(path), "/etc/pam.d/%s", service);
	err = file_changes_add(&enable->changes, path, &change);
	if (err)
		return err;
	if (!change->before) {
		enable->changes.count--;
		return COSMO_OK; /* a service this host does not have */
	}
	err = enable->enable ? pam_edit_enable(change->before, sessions, &after)
			     : pam_edit_disable(change->before, &after);
	if (err) {
		output_error("%s holds a damaged block of cosmo-sso; take it out by hand", path);
		return err;
	}
	free(change->after);
	change->after = after;
	return COSMO_OK;
}

static enum cosmo_err plan_sshd(struct enable *enable)
{
	struct file_change *change = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!sshd_check_present()) {
		output_error("there is no sshd on this host");
		return COSMO_E_NOT_FOUND;
	}
	err = file_changes_add(&enable->changes, SSHD_DROPIN, &change);
	if (err)
		return err;
	free(change->after);
	change->after = enable->enable ? strdup(sshd_dropin) : NULL;
	return enable->enable && !change->after ? COSMO_E_NOMEM : COSMO_OK;
}

static enum cosmo_err plan_target(struct enable *enable, enum target target)
{
	enum cosmo_err err = COSMO_OK;

	if (target == TARGET_NSS)
		err = plan_nss(enable);
	else if (target == TARGET_SSHD)
		err = plan_sshd(enable);
	for (size_t i = 0; targets[target].services[i] && !err; i++)
		err = plan_pam(enable, targets[target].services[i], targets[target].sessions);
	return err;
}

static enum cosmo_err plan(struct enable *enable)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < TARGET_COUNT && !err; i++)
		if (enable->chosen[i])
			err = plan_target(enable, (enum target)i);
	return err;
}

/* One stack with root. The first call, before the edit, remembers whether it passed. */
static bool try_root_in(const char *service, bool first, bool *passed_before)
{
	const char *problem = NULL;
	bool passes = pam_check_root(service, &problem);

	if (first)
		*passed_before = passes;
	else if (!passes && *passed_before) {
		output_error("PAM service %s: %s", service, problem);
		return false;
	}
	return true;
}

static bool try_root(struct enable *enable, bool first)
{
	for (size_t i = 0; i < TARGET_COUNT; i++)
		for (size_t k = 0; enable->chosen[i] && targets[i].services[k]; k++)
			if (!try_root_in(
				    targets[i].services[k], first, &enable->passed_before[i][k]))
				return false;
	return true;
}

static bool validate(struct enable *enable)
{
	if (!try_root(enable, false))
		return false;
	if (!enable->chosen[TARGET_SSHD])
		return true;
	return sshd_check_valid() && (!enable->enable || sshd_check_ready());
}

/* Provisional entries may be answered once sshd and nsswitch are as they must be. */
static enum cosmo_err tell_helper(struct enable *enable)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct file_changes look = {0};
	struct file_change *change = NULL;
	bool ready = false;
	enum cosmo_err err = file_changes_add(&look, NSSWITCH, &change);

	if (!err)
		ready = enable->enable && change->before &&
			nsswitch_is_last_of_passwd(change->before);
	if (!err && enable->enable && enable->chosen[TARGET_SSHD] && !ready)
		puts("Note: people this host has not seen yet cannot sign in over SSH before `cosmo-ssoctl enable nss` "
		     "and `cosmo-ssoctl enable sshd`.");
	file_changes_done(&look);
	if (!err)
		err = message_new(MESSAGE_CTL_APPLY, &request);
	if (err)
		return err;
	message_put_u64(request, FIELD_SSHD_READY, ready);
	return ask_simple(request, NULL, NULL);
}

static void note_grace(void)
{
	int64_t grace_s = sshd_check_grace_s();

	if (grace_s > 0 && grace_s < 180)
		printf("Note: sshd's LoginGraceTime is %d s; a sign-in gets 110 s of it. For more time set a longer "
		       "LoginGraceTime and `deadline` in [service sshd].\n",
			(int)grace_s);
}

static enum cosmo_err carry_out(struct enable *enable)
{
	enum cosmo_err err = COSMO_OK;

	(void)try_root(enable, true);
	err = file_changes_write(&enable->changes);
	if (err)
		return err;
	if (!validate(enable)) {
		if (file_changes_undo(&enable->changes) == COSMO_OK)
			output_error("everything was put back as it was");
		return COSMO_E_CONFIG;
	}
	if (enable->chosen[TARGET_SSHD] && !sshd_check_reload())
		output_error("sshd could not be reloaded; restart it");
	if (enable->chosen[TARGET_SSHD] || enable->chosen[TARGET_NSS])
		err = tell_helper(enable);
	if (enable->enable && enable->chosen[TARGET_SSHD])
		note_grace();
	return err;
}

static bool confirm(const struct enable *enable)
{
	if (enable->enable && !enable->no_local_root && !local_root_reachable()) {
		output_error(
			"no local account could reach root here: neither root nor a local member of sudo or "
			"wheel has a password or an SSH key. Should the IdP be out of reach, nobody could mend "
			"this host. Set one up first, or say --no-local-root if that is intended.");
		return false;
	}
	return output_confirm("These files will be changed as shown.", enable->yes);
}

static int enable_targets(struct enable *enable)
{
	enum cosmo_err err = plan(enable);

	if (err) {
		output_error("nothing was changed");
		return (int)exit_code_of(err);
	}
	if (!file_changes_any(&enable->changes))
		puts("The files are so already.");
	file_changes_print(&enable->changes, stdout);
	if (enable->dry_run)
		return EXIT_CODE_OK;
	(void)fflush(stdout);
	if (file_changes_any(&enable->changes) && !confirm(enable))
		return EXIT_CODE_DENIED;
	err = carry_out(enable);
	if (!err)
		puts("Done.");
	return (int)exit_code_of(err);
}

static int choose(
	const struct command *self, struct enable *enable, int argc, char **argv, int first)
{
	if (first == argc)
		return command_usage_error(self, "say which of nss, sshd, login, sudo");
	for (int i = first; i < argc; i++) {
		size_t target = 0;

		while (target < TARGET_COUNT && !streq(argv[i], targets[target].name))
			target++;
		if (target == TARGET_COUNT)
			return command_usage_error(
				self, "\"%s\" is none of nss, sshd, login, sudo", argv[i]);
		enable->chosen[target] = true;
	}
	return EXIT_CODE_OK;
}

static int run(const struct command *self, int argc, char **argv)
{
	struct enable enable = {.enable = self == &command_enable};
	const struct option_spec specs[] = {
		{"yes", OPTION_FLAG, &enable.yes},
		{"no-local-root", OPTION_FLAG, &enable.no_local_root},
		{"dry-run", OPTION_FLAG, &enable.dry_run},
	};
	int first = 0;
	int code = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	code = choose(self, &enable, argc, argv, first);
	if (code != EXIT_CODE_OK)
		return code;
	if (geteuid() != 0) {
		output_failure(COSMO_E_NOT_ROOT, NULL, NULL);
		return (int)exit_code_of(COSMO_E_NOT_ROOT);
	}
	code = enable_targets(&enable);
	file_changes_done(&enable.changes);
	return code;
}

#define TARGET_HELP                                                                                \
	"  nss     users and groups in " NSSWITCH "\n"                                             \
	"  sshd    /etc/pam.d/sshd and " SSHD_DROPIN "\n"                                          \
	"  login   /etc/pam.d/login\n"                                                             \
	"  sudo    /etc/pam.d/sudo and sudo-i\n\n"

const struct command command_enable = {
	.name = "enable",
	.arguments = "[--dry-run] [--yes] [--no-local-root] nss|sshd|login|sudo...",
	.summary = "Let the host's services use single sign-on",
	.help = TARGET_HELP
	"  --dry-run         show the changes only\n"
	"  --yes             do not ask\n"
	"  --no-local-root   go on although no local account could reach root\n\n"
	"The old files are kept below /var/lib/cosmo-sso/backup. After the edit, sshd -t and the account\n"
	"and session phases for root must still pass; if not, everything is put back.\n",
	.run = run,
};

const struct command command_disable = {
	.name = "disable",
	.arguments = "[--dry-run] [--yes] nss|sshd|login|sudo...",
	.summary = "Take single sign-on out of the host's services again",
	.help = TARGET_HELP "  --dry-run   show the changes only\n"
			    "  --yes       do not ask\n",
	.run = run,
};
