/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/caller.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam_cosmo_sso/module/sshd_title.h"
#include "pam_cosmo_sso/module/sudo_options.h"

/* Whose text fits a window, not a terminal. */
static const char *const greeters[] = {
	"gdm*",
	"greetd",
	"lightdm*",
	"sddm*",
	"lxdm*",
	"xdm*",
	"kde*",
	"kscreen*",
	"*screensaver*",
	"xscreensaver*",
	"xrdp*",
	"polkit-1",
};

/* sudo's. They set PAM_SILENT in each call, and show what is said all the same. */
static const char *const silent_by_habit[] = {"sudo", "sudo-i"};

static const char *item(pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

static bool has_conversation(pam_handle_t *pamh)
{
	const void *value = NULL;
	const struct pam_conv *conv = NULL;

	if (pam_get_item(pamh, PAM_CONV, &value) != PAM_SUCCESS)
		return false;
	conv = value;
	return conv && conv->conv;
}

static bool is_greeter(const char *service, const char *tty)
{
	if (tty && tty[0] == ':')
		return true;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(greeters); i++)
		if (fnmatch(greeters[i], service, 0) == 0)
			return true;
	return false;
}

/* cron and ftp servers put words into PAM_TTY that are no terminals. */
static bool is_terminal(const char *tty)
{
	char path[PATH_MAX] = "";
	struct stat status = {0};
	int len = 0;

	if (!tty || !tty[0])
		return false;
	len = snprintf(path, sizeof(path), "%s%s", tty[0] == '/' ? "" : "/dev/", tty);
	return len > 0 && (size_t)len < sizeof(path) && stat(path, &status) == 0 &&
	       S_ISCHR(status.st_mode);
}

static bool is_of_sudo(const char *service)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(silent_by_habit); i++)
		if (streq(service, silent_by_habit[i]))
			return true;
	return false;
}

static bool is_silent(int flags, const char *service)
{
	return ((unsigned int)flags & PAM_SILENT) != 0 && !is_of_sudo(service);
}

/* sshd's method password answers no question but the password's, and keeps what it is told until
 * somebody is logged in: it is not spoken to. */
static bool is_password_method(const struct caller *caller, bool authenticates)
{
	return authenticates && caller->is_sshd && sshd_title_is_of_password();
}

static enum caller_style style_of(const struct caller *caller)
{
	if (caller->is_silent || !has_conversation(caller->pamh))
		return CALLER_MUTE;
	/* Its text would be shown, and nobody be there to read it. */
	if (is_of_sudo(caller->service) && sudo_options_forbid_asking())
		return CALLER_MUTE;
	if (caller->is_sshd)
		return CALLER_PROMPT;
	if (is_greeter(caller->service, caller->tty))
		return CALLER_GREETER;
	return is_terminal(caller->tty) ? CALLER_TERMINAL : CALLER_MUTE;
}

/* libpam calls a conversation that is not there, and takes its host down with it. */
static const char *user_of(pam_handle_t *pamh, bool authenticates)
{
	const char *user = NULL;

	if (!authenticates || !has_conversation(pamh))
		return item(pamh, PAM_USER);
	return pam_get_user(pamh, &user, NULL) == PAM_SUCCESS ? user : NULL;
}

enum cosmo_err caller_read(pam_handle_t *pamh, int flags, bool authenticates, struct caller *ret)
{
	struct caller caller = {
		.pamh = pamh,
		.service = item(pamh, PAM_SERVICE),
		.user = user_of(pamh, authenticates),
		.rhost = item(pamh, PAM_RHOST),
		.tty = item(pamh, PAM_TTY),
		.ssh_auth_info = pam_getenv(pamh, "SSH_AUTH_INFO_0"),
		.ruid = getuid(),
		.is_root = geteuid() == 0,
	};

	if (!caller.user || !caller.user[0])
		return COSMO_E_NOT_OURS;
	if (!caller.service)
		caller.service = "";
	caller.is_sshd = streq(caller.service, "sshd") || streq(caller.tty, "ssh");
	caller.is_silent =
		is_silent(flags, caller.service) || is_password_method(&caller, authenticates);
	caller.style = style_of(&caller);
	*ret = caller;
	return COSMO_OK;
}
