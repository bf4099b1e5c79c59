/* SPDX-License-Identifier: MIT */
#include "ctl/host_edit.h"

#include <stdlib.h>

#include "ctl/nsswitch_edit.h"
#include "ctl/output.h"
#include "ctl/pam_edit.h"
#include "ctl/pam_vendor.h"
#include "ctl/sshd_check.h"
#include "ctl/sshd_edit.h"
#include "ctl/waiting_flows.h"

static const struct {
	const char *name;
	const char *services[HOST_MAX_SERVICES + 1];
	enum pam_edit_kind kind;
} targets[HOST_TARGET_COUNT] = {
	[HOST_NSS] = {"nss", {NULL}, PAM_EDIT_ENTRY},
	[HOST_SSHD] = {"sshd", {"sshd", NULL}, PAM_EDIT_LOGIN},
	[HOST_LOGIN] = {"login", {"login", NULL}, PAM_EDIT_LOGIN},
	[HOST_SUDO] = {"sudo", {"sudo", "sudo-i", NULL}, PAM_EDIT_ENTRY},
	[HOST_SU] = {"su", {"su", "su-l", NULL}, PAM_EDIT_SU},
	[HOST_CRON] = {"cron", {"cron", "crond", NULL}, PAM_EDIT_JOB},
	[HOST_ATD] = {"atd", {"atd", NULL}, PAM_EDIT_JOB},
	[HOST_POLKIT] = {"polkit-1", {"polkit-1", NULL}, PAM_EDIT_ENTRY},
	[HOST_SYSTEMD_USER] = {"systemd-user", {"systemd-user", NULL}, PAM_EDIT_JOB},
};

const char *host_target_name(size_t target)
{
	return target < HOST_TARGET_COUNT ? targets[target].name : NULL;
}

const char *host_target_service(size_t target, size_t index)
{
	return index < HOST_MAX_SERVICES ? targets[target].services[index] : NULL;
}

enum pam_edit_kind host_target_kind(size_t target)
{
	return targets[target].kind;
}

/* Take over what an edit made of the file, or say why it made nothing. */
static enum cosmo_err finish(
	struct file_change *change, enum cosmo_err err, char *after, const char *problem)
{
	if (!err)
		file_change_set(change, after);
	else if (problem)
		output_error("%s %s", change->path, problem);
	else
		output_error("%s: %s", change->path, cosmo_err_text(err));
	return err;
}

static enum cosmo_err plan_nss(struct host_edit *edit)
{
	struct file_change *change = NULL;
	const char *problem = NULL;
	char *after = NULL;
	enum cosmo_err err = file_changes_add(&edit->changes, HOST_NSSWITCH, &change);

	if (err)
		return err;
	if (!change->before) {
		if (!edit->enable)
			return COSMO_OK;
		return finish(change, COSMO_E_NOT_FOUND, NULL,
			"is not there; make it with `passwd: files` and `group: files`");
	}
	err = edit->enable ? nsswitch_enable(change->before, &after, &problem)
			   : nsswitch_disable(change->before, &after);
	return finish(change, err, after, problem);
}

/* Debian's su-l is su's file with a line more: what stands in that holds for it too. */
static bool is_covered(const char *text, const char *service, enum pam_edit_kind kind)
{
	return kind == PAM_EDIT_SU && !streq(service, "su") && !pam_edit_has_module(text) &&
	       pam_edit_includes(text, "su");
}

/* @before NULL: the service's file is the vendor's. */
static enum cosmo_err enabled_text(const char *before, const char *service, enum pam_edit_kind kind,
	char **ret, const char **ret_problem)
{
	COSMO_AUTO(free) char *front = NULL;
	enum cosmo_err err = before ? COSMO_OK : pam_vendor_front(service, &front);

	return err ? err : pam_edit_enable(before ? before : front, kind, ret, ret_problem);
}

/* NULL where nothing is left but what lets the vendor's file through. */
static enum cosmo_err disabled_text(
	const char *before, const char *service, char **ret, const char **ret_problem)
{
	COSMO_AUTO(free) char *rest = NULL;
	COSMO_AUTO(free) char *front = NULL;
	enum cosmo_err err = pam_edit_disable(before, &rest, ret_problem);

	if (!err)
		err = pam_vendor_front(service, &front);
	if (!err && !streq(rest, front))
		*ret = COSMO_STEAL(&rest);
	return err;
}

/* Our auth line of su stands behind others of its file, which in the vendor's it cannot. */
static bool is_vendors(const char *service, enum pam_edit_kind kind)
{
	return kind != PAM_EDIT_SU && pam_vendor_has(service);
}

static enum cosmo_err plan_pam(struct host_edit *edit, const char *service, enum pam_edit_kind kind)
{
	struct file_change *change = NULL;
	char path[128] = "";
	const char *problem = NULL;
	char *after = NULL;
	enum cosmo_err err = COSMO_OK;

	snprintf(path, sizeof(path), "%s/%s", HOST_PAM_FOLDER, service);
	err = file_changes_add(&edit->changes, path, &change);
	if (err)
		return err;
	if (!change->before && !(edit->enable && is_vendors(service, kind))) {
		edit->changes.count--;
		output_note("there is no %s here; PAM service %s is left alone.", path, service);
		return COSMO_OK;
	}
	if (edit->enable && change->before && is_covered(change->before, service, kind))
		return COSMO_OK;
	err = edit->enable ? enabled_text(change->before, service, kind, &after, &problem)
			   : disabled_text(change->before, service, &after, &problem);
	return finish(change, err, after, problem);
}

/*
 * The MaxStartups to write into the drop-in that is as @before, or NULL: sshd's is high enough.
 * What we wrote earlier is what sshd tells now, so it stays, and is never lowered: by now it may be
 * relied on.
 */
static const char *startups_for(const char *before, char ret[SSHD_STARTUPS_BYTES])
{
	struct sshd_startups startups = {0};
	uint32_t flows = waiting_flows();

	if (!sshd_check_startups(&startups))
		return NULL;
	if (sshd_startups_suffice(&startups, flows) && !sshd_edit_has_startups(before))
		return NULL;
	sshd_startups_raise(&startups, flows);
	sshd_startups_format(&startups, ret);
	return ret;
}

static enum cosmo_err plan_sshd(struct host_edit *edit)
{
	struct file_change *change = NULL;
	char startups[SSHD_STARTUPS_BYTES] = "";
	const char *problem = NULL;
	char *after = NULL;
	enum cosmo_err err = COSMO_OK;

	if (edit->enable && !sshd_check_present()) {
		output_error("there is no sshd on this host; install it, or leave sshd out");
		return COSMO_E_NOT_FOUND;
	}
	err = file_changes_add(&edit->changes, HOST_SSHD_DROPIN, &change);
	if (err)
		return err;
	err = edit->enable ? sshd_edit_enable(change->before,
				     startups_for(change->before, startups), &after, &problem)
			   : sshd_edit_disable(change->before, &after, &problem);
	return finish(change, err, after, problem);
}

static enum cosmo_err plan_target(struct host_edit *edit, enum host_target target)
{
	enum cosmo_err err = COSMO_OK;

	if (target == HOST_NSS)
		return plan_nss(edit);
	for (size_t i = 0; host_target_service(target, i) && !err; i++)
		err = plan_pam(edit, host_target_service(target, i), targets[target].kind);
	return err || target != HOST_SSHD ? err : plan_sshd(edit);
}

enum cosmo_err host_edit_plan(struct host_edit *edit)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < HOST_TARGET_COUNT && !err; i++) {
		size_t target = edit->enable ? HOST_TARGET_COUNT - 1 - i : i;

		if (edit->chosen[target])
			err = plan_target(edit, (enum host_target)target);
	}
	return err;
}
