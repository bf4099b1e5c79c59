/* SPDX-License-Identifier: MIT */
/* The array of gids that glibc hands to initgroups_dyn(). */
#pragma once

#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* The primary group of a caller that has none in mind. */
#define GID_LIST_ANYBODY ((gid_t)-1)

/* All pointers are the caller's. */
struct gid_list {
	gid_t primary; /* in the list already */
	long *count;
	long *size;
	gid_t **gids; /* from malloc(), of *size */
	long limit;   /* most entries, 0 or less: none */
};

/*
 * Add @gid unless it is there. A list at its limit stays as it is, which is no error. Grows the
 * array with realloc(), as the protocol of initgroups_dyn() wants it. Errors: COSMO_E_NOMEM.
 */
COSMO_MUST_USE enum cosmo_err gid_list_add(struct gid_list *list, gid_t gid);
