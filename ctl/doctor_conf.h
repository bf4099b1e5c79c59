/* SPDX-License-Identifier: MIT */
/* Where in the installed configuration something is to be written. */
#pragma once

#include "ctl/doctor.h"

/*
 * The mend of the finding put down last is an edit of [@section]: "Edit FILE, line N: @what", with
 * the line that sets @key, or, where none does, "Edit FILE, [SECTION]: @what".
 */
void doctor_conf_mend(
	struct doctor_list *list, const char *section, const char *key, const char *what);
