/* SPDX-License-Identifier: MIT */
/* doctor --user: why one person would get in or not, where, and as what. */
#pragma once

#include "ctl/doctor.h"

/* Ask the helper about @name (as it was typed), and put down what it decides. Nothing is changed.
 */
void doctor_user_look(struct doctor_list *list, const char *name);
