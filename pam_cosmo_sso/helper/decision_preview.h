/* SPDX-License-Identifier: MIT */
/* What a sign-in would come to, for the administrator who tries one. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/subject_state.h"
#include "pam_cosmo_sso/helper/admission.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/identity.h"

/* What decision_make() would come to. */
struct decision_preview {
	enum subject_state subject;
	bool has_uid;           /* not where the name is another person's, or none can be told */
	uint32_t uid;           /* the person's, or the one that would be given */
	uint64_t roles;         /* bits over config->roles; 0: none */
	enum cosmo_err account; /* what the account phase would say after it, in the service */
};

/*
 * Decide in the same way and write nothing. @as_if_connected: as it would be once this host is
 * connected as its configuration says; @began->began is taken for the integration then. Returns
 * what decision_make() would; *ret is filled whatever that is.
 */
COSMO_MUST_USE enum cosmo_err decision_preview(struct exchange *exchange,
	const struct admission *began, const struct identity *identity, bool as_if_connected,
	struct decision_preview *ret);
