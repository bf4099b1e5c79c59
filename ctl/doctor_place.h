/* SPDX-License-Identifier: MIT */
/* Whose a file or folder is, and who may do what to it. */
#pragma once

#include <sys/types.h>

#include "ctl/doctor.h"

/* What is to be done, beyond owner and mode, where others could do to it what they must not: owner
 * and mode alone would bless what they made of it. */
enum doctor_doubt {
	DOCTOR_DOUBT_LOOK,    /* somebody looks at what is there */
	DOCTOR_DOUBT_INSTALL, /* it is installed again, as @make says */
	DOCTOR_DOUBT_SECRET,  /* they may have read it: there has to be another */
	DOCTOR_DOUBT_RENEW,   /* @renew writes it anew */
};

struct doctor_place {
	const char *path;
	mode_t type;      /* S_IFDIR or S_IFREG */
	mode_t mode;      /* that it is made with */
	mode_t forbidden; /* bits of which none may be set */
	mode_t needed;    /* bits which all must be */
	const char *make; /* what makes it where it is missing; NULL: it may be */
	enum doctor_doubt doubt;
	const char *renew; /* a command, of DOCTOR_DOUBT_RENEW */
};

/*
 * Put down what is wrong with it: it is missing, something else, not root's, or has another mode.
 * Links are followed to folders and to what is installed, and else, as by those who read it, not.
 * True: nothing; nothing was put down.
 */
bool doctor_place_look(struct doctor_list *list, const struct doctor_place *place);
