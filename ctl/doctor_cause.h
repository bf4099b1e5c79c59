/* SPDX-License-Identifier: MIT */
/* Why a person has no role, or does not get in, for the administrator who asks; and what mends it.
 */
#pragma once

#include <stdbool.h>

#include "common/base/err.h"
#include "ctl/doctor.h"

/* A sentence about "this user", of any code. Static. */
const char *doctor_cause_what(enum cosmo_err err);

/* Does the person's own next sign-in end it? Whatever the IdP then says. */
bool doctor_cause_ends_with_sign_in(enum cosmo_err err);

/* Put down what mends it for @name, as the mend of the last finding; nothing where nothing does. */
void doctor_cause_mend(struct doctor_list *list, enum cosmo_err err, const char *name);
