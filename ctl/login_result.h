/* SPDX-License-Identifier: MIT */
/* What a test sign-in told: collected as it comes, printed at its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/message.h"

struct json_object;

#define LOGIN_RESULT_MAX_SERVICES 8

struct login_result {
	struct json_object *matches; /* of {rule, value} */
	struct json_object *values;  /* every value that the rules looked at */
	struct json_object *matched; /* the values of @matches, as member names */
	struct message *person;      /* LOGIN_ITEM; NULL: it did not come so far */
	struct message *services[LOGIN_RESULT_MAX_SERVICES]; /* SERVICE_ITEMs */
	size_t service_count;
};

/* Errors: COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err login_result_init(struct login_result *ret);
void login_result_done(struct login_result *result);
COSMO_AUTO_DEFINE(struct login_result *, login_result_done);

/* Keep what *item tells; *item is NULL then if it is kept itself. Progress is printed as a note. */
void login_result_take(struct login_result *result, struct message **item);

/* For people. @is_dry: nothing was written. */
void login_result_print(const struct login_result *result, bool is_dry);

/* One document, with the failure told last. */
void login_result_print_json(
	const struct login_result *result, bool is_dry, enum cosmo_err outcome);
