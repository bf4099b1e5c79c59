/* SPDX-License-Identifier: MIT */
/* JUDGE_MATCH: what the rules looked at, told to whoever asks for more than the outcome. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/judge/claims.h"
#include "pam_cosmo_sso/judge/request.h"

/* The longest part of @value that a message takes; never half a character. In @ret of @ret_size. */
void match_answer_cut(const char *value, char *ret, size_t ret_size);

/* A rule that met a value. @context: the request. Errors: those of request_send(). */
COSMO_MUST_USE enum cosmo_err match_answer_match(
	const char *rule, const char *value, void *context);

/* Every value that the rules are about to look at, and how many they are not. @context: the
 * request. Errors: those of request_send(). */
COSMO_MUST_USE enum cosmo_err match_answer_values(
	const struct claim_values *values, size_t passed_over, void *context);

/* A rule that is wrong. Errors: those of request_send(). */
COSMO_MUST_USE enum cosmo_err match_answer_wrong(
	struct request *request, const char *rule, enum cosmo_err wrong, const char *detail);
