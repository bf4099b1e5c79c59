/* SPDX-License-Identifier: MIT */
/*
 * Some users refreshed together: the store is written once before the IdP is asked about the first
 * of them, and once behind the last, with one series of syncs for all. A new refresh token is
 * stored at once, alone, and so is a no. The writer lock is never held while the IdP is asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/identity.h"
#include "pam_cosmo_sso/helper/refresh.h"
#include "pam_cosmo_sso/helper/refresh_store.h"
#include "pam_cosmo_sso/helper/store.h"

#define REFRESH_BATCH_MAX REFRESH_STORE_MAX

/* One of them. What counts of it when the batch is settled stands first. */
struct refresh_member {
	char user[COSMO_MAX_NAME_BYTES + 1];
	uint32_t uid;
	bool is_asked;         /* else nothing was to be asked, or .reason says why he was not */
	bool is_released;      /* he was to be asked, and is still */
	enum refresh_end end;  /* of the question: never REFRESH_LATE */
	enum cosmo_err reason; /* why it was refused or not answered; COSMO_OK otherwise */
	uint64_t roles_before; /* bits over config->roles */
	uint64_t roles_after;

	struct exchange exchange;
	struct refresh_sign_in asked;
	struct message *told; /* an answer that is to be stored; NULL: none */
	struct identity who;  /* of it */
	int turn_fd;
	bool is_due;
	bool is_left_over; /* .asked has a new token whose sign-in is no more */
};

struct refresh_batch {
	struct store *store;
	struct config *config; /* both borrowed */
	struct refresh_member members[REFRESH_BATCH_MAX];
	size_t count;
};

void refresh_batch_init(struct refresh_batch *batch, struct store *store, struct config *config);
void refresh_batch_done(struct refresh_batch *batch);

/*
 * Add @user, a name that login_name_is_valid(), who is to be asked about if his roles were
 * confirmed
 * @interval_s ago or longer; see refresh_is_due(). He is left out where somebody else is asking
 * about him just now. False: there is no room.
 */
bool refresh_batch_add(
	struct refresh_batch *batch, const char *user, uint32_t uid, int64_t interval_s);

/* Note of each that he is about to be asked about. */
void refresh_batch_begin(struct refresh_batch *batch);

/*
 * Ask the IdP about member @index, until it says something or REFRESH_LATE_MS are over. An answer
 * that is not there within a second is not waited for by the others: what they were told is stored,
 * and who has not been asked yet is not asked any more. False: that is so, or nobody was to be
 * asked.
 */
bool refresh_batch_ask(struct refresh_batch *batch, size_t index);

/* Store what was said; forget that those were to be asked who were not. Behind that, when nobody
 * waits for an answer any more, new tokens that could not be stored are tried for again, for
 * REFRESH_NEWER_AGAIN_MS in all, and those whose sign-in is no more are revoked. */
void refresh_batch_settle(struct refresh_batch *batch);
