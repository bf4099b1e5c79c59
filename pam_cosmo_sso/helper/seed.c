/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/seed.h"

#include <string.h>

#include "common/base/fdio.h"

enum cosmo_err seed_read(struct store *store, unsigned char ret_seed[SIPHASH_KEY_BYTES])
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = 64};
	COSMO_AUTO(free) char *bytes = NULL;
	size_t len = 0;
	enum cosmo_err err =
		fdio_read_file(store_private_fd(store), "uid_seed", &demands, &bytes, &len);

	if (err == COSMO_E_NOT_FOUND)
		return COSMO_E_STORE_MISSING;
	if (err)
		return err;
	if (len != SIPHASH_KEY_BYTES)
		return COSMO_E_STORE_DAMAGED;
	memcpy(ret_seed, bytes, SIPHASH_KEY_BYTES);
	explicit_bzero(bytes, len);
	return COSMO_OK;
}
