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

/* Does the ID token lack the one claim that a refresh is about? */
bool person_lacks_roles(const struct message *request, struct json_object *id_token);

/* Told of all values before the rules look at them, and how many they will not look at, since they
 * do not begin with the prefix; anything but COSMO_OK ends the work. */
typedef enum cosmo_err person_values_fn(
	const struct claim_values *values, size_t passed_over, void *context);

/* The rules to apply and who is told of the matches, as for role_rules_apply(). */
struct person_rules {
	const struct role_rules *rules;
	role_match_fn *on_match;     /* NULL: nobody */
	person_values_fn *on_values; /* NULL: nobody */
	void *context;
};

/*
 * Put USERNAME, SUB, ROLE and CLAIM_STATE into @answer, and DETAIL where there is no role. Errors:
 * those of claims_username(), claims_subject(), claims_values(), role_rules_apply().
 */
COSMO_MUST_USE enum cosmo_err person_put(const struct message *request,
	const struct claim_sources *sources, const struct person_rules *rules, struct reason *why,
	struct message *answer);

/* The same for somebody who is known by the subject already: where there is no username claim,
 * USERNAME is empty. */
COSMO_MUST_USE enum cosmo_err person_put_again(const struct message *request,
	const struct claim_sources *sources, const struct person_rules *rules, struct reason *why,
	struct message *answer);

/* Either of them. */
typedef enum cosmo_err person_put_fn(const struct message *request,
	const struct claim_sources *sources, const struct person_rules *rules, struct reason *why,
	struct message *answer);
