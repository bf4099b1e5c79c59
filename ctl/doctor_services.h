/* SPDX-License-Identifier: MIT */
/* Into which services one person would get, in the order in which the helper tells of them. */
#pragma once

#include "common/message.h"
#include "ctl/doctor.h"

struct doctor_services {
	struct doctor_list *list;
	const char *name;       /* the person's */
	bool is_ours;           /* enrolled */
	bool is_viewer;         /* the roles that were given do not count for the time being */
	enum cosmo_err account; /* of the service that is being told of */
	char access[256];       /* whom that lets in */
};

/* Of a VERDICT_ITEM about a service put down what follows from it; the ACCOUNT of a service goes
 * before its SIGN_IN. False: it is about something else. */
bool doctor_services_tell(struct doctor_services *of, const struct message *verdict);
