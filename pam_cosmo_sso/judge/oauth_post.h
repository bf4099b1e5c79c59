/* SPDX-License-Identifier: MIT */
/* A question to one of the IdP's OAuth endpoints: a form, the client's authentication, an answer
 * that may be JSON. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/form.h"
#include "pam_cosmo_sso/judge/idp.h"
#include "pam_cosmo_sso/judge/json.h"
#include "pam_cosmo_sso/judge/oauth_reply.h"
#include "pam_cosmo_sso/judge/setup.h"

struct oauth_answer {
	struct idp_response response;
	struct json_object *json; /* NULL: the body is no JSON object */
};

/* Wipes and empties it; fit for a zeroed one too. */
void oauth_answer_done(struct oauth_answer *answer);
#define OAUTH_ANSWER_AUTO __attribute__((cleanup(oauth_answer_done)))

/*
 * Post @form, to which the client's authentication is added, to @url. The caller owns *ret,
 * oauth_answer_done(). Any answer is a success here. Errors: COSMO_E_IDP_CLIENT (the client is to
 * show a secret and has none: nothing was asked), those of idp_post(), COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err oauth_post(const struct setup *setup, const char *url,
	struct form *form, struct reason *why, struct oauth_answer *ret);

/* The answer as oauth_reply.h judges it; borrowed. */
struct oauth_reply oauth_answer_reply(const struct oauth_answer *answer);
