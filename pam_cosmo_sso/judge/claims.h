/* SPDX-License-Identifier: MIT */
/* From claims to a person: name, subject, roles' values. Only configured claims are consulted. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/parse.h"
#include "common/claim_state.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/reason.h"

/* Where claims come from: the ID token first; userinfo only for what the token lacks. */
struct claim_sources {
	struct json_object *id_token; /* after a refresh that brought none: userinfo's claims */
	struct json_object *userinfo; /* NULL: not asked, or in the place of the ID token */
};

/*
 * The claim @name: a member of exactly that name (names may hold dots and slashes); else, if @name
 * begins with '/', a JSON pointer (RFC 6901) such as "/resource_access/my.client/roles"; else, if
 * it has dots, the members along "realm_access.roles". Borrowed; NULL when there is none or it is
 * null.
 */
struct json_object *claims_find(const struct claim_sources *sources, const char *name);

/* Values of a claim, borrowed from it. */
struct claim_values {
	const char **items;
	size_t count;
	size_t size;
};
void claim_values_free(struct claim_values *values);
COSMO_AUTO_DEFINE(struct claim_values *, claim_values_free);

/*
 * The values of the roles claim: a string is one, an array each of its strings, an object each of
 * its member names; empty strings are none. The caller owns *ret, claim_values_free(). Errors:
 * COSMO_E_CLAIM_OVERAGE (the IdP left the claim out because there are too many values:
 * "_claim_names" names it, or the claim that the path @name begins in; or "hasgroups" stands in
 * place of "groups"), COSMO_E_CLAIM_TYPE, COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err claims_values(const struct claim_sources *sources, const char *name,
	struct reason *why, enum claim_state *ret_state, struct claim_values **ret);

/*
 * Take @prefix off every value; those that do not begin with it, and those of which nothing else is
 * left, are passed over: two values never become one that they were not. NULL: all stay as they
 * are.
 */
void claim_values_strip(struct claim_values *values, const char *prefix);

/* How the username claim becomes a login name. */
#define CLAIMS_MAX_DOMAINS 64
struct username_policy {
	const char *claim;
	const char *strip_domains[CLAIMS_MAX_DOMAINS]; /* their "@domain" is taken off */
	size_t strip_domain_count;
	bool keep_domains; /* others stay as "name@domain"; else they are refused */
};

/*
 * The login name: lower case (ASCII), domains as configured, valid by login_name_is_valid(). No
 * other claim ever stands in. Errors: COSMO_E_NAME_MISSING, COSMO_E_NAME_FORM.
 */
COSMO_MUST_USE enum cosmo_err claims_username(const struct claim_sources *sources,
	const struct username_policy *policy, struct reason *why,
	char ret_name[COSMO_MAX_NAME_BYTES + 1]);

#define CLAIMS_MAX_SUBJECT_BYTES 511
/*
 * The person's stable identifier, from the ID token alone: the claim @names, or several separated
 * by blanks ("tid oid"), whose values are joined by '/'. Errors: COSMO_E_TOKEN_SUB (one is missing,
 * no string, empty, too long together, or holds a '/' where several are joined).
 */
COSMO_MUST_USE enum cosmo_err claims_subject(struct json_object *id_token, const char *names,
	struct reason *why, char ret_subject[CLAIMS_MAX_SUBJECT_BYTES + 1]);

/* A uid: a whole number or a string of digits below 2^32 - 1. Errors: COSMO_E_NOT_FOUND,
 * COSMO_E_TOKEN_CLAIM. */
COSMO_MUST_USE enum cosmo_err claims_uid(const struct claim_sources *sources, const char *name,
	struct reason *why, uint32_t *ret_uid);
