/* SPDX-License-Identifier: MIT */
/* What an error means to glibc. */
#pragma once

#include <nss.h>

#include "common/base/err.h"

/*
 * The NSS status of @err, with the code that belongs in *errnop (0 on success):
 * short buffer: TRYAGAIN, ERANGE, and ERANGE for nothing else; no such entry, or no store on a host
 * never connected: NOTFOUND, ENOENT; busy: TRYAGAIN, EAGAIN; no memory: TRYAGAIN, ENOMEM; any other
 * trouble: UNAVAIL, EIO, never NOTFOUND, which caches would believe.
 */
enum nss_status status_of(enum cosmo_err err, int *ret_errno);
