/* SPDX-License-Identifier: MIT */
/* Writing the register that common/base/uid_candidate.c describes and reads: first the uid's file,
 * then the name's. Nothing in it is ever removed or changed. */
#include "pam_cosmo_sso/helper/uid_register.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/uid_candidate.h"

#define DIGITS 8

struct entry {
	char digits[DIGITS + 1];
	const char *name;
};

static void entry_init(struct entry *entry, uint32_t uid, const char *name)
{
	snprintf(entry->digits, sizeof(entry->digits), "%08x", uid);
	entry->name = name;
}

/* The line in @path; COSMO_E_NOT_FOUND if there is no such file. */
static enum cosmo_err read_line(int dir_fd, const char *path, char *ret, size_t size)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = size - 1};
	COSMO_AUTO(free) char *text = NULL;
	size_t len = 0;
	enum cosmo_err err = fdio_read_file(dir_fd, path, &demands, &text, &len);

	if (err)
		return err == COSMO_E_TOO_BIG ? COSMO_E_STORE_DAMAGED : err;
	if (len < 2 || text[len - 1] != '\n' || strlen(text) != len)
		return COSMO_E_STORE_DAMAGED;
	text[len - 1] = '\0';
	memcpy(ret, text, len);
	return COSMO_OK;
}

static enum cosmo_err write_line(int dir_fd, const char *path, const char *value)
{
	char line[COSMO_MAX_NAME_BYTES + 2] = "";
	int len = snprintf(line, sizeof(line), "%s\n", value);

	if (len < 0 || (size_t)len >= sizeof(line))
		return COSMO_E_INVALID;
	return fdio_replace_file(dir_fd, path, line, (size_t)len, 0600);
}

/* Who holds the uid: COSMO_OK for @entry's own name, COSMO_E_NOT_FOUND for nobody. */
static enum cosmo_err check_holder(const struct store *store, const struct entry *entry)
{
	char holder[COSMO_MAX_NAME_BYTES + 2] = "";
	enum cosmo_err err = read_line(
		store_folder_fd(store, STORE_UIDS), entry->digits, holder, sizeof(holder));

	if (err)
		return err;
	return streq(holder, entry->name) ? COSMO_OK : COSMO_E_UID;
}

/* The other way round: the uid that the name has. */
static enum cosmo_err check_name(const struct store *store, const struct entry *entry)
{
	char digits[DIGITS + 2] = "";
	enum cosmo_err err =
		read_line(store_folder_fd(store, STORE_NAMES), entry->name, digits, sizeof(digits));

	if (err)
		return err;
	return streq(digits, entry->digits) ? COSMO_OK : COSMO_E_UID;
}

enum cosmo_err uid_register_check(const struct store *store, const char *name, uint32_t uid)
{
	struct entry entry;
	enum cosmo_err err = COSMO_OK;
	enum cosmo_err name_err = COSMO_OK;

	if (!login_name_is_valid(name, true))
		return COSMO_E_INVALID;
	entry_init(&entry, uid, name);
	err = check_holder(store, &entry);
	if (err && err != COSMO_E_NOT_FOUND)
		return err;
	name_err = check_name(store, &entry);
	return name_err ? name_err : err;
}

enum cosmo_err uid_register_find(const struct store *store, const char *name, uint32_t *ret_uid)
{
	char text[2 + DIGITS + 2] = "0x";
	enum cosmo_err err = COSMO_E_NOT_FOUND;

	if (login_name_is_valid(name, true))
		err = read_line(
			store_folder_fd(store, STORE_NAMES), name, text + 2, sizeof(text) - 2);
	if (err)
		return err;
	return parse_id(text, 1, UINT32_MAX - 1, ret_uid) ? COSMO_E_STORE_DAMAGED : COSMO_OK;
}

enum cosmo_err uid_register_holder(
	const struct store *store, uint32_t uid, char *ret, size_t ret_size)
{
	struct entry entry;
	char name[COSMO_MAX_NAME_BYTES + 2] = "";
	enum cosmo_err err = COSMO_OK;

	entry_init(&entry, uid, NULL);
	err = read_line(store_folder_fd(store, STORE_UIDS), entry.digits, name, sizeof(name));
	if (err)
		return err;
	if (!login_name_is_valid(name, true) || strlen(name) >= ret_size)
		return COSMO_E_STORE_DAMAGED;
	(void)snprintf(ret, ret_size, "%s", name);
	return COSMO_OK;
}

/* Registers what is not; both files exist afterwards and say the same. */
static enum cosmo_err register_entry(const struct store *store, const struct entry *entry)
{
	enum cosmo_err err = check_holder(store, entry);

	if (err == COSMO_E_NOT_FOUND)
		err = write_line(store_folder_fd(store, STORE_UIDS), entry->digits, entry->name);
	if (err)
		return err;
	err = check_name(store, entry);
	if (err == COSMO_E_NOT_FOUND)
		err = write_line(store_folder_fd(store, STORE_NAMES), entry->name, entry->digits);
	return err;
}

enum cosmo_err uid_register_restore(struct store *store, const char *name, uint32_t uid)
{
	struct entry entry;
	enum cosmo_err err = uid_register_check(store, name, uid);

	if (err != COSMO_E_NOT_FOUND)
		return err;
	entry_init(&entry, uid, name);
	return register_entry(store, &entry);
}

enum cosmo_err uid_register_assign(struct store *store, const char *name, uint32_t min,
	uint32_t max, uint32_t demanded, uint32_t *ret_uid)
{
	struct entry entry;
	uint32_t uid = 0;
	struct stat st = {0};
	bool known = false;
	enum cosmo_err err = uid_candidate_pick(store_private_fd(store), name, min, max, &uid);

	/* All candidates taken: that does not matter to a uid that is demanded. */
	if (err && !(err == COSMO_E_UID && demanded))
		return err;
	known = fstatat(store_folder_fd(store, STORE_NAMES), name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (!known && errno != ENOENT)
		return COSMO_E_IO;
	if (known) {
		*ret_uid = uid;
		return COSMO_OK;
	}
	if (demanded) {
		if (demanded < min || demanded > max)
			return COSMO_E_UID;
		uid = demanded;
	}
	entry_init(&entry, uid, name);
	err = register_entry(store, &entry);
	if (!err)
		*ret_uid = uid;
	return err;
}
