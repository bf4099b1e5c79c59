/* SPDX-License-Identifier: MIT */
/* What the checks share that ask the IdP: one conversation, which the first of them has. */
#pragma once

#include "common/message.h"
#include "ctl/doctor.h"

/* The PROBE_ITEM of this run, borrowed; NULL: the helper did not answer, which has been put down.
 */
const struct message *doctor_idp_probe(struct doctor_list *list);

/* The host in an issuer's URL, without port and brackets, cut to @ret_size. */
void doctor_idp_host(const char *issuer, char *ret, size_t ret_size);
