/* SPDX-License-Identifier: MIT */
/*
 * The users of population.h in the store where it is installed, put there by the product's own
 * writer. An error ends the program: nothing that was measured behind it would mean anything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/store.h"

struct filler {
	struct store *store;
	struct config *config;
	struct integration *integration;
	bool has_tokens; /* each of the users has a refresh token */
	double assign_s; /* spent so far on the uid register */
	double commit_s; /* and on what follows */
};

/* With the lock held. */
void filler_open(struct filler *ret);

/* An integration, an open gate, settings. */
void filler_connect(struct filler *filler);

/* The integration of a store that was filled. */
void filler_load(struct filler *filler);

void filler_done(struct filler *filler);

/* A viewer, two developers, an admin and again. The caller owns it. */
struct record *filler_record(const struct filler *filler, uint32_t number);

/* Enrol users of so many numbers from @first on. */
void filler_commit(struct filler *filler, uint32_t first, uint32_t count);

/* Put a file twice as large in users.1.db's place, as a commit without room does. */
void filler_grow(struct filler *filler);

/* And one as large as so many users need, at least those that there are. */
void filler_shrink(struct filler *filler, uint32_t users);

void filler_check(enum cosmo_err err, const char *what);
double filler_now_s(void);
