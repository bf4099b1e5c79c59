/* SPDX-License-Identifier: MIT */
/* Every decision about a person, pure: what is known in, allow or the one reason out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/effective_roles.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/records.h"

/* A sign-in at the moment of its decision; all read under the writer lock. */
struct policy_case {
	const struct config *config;
	const struct config_service *service;
	const char *user; /* PAM_USER */
	const struct identity *identity;
	const unsigned char *began; /* integration id under which the flow began */
	struct gate_view gate;
	const struct integration *integration;
	const struct record *record; /* of @user; NULL: never enrolled */
	const char *subject_name;    /* the name enrolled for the identity's person; NULL: none */
	enum cosmo_err account; /* whether name, uid and home may be used: COSMO_OK or why not */
	uint32_t sign_outs;     /* of the record when the flow began; 0: there was none */
	int64_t now_s;
};

/*
 * May this identity be written as @user's? Checked in exactly this order, the first that fails is
 * the answer:
 *  1. the integration is the one the flow began under: COSMO_E_DISCONNECTED, _INTEGRATION_CHANGED
 *  2. the issuer is the configured one: COSMO_E_TOKEN_ISS
 *  3. the username is @user, byte for byte: COSMO_E_OTHER_USER
 *  4. the person is the one enrolled for @user, or an administrator lets another one take the name
 *     over (rebind_is_open()): COSMO_E_OTHER_SUBJECT, or COSMO_E_OTHER_ISSUER where the name's
 *     person is one of an IdP that this host was connected to before
 *  5. no other name is enrolled for the person: COSMO_E_SUBJECT_TAKEN
 *  6. the account may be used: COSMO_E_REMOVED, COSMO_E_LOCKED, COSMO_E_SIGNED_OUT (an
 * administrator has ended what the name had since the flow began), then @account
 *  7. what the service demands of the sign-in: COSMO_E_STEP_UP
 *  8. the roles: COSMO_E_CLAIM_MISSING, COSMO_E_RULE_ROLE (not declared), COSMO_E_NO_ROLE
 * On COSMO_OK *ret_roles is the bit mask over config->roles, never 0.
 */
COSMO_MUST_USE enum cosmo_err policy_person(
	const struct policy_case *question, uint64_t *ret_roles);

/* Step 7 alone, of .acr, .amr and .auth_time_s of @who. @skew_s: how far the clocks may differ.
 * Errors: COSMO_E_STEP_UP. */
COSMO_MUST_USE enum cosmo_err policy_demands(const struct config_service *service, int64_t skew_s,
	const struct identity *who, int64_t now_s);

/* Step 8 alone: the roles that follow from the identity's claim and what the rules made of it. */
COSMO_MUST_USE enum cosmo_err policy_roles(
	const struct config *config, const struct identity *identity, uint64_t *ret_roles);

/* The last step of a sign-in, when the person's record may be written already: does the service let
 * these confirmed @roles in? Errors: COSMO_E_SERVICE. */
COSMO_MUST_USE enum cosmo_err policy_service(const struct config_service *service, uint64_t roles);

/*
 * The account phase: may the user of @record (NULL: none) pass @service now? Errors:
 * COSMO_E_NOT_ENROLLED; COSMO_E_REMOVED, COSMO_E_LOCKED and what the record says the IdP refused,
 * in every service; COSMO_E_DISCONNECTED, COSMO_E_INTEGRATION_CHANGED, COSMO_E_LEASE_OVER,
 * COSMO_E_SIGNED_OUT where [access] does not name viewer; COSMO_E_SERVICE.
 */
COSMO_MUST_USE enum cosmo_err policy_account(const struct config *config,
	const struct config_service *service, const struct record *record,
	const struct gate_view *gate, int64_t now_s);

/* P7 for @record: the roles that count at @now_s, and why they are no more. */
struct effective_roles policy_effective(const struct config *config, const struct record *record,
	const struct gate_view *gate, int64_t now_s);

/* The record's roles as bits over config->roles; names the configuration lacks are left out. */
uint64_t policy_record_roles(const struct config *config, const struct record *record);
