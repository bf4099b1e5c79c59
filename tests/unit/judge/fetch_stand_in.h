/* SPDX-License-Identifier: MIT */
/*
 * The far end of the judge's channel to fetch, in the same process: answers are laid ready before
 * the judge asks, requests are read afterwards.
 */
#pragma once

#include "common/dialogue.h"
#include "pam_cosmo_sso/judge/setup.h"

struct fetch_stand_in {
	int fd;                   /* our end */
	struct dialogue dialogue; /* the judge's; owns its descriptor */
};

/* All of these end the test when they fail. */

void fetch_start(struct fetch_stand_in *fetch);
void fetch_stop(struct fetch_stand_in *fetch);

/* A test of cmocka's with @fetch started before and stopped after it. */
#define WITH_FETCH(test, fetch)                                                                    \
	cmocka_unit_test_prestate_setup_teardown(test, fetch_set_up, fetch_put_away, fetch)
int fetch_set_up(void **state);
int fetch_put_away(void **state);

/* Lay a FETCH_RESPONSE ready; @retry_after_s and @max_age_s below 0 and a @date_s of 0 are left
 * out. */
struct fetch_answer {
	unsigned int status;
	const char *body;
	int64_t date_s;
	int64_t retry_after_s;
	int64_t max_age_s;
};
void fetch_lay(struct fetch_stand_in *fetch, struct fetch_answer answer);
/* A plain answer. */
void fetch_lay_body(struct fetch_stand_in *fetch, unsigned int status, const char *body);
void fetch_lay_failure(struct fetch_stand_in *fetch, enum cosmo_err err, const char *detail);

/* The next request that was sent, NULL when there is none; the caller frees it. */
struct message *fetch_request(struct fetch_stand_in *fetch);
/* The next request goes to @path of the test's IdP with @body (NULL: a GET); nothing else is told.
 */
void fetch_expect(struct fetch_stand_in *fetch, const char *path, const char *body);
/* No request is left. */
void fetch_expect_none(struct fetch_stand_in *fetch);

#define FETCH_ISSUER "https://idp.example"
/* A document of that issuer with /device, /token, /jwks, /me. */
extern const char fetch_discovery[];

/* A JUDGE_SIGN_IN of a public client of that issuer that needs no more; the caller frees it. */
struct message *fetch_question(void);
