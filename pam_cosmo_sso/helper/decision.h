/* SPDX-License-Identifier: MIT */
/* From a verified identity to the stored record, under the writer lock. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/helper/admission.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/identity.h"

/*
 * Read gate, integration and records anew under the lock, decide (policy_person()), write. On
 * COSMO_OK the sign-in is durable and may be told. After COSMO_E_SERVICE and COSMO_E_LOGIN_AGAIN
 * (sshd has frozen other ids or paths than were given) the record is written as well, but this
 * sign-in is refused; after COSMO_E_NO_ROLE and COSMO_E_CLAIM_MISSING that of somebody enrolled,
 * who has no role from then on and that error as the reason. After any other error nothing was
 * written. Whoever is let take an enrolled name over (rebind.h) gets it with what is written, which
 * is logged as an event of its own.
 * @began: what was so when the sign-in began; exchange->shown counts as well. Errors: those of
 * policy_person(), name_entry_check(),
 * policy_service(), store_lock(), uid_register_assign(), commit_user().
 */
COSMO_MUST_USE enum cosmo_err decision_make(
	struct exchange *exchange, const struct admission *began, const struct identity *identity);
