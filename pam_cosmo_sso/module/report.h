/* SPDX-License-Identifier: MIT */
/* A failure told to the person, and to the log if it was decided here. */
#pragma once

#include "common/pam_result.h"
#include "pam_cosmo_sso/module/answer.h"
#include "pam_cosmo_sso/module/caller.h"
#include "pam_cosmo_sso/module/ours.h"

/*
 * Tell somebody who has got in what there is to tell, where a person reads it: sshd keeps it for a
 * shell at a terminal, and other programs are to have a terminal for their output.
 */
void report_entry(const struct caller *caller, const struct answer *answer);

/*
 * @who: NULL if not known. Names that are not enrolled are not logged: people type passwords there.
 * The end of a session is reported to the log alone.
 */
void report_failure(const struct caller *caller, const struct ours *who, enum pam_phase phase,
	const struct answer *answer);
