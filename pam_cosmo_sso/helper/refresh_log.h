/* SPDX-License-Identifier: MIT */
/* What the log says of a run over many users. */
#pragma once

#include "common/base/err.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/refresh_batch.h"
#include "pam_cosmo_sso/helper/refresh_round.h"

/* The IdP has refused @member, or said of him other roles than before; @by: who had it asked. */
void refresh_log_member(
	const struct config *config, const struct refresh_member *member, const char *by);

/* A run is over, whatever its @outcome. */
void refresh_log_run(const struct refresh_report *report, enum cosmo_err outcome, const char *by);
