/* SPDX-License-Identifier: MIT */
/* Writing the register that common/base/uid_candidate.c describes and reads: first the uid's file,
 * then the name's. */
#include <fcntl.h>
#include <stdio.h>

#include "common/base/fdio.h"
#include "common/base/uid_candidate.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/record_write.h"

static enum cosmo_err write_entry(struct store *store, uint32_t uid, const char *name)
{
	char digits[9] = "";
	char text[COSMO_MAX_NAME_BYTES + 12] = "";
	int len = 0;
	enum cosmo_err err = COSMO_OK;

	snprintf(digits, sizeof(digits), "%08x", uid);
	len = snprintf(text, sizeof(text), "%s\n", name);
	err = record_replace(store, "uids", digits, text, (size_t)len);
	if (err)
		return err;
	len = snprintf(text, sizeof(text), "%s\n", digits);
	return record_replace(store, "names", name, text, (size_t)len);
}

static enum cosmo_err check_free(struct store *store, uint32_t uid)
{
	char path[sizeof("uids/") + 8] = "";

	snprintf(path, sizeof(path), "uids/%08x", uid);
	return faccessat(store_private_fd(store), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
		       ? COSMO_E_UID
		       : COSMO_OK;
}

enum cosmo_err uid_register_assign(struct store *store, const char *name, uint32_t min,
	uint32_t max, uint32_t demanded, uint32_t *ret_uid)
{
	char path[sizeof("names/") + COSMO_MAX_NAME_BYTES] = "";
	uint32_t uid = 0;
	bool known = false;
	enum cosmo_err err = uid_candidate_pick(store_private_fd(store), name, min, max, &uid);

	if (err)
		return err;
	snprintf(path, sizeof(path), "names/%s", name);
	known = faccessat(store_private_fd(store), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (demanded && demanded != uid) {
		if (known || demanded < min || demanded > max)
			return COSMO_E_UID;
		err = check_free(store, demanded);
		uid = demanded;
	}
	if (!err && !known)
		err = write_entry(store, uid, name);
	if (!err)
		*ret_uid = uid;
	return err;
}
