/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/status.h"

#include <errno.h>

static enum nss_status answer(enum nss_status status, int code, int *ret_errno)
{
	*ret_errno = code;
	return status;
}

enum nss_status status_of(enum cosmo_err err, int *ret_errno)
{
	if (err == COSMO_OK)
		return answer(NSS_STATUS_SUCCESS, 0, ret_errno);
	if (err == COSMO_E_NOT_FOUND || err == COSMO_E_STORE_MISSING)
		return answer(NSS_STATUS_NOTFOUND, ENOENT, ret_errno);
	if (err == COSMO_E_RANGE)
		return answer(NSS_STATUS_TRYAGAIN, ERANGE, ret_errno);
	if (err == COSMO_E_BUSY)
		return answer(NSS_STATUS_TRYAGAIN, EAGAIN, ret_errno);
	if (err == COSMO_E_NOMEM)
		return answer(NSS_STATUS_TRYAGAIN, ENOMEM, ret_errno);
	return answer(NSS_STATUS_UNAVAIL, EIO, ret_errno);
}
