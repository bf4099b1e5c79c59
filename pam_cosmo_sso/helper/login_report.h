/* SPDX-License-Identifier: MIT */
/* What a test sign-in came to, told to the administrator who made it. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/decision_preview.h"

/* One whose person is known by now; everything borrowed. */
struct login_report {
	struct admin *admin;
	struct exchange *exchange; /* of the person, at the service it was made for */
	const struct admission *began;
	const struct identity *who;
	bool as_if_connected;
	enum cosmo_err newcomer; /* of somebody without a record: admission_check_newcomer() */
	struct decision_preview before; /* how it was decided, before anything was written */
};

/* What the sign-in comes to, as @decided, unless it is somebody's whom no door would have asked the
 * IdP about. */
enum cosmo_err login_report_outcome(const struct login_report *report, enum cosmo_err decided);

/* Send the LOGIN_ITEM for a sign-in with this @outcome. Errors: those of admin_send(). */
COSMO_MUST_USE enum cosmo_err login_report_person(
	const struct login_report *report, enum cosmo_err outcome);

/*
 * Send a SERVICE_ITEM for each of sshd, login and sudo, and for the exchange's own: as things are
 * now, written or not. Errors: those of admin_send().
 */
COSMO_MUST_USE enum cosmo_err login_report_services(const struct login_report *report);

/* The first of them that asks for sign-ins, or NULL. */
const char *login_report_default_service(const struct config *config);
