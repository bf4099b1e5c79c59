/* SPDX-License-Identifier: MIT */
/* The writer's side of refresh_outage.h. For people, and for no decision: what cannot be written is
 * not told. */
#pragma once

#include "common/base/err.h"
#include "pam_cosmo_sso/helper/store.h"

/* A refresh under the integration that the gate is open for had no answer: @err. Who was only
 * busy may still get one: COSMO_E_BUSY is no outage. */
void refresh_outage_note(struct store *store, enum cosmo_err err);

/* One had. */
void refresh_outage_forget(const struct store *store);
