/* SPDX-License-Identifier: MIT */
/* One decision about a verified identity: what is read under the writer lock, and what comes of it.
 */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/admission.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/integration.h"

/* The first four are given, and borrowed. */
struct decision_case {
	struct exchange *exchange;
	const struct admission *began;
	const struct identity *identity;
	struct integration *integration; /* NULL: never connected */
	struct record *record;           /* as it will be written; NULL: not made yet */
	bool is_new;
	bool is_holder;       /* not new, and the person whom the name belongs to */
	bool as_if_connected; /* nothing is going to be written */
	struct gate_view gate;
	char *former; /* subject of the person it was taken over from; NULL: of nobody */
	char subject_name[COSMO_MAX_NAME_BYTES + 1]; /* "": nobody */
	int64_t now_s;
};

/* What is to be written, once that is decided. */
struct decision_outcome {
	uint64_t roles;
	enum cosmo_err refusal; /* why nothing is left of the person's roles; COSMO_OK: something is
				 */
};

void decision_case_done(struct decision_case *decided);
COSMO_AUTO_DEFINE(struct decision_case *, decision_case_done);

/*
 * Read gate, integration and records, and decide (policy_person()). COSMO_OK: a record is to be
 * written. Errors: those of policy_person(), name_entry_check().
 */
COSMO_MUST_USE enum cosmo_err decision_case_settle(
	struct decision_case *decided, struct decision_outcome *ret);

/* After that: decided->record as it will be, in memory. Errors: COSMO_E_NOMEM, those of
 * rebind_assign(), confirmation_apply(). */
COSMO_MUST_USE enum cosmo_err decision_case_draft(
	struct decision_case *decided, const struct decision_outcome *outcome);

/* Once the record is as it is to be: what this service says. Errors: the refusal of @outcome, those
 * of policy_service(). */
COSMO_MUST_USE enum cosmo_err decision_case_check_service(
	const struct decision_case *decided, const struct decision_outcome *outcome);

/* The record that the store has; NULL: none. */
const struct record *decision_case_stored(const struct decision_case *decided);
