/* SPDX-License-Identifier: MIT */
/* The seven questions a judge can be asked; each answers on the peer's channel and is then done. */
#pragma once

#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/dialogue.h"
#include "pam_cosmo_sso/judge/reason.h"

/* One exchange; borrowed members. */
struct request {
	struct dialogue *peer; /* helper or ctl */
	struct dialogue *fetch;
	const struct message *message;
	struct reason why;
	const char *step;   /* what is being asked, for a failure; static; NULL: not told */
	int64_t idp_time_s; /* the IdP's clock, likewise; 0: not told */
};

/* What they return goes out as JUDGE_FAILED with `why`; COSMO_OK: the answer has been sent. */
COSMO_MUST_USE enum cosmo_err request_sign_in(struct request *request);
COSMO_MUST_USE enum cosmo_err request_probe(struct request *request);
COSMO_MUST_USE enum cosmo_err request_rules(struct request *request);
COSMO_MUST_USE enum cosmo_err request_verify(struct request *request);
COSMO_MUST_USE enum cosmo_err request_check(struct request *request);
COSMO_MUST_USE enum cosmo_err request_revoke(struct request *request);
COSMO_MUST_USE enum cosmo_err request_refresh(struct request *request);

/* Send @message, which is freed. Errors: those of dialogue_send(). */
COSMO_MUST_USE enum cosmo_err request_send(struct request *request, struct message *message);
