/* SPDX-License-Identifier: MIT */
/*
 * What the IdP said of the integration lately, and what follows from it. Everybody is logged out by
 * definite refusals alone, by several of them, over some time, with no other answer between. What
 * could not be asked neither adds to them nor takes from them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/store.h"

/* Both must hold; see check_refusals and check_period of cosmo-sso.conf(5). */
struct check_rule {
	uint32_t refusals;
	int64_t period_s;
};

struct check_state {
	unsigned char integration[INTEGRATION_BYTES]; /* whom all of this is about */
	int64_t checked_s;                            /* Unix epoch; 0: never */
	uint32_t refusals;
	int64_t first_boot_s; /* of the refusals counted; CLOCK_BOOTTIME */
	int64_t last_boot_s;
	enum cosmo_err outage;  /* COSMO_OK: the last one asked answered */
	int64_t outage_since_s; /* Unix epoch */
};

/* The moment of an answer, on both clocks. */
struct check_moment {
	int64_t boot_s;
	int64_t now_s;
};

enum check_step {
	CHECK_NOTHING,    /* nothing that would have to be told */
	CHECK_COUNTED,    /* a refusal more */
	CHECK_CLEARED,    /* there were refusals, and the client lives after all */
	CHECK_DISCONNECT, /* a refusal more, and now it is enough */
};

/* Is @answer the IdP's word that it does not know this integration any more? */
bool check_is_refusal(enum cosmo_err answer);

/*
 * Take the answer about @integration into account: COSMO_OK if its client lives, a refusal, or why
 * it could not be told. A refusal that follows another one too soon is the same one: who asks more
 * often than the timer does not get there sooner. A state of another integration, or of a boot
 * before this one, begins anew. Pure.
 */
enum check_step check_advance(struct check_state *state, const struct check_rule *rule,
	const unsigned char integration[INTEGRATION_BYTES], enum cosmo_err answer,
	const struct check_moment *moment);

/* From the first refusal counted to the last one. */
int64_t check_refused_for_s(const struct check_state *state);

/* What is missing or damaged reads as nothing known. */
void check_load(const struct store *store, struct check_state *ret);

/* In run/private: forgotten at boot. Errors: COSMO_E_IO, COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err check_save(
	const struct store *store, const struct check_state *state);

/* Between check_load() and check_save(); the caller closes *ret_fd. Errors: those of folder_lock().
 */
COSMO_MUST_USE enum cosmo_err check_lock(const struct store *store, int *ret_fd);
