/* SPDX-License-Identifier: MIT */
/* Why no role came of somebody's claims, in words for administrators. */
#pragma once

#include "pam_cosmo_sso/judge/claims.h"

/* What the rules looked at in vain. */
struct role_hint {
	const struct claim_sources *sources;
	const char *claim; /* its name */
	enum claim_state state;
	const struct claim_values *values; /* as the rules saw them */
	const char *prefix;                /* that was taken off them; NULL: none */
};

/*
 * Say that the claim is not there, and which claims could be meant; that it has no value; or that
 * none matches, and what they look like. Claims' names stand in it, never a value of one: what
 * groups somebody is in has no place in a log.
 */
void role_hint_give(const struct role_hint *hint, struct reason *ret);
