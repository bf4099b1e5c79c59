/* SPDX-License-Identifier: MIT */
/* Whether the IdP said anything about a person's roles: "no groups" and "no such claim" differ. */
#pragma once

/* Wire values of FIELD_CLAIM_STATE: append only. */
enum claim_state {
	CLAIM_PRESENT, /* there, with at least one value */
	CLAIM_EMPTY,   /* there, without a value */
	CLAIM_MISSING, /* not there at all */
};
