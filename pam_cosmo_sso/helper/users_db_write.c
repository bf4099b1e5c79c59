/* SPDX-License-Identifier: MIT */
/*
 * Order for a new user: slot, uid entry, fdatasync, tag, fdatasync; for a known one: the older
 * copy, fdatasync, the "current" word. A name exists from the moment its tag is there, and so does
 * its uid; a copy from the moment it is whole.
 */
#include "pam_cosmo_sso/helper/users_db_write.h"

#include <string.h>

#include "common/base/users_db_slot.h"
#include "pam_cosmo_sso/helper/users_db_file.h"
#include "pam_cosmo_sso/helper/users_db_pack.h"

static uint64_t slots_of(const struct users_db_file *file)
{
	return (uint64_t)file->map->header.groups * USERS_DB_GROUP_SLOTS;
}

static bool is_reserved(const struct users_db_place *places, size_t count, uint32_t slot)
{
	for (size_t i = 0; i < count; i++)
		if (places[i].slot == slot)
			return true;
	return false;
}

static bool is_free(const struct users_db_file *file, uint32_t slot)
{
	const uint64_t *tags = file->map->words + users_db_at_group(slot / USERS_DB_GROUP_SLOTS);
	uint32_t seat = slot % USERS_DB_GROUP_SLOTS;
	uint64_t entry = seat % 2 ? tags[seat / 2] >> 32 : tags[seat / 2];

	return (entry & 0xffff) == 0;
}

/* Those of @places are promised already. */
static bool choose_seat(const struct users_db_file *file, uint32_t group, uint32_t first,
	const struct users_db_place *places, size_t count, uint32_t *ret_slot)
{
	for (uint32_t k = 0; k < USERS_DB_GROUP_SLOTS; k++) {
		uint32_t slot = group * USERS_DB_GROUP_SLOTS + (first + k) % USERS_DB_GROUP_SLOTS;

		if (is_free(file, slot) && !is_reserved(places, count, slot)) {
			*ret_slot = slot;
			return true;
		}
	}
	return false;
}

/* A free seat in the first group that has one, as a reader looks for it. */
static enum cosmo_err choose_slot(const struct users_db_file *file, uint64_t hash,
	const struct users_db_place *places, size_t count, uint32_t *ret_slot)
{
	uint32_t groups = file->map->header.groups;
	uint32_t group = users_db_name_group(hash, groups);
	uint32_t first = users_db_name_seat(hash);

	for (uint32_t i = 0; i < USERS_DB_MAX_PROBES && i < groups; i++) {
		if (choose_seat(file, group, first, places, count, ret_slot))
			return COSMO_OK;
		group = group + 1 == groups ? 0 : group + 1;
	}
	return COSMO_E_TOO_BIG;
}

static enum cosmo_err find_place(const struct users_db_file *file, const struct users_db_user *user,
	struct users_db_place *place)
{
	struct users_db_name name;
	struct users_db_user old;

	*place = (struct users_db_place){0};
	if (!users_db_name_make(file->map, user->name, &name))
		return COSMO_E_INVALID;
	place->hash = name.hash;
	switch (users_db_slot_by_name(file->map, &name, &place->slot, &old)) {
	case SLOT_NONE:
		place->is_new = true;
		return COSMO_OK;
	case SLOT_DOUBT:
		return COSMO_E_STORE_DAMAGED;
	case SLOT_FOUND:
		break;
	}
	if (old.uid != user->uid || old.gid != user->gid)
		return COSMO_E_STORE_DAMAGED; /* ids are for ever */
	place->was_shown = !(old.flags & USERS_DB_REMOVED);
	return users_db_slot_newest(file->map, place->slot, &place->long_pair) < 0
		       ? COSMO_E_STORE_DAMAGED
		       : COSMO_OK;
}

static bool is_twice(
	const struct users_db_user *users, const struct users_db_place *places, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (places[i].hash == places[at].hash && streq(users[i].name, users[at].name))
			return true;
	return false;
}

enum cosmo_err users_db_file_plan(struct users_db_file *file, const struct users_db_user *users,
	struct users_db_place *ret_places, size_t count)
{
	uint64_t used = file->state.used;
	uint64_t longs = file->state.longs;

	for (size_t i = 0; i < count; i++) {
		struct users_db_place *place = &ret_places[i];
		enum cosmo_err err = find_place(file, &users[i], place);

		if (!err && is_twice(users, ret_places, i))
			err = COSMO_E_INVALID;
		if (!err && place->is_new)
			err = choose_slot(file, place->hash, ret_places, i, &place->slot);
		if (err)
			return err;
		used += place->is_new;
		if (!place->long_pair && users_db_pack_is_long(file->map, &users[i]))
			place->long_pair = (uint32_t)++longs;
	}
	/* Probing stays short while a quarter of the seats is free. */
	if (used * 4 > slots_of(file) * 3 || longs > file->map->header.long_pairs)
		return COSMO_E_TOO_BIG;
	return COSMO_OK;
}

/* The copy in @words may need a place for its texts, which is written first. */
static enum cosmo_err pack(struct users_db_file *file, const struct users_db_user *user,
	const struct users_db_place *place, unsigned int copy, uint64_t *words)
{
	const struct users_db_header *header = &file->map->header;
	uint64_t texts[USERS_DB_LONG_WORDS];
	size_t at = users_db_at_longs(header);

	users_db_pack(file->map, user, words);
	words[2] |= (uint64_t)place->long_pair << 32;
	if (!users_db_pack_is_long(file->map, user))
		return COSMO_OK;
	users_db_pack_long(file->map, user, copy, words, texts);
	at += (2 * ((size_t)place->long_pair - 1) + copy) * USERS_DB_LONG_WORDS;
	return users_db_file_store(file, at, texts, USERS_DB_LONG_WORDS);
}

static enum cosmo_err fill_known(struct users_db_file *file, const struct users_db_user *user,
	const struct users_db_place *place)
{
	const struct users_db_pair pair = users_db_slot_pair(file->map, place->slot);
	uint64_t words[USERS_DB_COPY_WORDS] = {0};
	uint32_t long_pair = 0;
	int newest = users_db_slot_newest(file->map, place->slot, &long_pair);
	enum cosmo_err err = pack(file, user, place, newest == 0, words);

	if (err)
		return err;
	return users_db_file_overwrite(file, &pair, words, USERS_DB_COPY_WORDS, newest);
}

static enum cosmo_err put_uid(struct users_db_file *file, uint32_t uid, uint32_t slot)
{
	const struct users_db_header *header = &file->map->header;
	size_t uids = users_db_at_uids(header);
	uint32_t position = users_db_uid_home(header->key, uid, header->uid_entries);

	for (uint32_t i = 0; i < USERS_DB_MAX_UID_PROBES && i < header->uid_entries; i++) {
		size_t at = uids + position * USERS_DB_UID_WORDS;
		const uint64_t *old = file->map->words + at;
		uint64_t entry[USERS_DB_UID_WORDS] = {uid | (uint64_t)slot << 32, 0};

		if (old[1] != users_db_uid_check(header->key, position, old[0]))
			return COSMO_E_STORE_DAMAGED;
		/* One of this very uid: a commit broke off, and is done again. */
		if (old[0] == USERS_DB_UID_EMPTY || (uint32_t)old[0] == uid) {
			entry[1] = users_db_uid_check(header->key, position, entry[0]);
			return users_db_file_store(file, at, entry, USERS_DB_UID_WORDS);
		}
		position = position + 1 == header->uid_entries ? 0 : position + 1;
	}
	return COSMO_E_STORE_DAMAGED;
}

/* Everything but the tag: nobody finds it yet. */
static enum cosmo_err fill_new(struct users_db_file *file, const struct users_db_user *user,
	const struct users_db_place *place)
{
	const struct users_db_pair pair = users_db_slot_pair(file->map, place->slot);
	uint64_t words[USERS_DB_SLOT_WORDS] = {0};
	uint64_t *copy = words + USERS_DB_SLOT_AT_COPY;
	enum cosmo_err err = pack(file, user, place, 0, copy);

	if (err)
		return err;
	memcpy(words + USERS_DB_SLOT_AT_NAME, user->name, strlen(user->name));
	words[USERS_DB_SLOT_AT_IDS] = user->uid | (uint64_t)user->gid << 32;
	words[0] = users_db_check(pair.key, words + 1, USERS_DB_SLOT_FIXED - 1);
	words[USERS_DB_SLOT_AT_CURRENT] = 1;
	copy[1] |= 1;
	copy[0] = users_db_check(users_db_copy_key(pair.key, 0), copy + 1, USERS_DB_COPY_WORDS - 1);
	err = users_db_file_store(file, users_db_at_slot(place->slot), words, USERS_DB_SLOT_WORDS);
	return err ? err : put_uid(file, user->uid, place->slot);
}

enum cosmo_err users_db_file_fill(
	struct users_db_file *file, const struct users_db_user *user, struct users_db_place *place)
{
	return place->is_new ? fill_new(file, user, place) : fill_known(file, user, place);
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

static enum cosmo_err show_known(struct users_db_file *file, const struct users_db_place *place)
{
	const struct users_db_pair pair = users_db_slot_pair(file->map, place->slot);

	return users_db_file_raise(file, &pair);
}

enum cosmo_err users_db_file_show(struct users_db_file *file, const struct users_db_user *user,
	const struct users_db_place *place)
{
	struct users_db_state *state = &file->state;
	enum cosmo_err err = place->is_new
				     ? put_tag(file, place->slot, users_db_name_tag(place->hash))
				     : show_known(file, place);

	if (err)
		return err;
	state->used += place->is_new;
	state->shown += !(user->flags & USERS_DB_REMOVED);
	state->shown -= place->was_shown;
	if (place->long_pair > state->longs)
		state->longs = place->long_pair;
	return COSMO_OK;
}

enum cosmo_err users_db_file_put(struct users_db_file *file, const struct users_db_user *user)
{
	struct users_db_place place;
	enum cosmo_err err = users_db_file_plan(file, user, &place, 1);

	if (!err)
		err = users_db_file_fill(file, user, &place);
	return err ? err : users_db_file_show(file, user, &place);
}
