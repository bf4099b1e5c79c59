/* SPDX-License-Identifier: MIT */
/* What enable and disable change for each of their targets. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "ctl/file_change.h"
#include "ctl/pam_edit.h"

#define HOST_NSSWITCH     "/etc/nsswitch.conf"
#define HOST_SSHD_DROPIN  "/etc/ssh/sshd_config.d/30-cosmo-sso.conf"
#define HOST_PAM_FOLDER   "/etc/pam.d"
#define HOST_MAX_SERVICES 3

enum host_target {
	HOST_NSS,
	HOST_SSHD,
	HOST_LOGIN,
	HOST_SUDO,
	HOST_SU,
	HOST_CRON,
	HOST_ATD,
	HOST_POLKIT,
	HOST_SYSTEMD_USER,
	HOST_TARGET_COUNT,
};

struct host_edit {
	bool enable;
	bool chosen[HOST_TARGET_COUNT];
	struct file_changes changes;
};

/* "nss" and so on, by enum host_target; NULL behind the last. */
const char *host_target_name(size_t target);

/* PAM service number @index of @target; NULL behind its last. */
const char *host_target_service(size_t target, size_t index);

/* What lines its PAM services get; of HOST_NSS nothing. */
enum pam_edit_kind host_target_kind(size_t target);

/*
 * Fill edit->changes in the order in which they are to be written: users become visible after the
 * services that gate them, and vanish before. Errors, said on standard error: COSMO_E_NOT_FOUND (no
 * sshd, no nsswitch.conf), COSMO_E_FORMAT, those of file_changes_add().
 */
COSMO_MUST_USE enum cosmo_err host_edit_plan(struct host_edit *edit);
