/* SPDX-License-Identifier: MIT */
/* May this sign-in go as far as asking the IdP? */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/flow.h"
#include "pam_cosmo_sso/helper/rate_limit.h"

struct admission {
	unsigned char began[INTEGRATION_BYTES]; /* the integration this sign-in belongs to */
	uint32_t sign_outs;                     /* of the record, as policy_case has them */
	bool is_signed_in; /* recently, in this session: nobody is asked, nothing was taken */
	struct rate_limit *limit;
	struct flow *flow;
};

/* Both are kept while the sign-in lasts. The flow goes last: with its end a newer one goes on. */
void admission_done(struct admission *admission);
COSMO_AUTO_DEFINE(struct admission *, admission_done);

/*
 * Everything that can be told without the IdP, in this order: the configuration; whether the name
 * is ours and the service wants us (COSMO_E_NOT_OURS, COSMO_E_ENROLL_OFF, COSMO_E_SERVICE_OFF);
 * what must have succeeded in sshd before (COSMO_E_FIRST_METHOD); the gate and the integration
 * (COSMO_E_DISCONNECTED, COSMO_E_MACHINE, COSMO_E_CONFIG); a sign-in that is recent enough for the
 * service (recent.h), which ends it here with ret->is_signed_in; a conversation
 * (COSMO_E_NO_PROMPT); the account (COSMO_E_REMOVED, COSMO_E_LOCKED) or the new name (those of
 * enrol_check_name()); the budgets of the hour (rate_limit_count()). Only now the same person's
 * older sign-in is told to end (flow_begin()), and a place is taken (rate_limit_take()). Nothing
 * has been asked of the IdP when any of these errors is returned. Other errors: COSMO_E_IO,
 * COSMO_E_BUSY, COSMO_E_STORE_DAMAGED, COSMO_E_UNSAFE_FILE, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err admission_check(struct exchange *exchange, struct admission *ret);

/*
 * What admission_check() would say of a sign-in to come, by all that does not depend on how it is
 * made: the first methods, a recent sign-in, the conversation and the budgets are left out, and
 * nothing is counted or taken. Errors: the others of admission_check().
 */
COSMO_MUST_USE enum cosmo_err admission_foresee(struct exchange *exchange);

/* Parts of it. By the service: does it ask for sign-ins? Errors: COSMO_E_NOT_OURS (it asks for
 * nothing), COSMO_E_SERVICE_OFF. */
COSMO_MUST_USE enum cosmo_err admission_check_service(const struct config_service *service);

/* By the name, which has no record: may it get one? Errors: COSMO_E_NOT_OURS, COSMO_E_ENROLL_OFF,
 * those of records_is_listed(). */
COSMO_MUST_USE enum cosmo_err admission_check_newcomer(struct exchange *exchange, bool *ret_listed);

/* By the state of this host: is it connected, and to what its configuration says? */
COSMO_MUST_USE enum cosmo_err admission_check_integration(
	struct exchange *exchange, unsigned char ret_began[INTEGRATION_BYTES]);
