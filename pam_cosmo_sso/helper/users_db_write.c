/* SPDX-License-Identifier: MIT */
/*
 * Order of a new user: slot, fdatasync, uid entry and tag, fdatasync; of a known one: the older
 * copy, fdatasync, the "current" word, fdatasync. A name exists from the moment its tag is there, a
 * copy from the moment it is whole.
 */
#include "pam_cosmo_sso/helper/users_db_write.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/home_template.h"
#include "common/base/users_db_pair.h"
#include "common/base/users_db_slot.h"
#include "pam_cosmo_sso/helper/users_db_file.h"

void users_db_file_free(struct users_db_file *file)
{
	if (!file)
		return;
	if (file->image)
		munmap(file->image, file->image_bytes);
	users_db_map_free(file->map);
	cosmo_auto_close(&file->fd);
	free(file);
}

const struct users_db_map *users_db_file_map(const struct users_db_file *file)
{
	return file->map;
}

enum cosmo_err users_db_file_store(
	struct users_db_file *file, size_t at, const uint64_t *words, size_t count)
{
	if (file->image) {
		memcpy(file->image + at, words, count * sizeof(*words));
		return COSMO_OK;
	}
	return fdio_pwrite(file->fd, words, count * sizeof(*words), (off_t)(at * sizeof(*words)));
}

enum cosmo_err users_db_file_sync(struct users_db_file *file)
{
	if (file->image)
		return COSMO_OK;
	return fdatasync(file->fd) < 0 ? COSMO_E_IO : COSMO_OK;
}

enum cosmo_err users_db_file_put_pair(struct users_db_file *file, const struct users_db_pair *pair,
	uint64_t *words, size_t count, int valid)
{
	const uint64_t *base = file->map->words;
	uint64_t a = users_db_sequence(pair->copies[1]);
	uint64_t b = users_db_sequence(pair->copies[pair->stride + 1]);
	uint64_t current = *pair->current;
	unsigned int copy = valid < 0 ? 0 : !(unsigned int)valid;
	uint64_t newest = valid < 0 ? current : valid ? b : a;
	uint64_t sequence = (newest > current ? newest : current) + 1;
	enum cosmo_err err = COSMO_OK;

	if (sequence > UINT32_MAX)
		return COSMO_E_TOO_BIG; /* a new file counts from the start */
	words[1] = (words[1] & ~0xffffffffULL) | sequence;
	words[0] = users_db_check(users_db_copy_key(pair->key, copy), words + 1, count - 1);
	err = users_db_file_store(
		file, (size_t)(pair->copies - base) + copy * pair->stride, words, count);
	if (!err)
		err = users_db_file_sync(file);
	if (!err)
		err = users_db_file_store(file, (size_t)(pair->current - base), &sequence, 1);
	return err ? err : users_db_file_sync(file);
}

/* The words of a user's copy; texts that the templates say are left out, long ones stand elsewhere.
 */
static bool pack_copy(
	const struct users_db_file *file, const struct users_db_user *user, uint64_t *words)
{
	const struct users_db_header *header = &file->map->header;
	char home[USERS_DB_MAX_TEXT] = "";
	char text[USERS_DB_TEXT_BYTES] = "";
	bool home_fits =
		home_template_expand(header->home, user->name, home, sizeof(home)) == COSMO_OK &&
		streq(home, user->home);
	bool shell_fits = streq(header->shell, user->shell);
	const char *fields[3] = {
		user->gecos, home_fits ? "" : user->home, shell_fits ? "" : user->shell};
	uint64_t kinds = (home_fits ? USERS_DB_HOME_TEMPLATE : 0U) |
			 (shell_fits ? USERS_DB_SHELL_TEMPLATE : 0U);
	size_t used = 0;

	memset(words, 0, USERS_DB_COPY_WORDS * sizeof(*words));
	words[1] = user->roles << 32;
	words[2] = (user->flags & 0xffU) | kinds << 8 | (uint64_t)(user->reason & 0xffffU) << 16;
	words[3] = (uint64_t)user->confirmed_s;
	words[4] = (uint64_t)user->signed_in_s;
	memcpy(words + 5, user->integration, INTEGRATION_BYTES);
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(fields[i]) + 1;

		if (used + len > sizeof(text))
			return false;
		memcpy(text + used, fields[i], len);
		used += len;
	}
	memcpy(words + USERS_DB_COPY_AT_TEXT, text, sizeof(text));
	return true;
}

/* Texts of such a user: gecos, home and shell whole. */
static enum cosmo_err put_long(struct users_db_file *file, const struct users_db_user *user,
	uint32_t pair, unsigned int copy, uint64_t *words)
{
	const struct users_db_header *header = &file->map->header;
	uint64_t texts[USERS_DB_LONG_WORDS] = {0};

	memcpy(texts, user->gecos, USERS_DB_MAX_TEXT);
	memcpy(texts + USERS_DB_MAX_TEXT / 8, user->home, USERS_DB_MAX_TEXT);
	memcpy(texts + 2 * USERS_DB_MAX_TEXT / 8, user->shell, USERS_DB_MAX_TEXT);
	words[2] = (words[2] & 0xffff00ffULL) | (uint64_t)USERS_DB_TEXT_LONG << 8 |
		   (uint64_t)(pair + 1) << 32;
	memset(words + USERS_DB_COPY_AT_TEXT, 0, USERS_DB_TEXT_BYTES);
	words[USERS_DB_COPY_AT_TEXT] = users_db_check(
		users_db_long_key(header->key, pair, copy), texts, USERS_DB_LONG_WORDS);
	return users_db_file_store(file,
		users_db_at_longs(header) + (2 * (size_t)pair + copy) * USERS_DB_LONG_WORDS, texts,
		USERS_DB_LONG_WORDS);
}

static enum cosmo_err count(
	struct users_db_file *file, int64_t shown, uint64_t used, uint64_t longs)
{
	const struct users_db_pair pair =
		users_db_state_pair(file->map->words, file->map->header.key);
	uint64_t words[USERS_DB_STATE_WORDS] = {0};
	int valid = users_db_pair_load(&pair, USERS_DB_STATE_WORDS, words);

	if (valid < 0)
		return COSMO_E_STORE_DAMAGED;
	words[USERS_DB_STATE_AT_SHOWN] += (uint64_t)shown;
	words[USERS_DB_STATE_AT_USED] += used;
	words[USERS_DB_STATE_AT_LONGS] += longs;
	return users_db_file_put_pair(file, &pair, words, USERS_DB_STATE_WORDS, valid);
}

static uint64_t counted(const struct users_db_file *file, size_t what)
{
	const struct users_db_pair pair =
		users_db_state_pair(file->map->words, file->map->header.key);
	uint64_t words[USERS_DB_STATE_WORDS] = {0};

	return users_db_pair_load(&pair, USERS_DB_STATE_WORDS, words) < 0 ? UINT64_MAX
									  : words[what];
}

uint64_t users_db_file_used(const struct users_db_file *file)
{
	return counted(file, USERS_DB_STATE_AT_SHOWN);
}

/* Long texts need a pair of their own; a slot keeps the one it has. */
static enum cosmo_err choose_long(struct users_db_file *file, uint64_t old_bits, uint32_t *ret_pair)
{
	uint64_t next = counted(file, USERS_DB_STATE_AT_LONGS);

	if (old_bits >> 32) {
		*ret_pair = (uint32_t)(old_bits >> 32) - 1;
		return COSMO_OK;
	}
	if (next >= file->map->header.long_pairs)
		return COSMO_E_TOO_BIG;
	*ret_pair = (uint32_t)next;
	return count(file, 0, 0, 1);
}

static enum cosmo_err update(
	struct users_db_file *file, uint32_t slot, const struct users_db_user *user)
{
	const struct users_db_pair pair = users_db_slot_pair(file->map, slot);
	uint64_t old[USERS_DB_COPY_WORDS] = {0};
	uint64_t words[USERS_DB_COPY_WORDS] = {0};
	int valid = users_db_pair_load(&pair, USERS_DB_COPY_WORDS, old);
	unsigned int copy = valid < 0 ? 0 : !(unsigned int)valid;
	uint32_t long_pair = 0;
	enum cosmo_err err = COSMO_OK;

	if (!pack_copy(file, user, words)) {
		err = choose_long(file, valid < 0 ? 0 : old[2], &long_pair);
		if (!err)
			err = put_long(file, user, long_pair, copy, words);
	} else if (valid >= 0) {
		words[2] |= old[2] & ~0xffffffffULL; /* keep the pair for a later need */
	}
	return err ? err : users_db_file_put_pair(file, &pair, words, USERS_DB_COPY_WORDS, valid);
}

/* Everything of a new slot but its tag: nobody finds it yet. */
static enum cosmo_err fill_slot(struct users_db_file *file, uint32_t slot,
	const struct users_db_name *name, const struct users_db_user *user)
{
	const struct users_db_pair pair = users_db_slot_pair(file->map, slot);
	uint64_t words[USERS_DB_SLOT_WORDS] = {0};
	uint64_t *copy = words + USERS_DB_SLOT_AT_COPY;
	uint32_t long_pair = 0;
	enum cosmo_err err = COSMO_OK;

	memcpy(words + USERS_DB_SLOT_AT_NAME, name->words, sizeof(name->words));
	words[USERS_DB_SLOT_AT_IDS] = user->uid | (uint64_t)user->gid << 32;
	words[0] = users_db_check(pair.key, words + 1, USERS_DB_SLOT_FIXED - 1);
	words[USERS_DB_SLOT_AT_CURRENT] = 1;
	if (!pack_copy(file, user, copy)) {
		err = choose_long(file, 0, &long_pair);
		if (!err)
			err = put_long(file, user, long_pair, 0, copy);
	}
	copy[1] |= 1;
	copy[0] = users_db_check(users_db_copy_key(pair.key, 0), copy + 1, USERS_DB_COPY_WORDS - 1);
	if (!err)
		err = users_db_file_store(file, users_db_at_slot(slot), words, USERS_DB_SLOT_WORDS);
	return err ? err : users_db_file_sync(file);
}

static enum cosmo_err put_uid(struct users_db_file *file, uint32_t uid, uint32_t slot)
{
	const struct users_db_header *header = &file->map->header;
	const uint64_t *uids = file->map->words + users_db_at_uids(header);
	uint32_t position = users_db_uid_home(header->key, uid, header->uid_entries);

	for (uint32_t i = 0; i < USERS_DB_MAX_UID_PROBES && i < header->uid_entries; i++) {
		uint64_t word = uids[position * USERS_DB_UID_WORDS];
		uint64_t entry[USERS_DB_UID_WORDS] = {uid | (uint64_t)slot << 32, 0};

		if (word == USERS_DB_UID_EMPTY || (uint32_t)word == uid) {
			entry[1] = users_db_uid_check(header->key, position, entry[0]);
			return users_db_file_store(file,
				users_db_at_uids(header) + position * USERS_DB_UID_WORDS, entry,
				USERS_DB_UID_WORDS);
		}
		position = position + 1 == header->uid_entries ? 0 : position + 1;
	}
	return COSMO_E_TOO_BIG;
}

static enum cosmo_err put_tag(struct users_db_file *file, uint32_t slot, uint32_t tag)
{
	uint32_t group = slot / USERS_DB_GROUP_SLOTS;
	uint32_t seat = slot % USERS_DB_GROUP_SLOTS;
	size_t at = users_db_at_group(group) + seat / 2;
	uint64_t sealed =
		users_db_tag_seal(users_db_group_key(file->map->header.key, group), seat, tag);
	uint64_t word = file->map->words[at];

	word = seat % 2 ? (word & 0xffffffffULL) | sealed << 32 : (word & ~0xffffffffULL) | sealed;
	return users_db_file_store(file, at, &word, 1);
}

/* A free seat, in the group where a reader looks first that has one. */
static enum cosmo_err choose_slot(
	const struct users_db_file *file, uint64_t hash, uint32_t *ret_slot)
{
	uint32_t groups = file->map->header.groups;
	uint32_t group = users_db_name_group(hash, groups);
	uint32_t first = users_db_name_seat(hash);

	for (uint32_t i = 0; i < USERS_DB_MAX_PROBES && i < groups; i++) {
		const uint64_t *tags = file->map->words + users_db_at_group(group);

		for (uint32_t k = 0; k < USERS_DB_GROUP_SLOTS; k++) {
			uint32_t seat = (first + k) % USERS_DB_GROUP_SLOTS;
			uint64_t entry = seat % 2 ? tags[seat / 2] >> 32 : tags[seat / 2];

			if ((entry & 0xffff) == 0) {
				*ret_slot = group * USERS_DB_GROUP_SLOTS + seat;
				return COSMO_OK;
			}
		}
		group = group + 1 == groups ? 0 : group + 1;
	}
	return COSMO_E_TOO_BIG;
}

static enum cosmo_err insert(struct users_db_file *file, const struct users_db_name *name,
	const struct users_db_user *user)
{
	uint32_t slot = 0;
	uint64_t slots = (uint64_t)file->map->header.groups * USERS_DB_GROUP_SLOTS;
	enum cosmo_err err = choose_slot(file, name->hash, &slot);

	/* Probing stays short while a quarter of the seats is free. */
	if (!err && (counted(file, USERS_DB_STATE_AT_USED) + 1) * 4 > slots * 3)
		err = COSMO_E_TOO_BIG;
	if (!err)
		err = fill_slot(file, slot, name, user);
	if (!err)
		err = put_uid(file, user->uid, slot);
	if (!err)
		err = put_tag(file, slot, users_db_name_tag(name->hash));
	if (!err)
		err = users_db_file_sync(file);
	return err ? err : count(file, user->flags & USERS_DB_REMOVED ? 0 : 1, 1, 0);
}

enum cosmo_err users_db_file_put(struct users_db_file *file, const struct users_db_user *user)
{
	struct users_db_name name = {0};
	struct users_db_user old = {0};
	uint32_t slot = 0;
	int64_t shown = 0;
	enum cosmo_err err = COSMO_OK;

	if (!users_db_name_make(file->map, user->name, &name))
		return COSMO_E_INVALID;
	switch (users_db_slot_by_name(file->map, &name, &slot, &old)) {
	case SLOT_NONE:
		return insert(file, &name, user);
	case SLOT_DOUBT:
		return COSMO_E_STORE_DAMAGED;
	case SLOT_FOUND:
		break;
	}
	if (old.uid != user->uid || old.gid != user->gid)
		return COSMO_E_STORE_DAMAGED; /* ids are for ever */
	err = update(file, slot, user);
	shown = (old.flags & USERS_DB_REMOVED ? 1 : 0) - (user->flags & USERS_DB_REMOVED ? 1 : 0);
	return err || shown == 0 ? err : count(file, shown, 0, 0);
}

enum cosmo_err users_db_file_put_settings(
	struct users_db_file *file, const struct users_db_settings *settings)
{
	const struct users_db_pair pair = {
		.current = file->map->words + USERS_DB_AT_SETTINGS_CURRENT,
		.copies = file->map->words + USERS_DB_AT_SETTINGS,
		.stride = USERS_DB_SETTINGS_STRIDE,
		.key = users_db_settings_key(file->map->header.key),
	};
	uint64_t words[USERS_DB_SETTINGS_WORDS] = {0};
	int valid = users_db_pair_load(&pair, USERS_DB_SETTINGS_WORDS, words);

	memset(words, 0, sizeof(words));
	memcpy(words + 2, settings, sizeof(*settings));
	return users_db_file_put_pair(file, &pair, words, USERS_DB_SETTINGS_WORDS, valid);
}
