/* SPDX-License-Identifier: MIT */
/* From the claims of one answer to what is told of a person: name, subject, roles. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"
#include "pam_cosmo_sso/judge/claims.h"
#include "pam_cosmo_sso/judge/reason.h"
#include "pam_cosmo_sso/judge/role_rules.h"

/* The RULE fields of @request, compiled. The caller frees *ret. Errors: those of role_rules_add().
 */
COSMO_MUST_USE enum cosmo_err person_read_rules(
	const struct message *request, struct reason *why, struct role_rules **ret);

/* Does @request ask for a claim that the ID token lacks? */
bool person_needs_userinfo(const struct message *request, struct json_object *id_token);

/*
 * Put USERNAME, SUB, ROLE and CLAIM_STATE into @answer. @rules and @on_match as for
 * role_rules_apply(). Errors: those of claims_username(), claims_subject(), claims_values(),
 * role_rules_apply().
 */
COSMO_MUST_USE enum cosmo_err person_put(const struct message *request,
	const struct claim_sources *sources, const struct role_rules *rules,
	role_match_fn *on_match, void *context, struct reason *why, struct message *answer);

/* The roles and CLAIM_STATE alone. Errors: as person_put(). */
COSMO_MUST_USE enum cosmo_err person_put_roles(const struct message *request,
	const struct claim_sources *sources, const struct role_rules *rules,
	role_match_fn *on_match, void *context, struct reason *why, struct message *answer);
