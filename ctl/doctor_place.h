/* SPDX-License-Identifier: MIT */
/* Whose a file or folder is, and who may do what to it. */
#pragma once

#include <sys/types.h>

#include "ctl/doctor.h"

struct doctor_place {
	const char *path;
	mode_t type;      /* S_IFDIR or S_IFREG */
	mode_t mode;      /* that it is made with */
	mode_t forbidden; /* bits of which none may be set */
	mode_t needed;    /* bits which all must be */
	const char *make; /* what makes it where it is missing; NULL: it may be */
};

/* Put down what is wrong with it: it is missing, something else, not root's, or has another mode.
 * True: nothing; nothing was put down. */
bool doctor_place_look(struct doctor_list *list, const struct doctor_place *place);
