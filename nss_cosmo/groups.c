/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/groups.h"

#include <stdbool.h>
#include <time.h>

#include "common/base/effective_roles.h"
#include "common/base/gate.h"
#include "nss_cosmo/lookup.h"
#include "nss_cosmo/pack.h"
#include "nss_cosmo/places.h"
#include "nss_cosmo/provisional.h"

/* One moment for all members of a group. */
struct moment {
	struct gate_view gate;
	int64_t lease_s;
	int64_t now_s;
};

static void moment_take(const struct users_db_settings *settings, struct moment *ret)
{
	struct timespec ts = {0};

	/* Coarse: never a system call, whatever the clock source. */
	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	gate_read(places_default()->gate, &ret->gate);
	ret->lease_s = settings->role_lease_s;
	ret->now_s = ts.tv_sec;
}

static uint64_t roles_now(const struct users_db_entry *entry, const struct moment *moment)
{
	const struct users_db_standing standing = users_db_entry_standing(entry);

	return effective_roles_of(&standing, &moment->gate, moment->lease_s, moment->now_s).roles;
}

enum cosmo_err groups_shared_at(
	const struct users_db_settings *settings, uint64_t index, struct groups_shared *ret)
{
	if (index == 0) {
		*ret = (struct groups_shared){
			.name = USERS_DB_USERS_GROUP, .gid = settings->users_gid};
		return COSMO_OK;
	}
	if (index > settings->role_count)
		return COSMO_E_NOT_FOUND;
	*ret = (struct groups_shared){
		.name = settings->roles[index - 1].group,
		.gid = settings->roles[index - 1].gid,
		.roles = 1ULL << (index - 1),
	};
	return COSMO_OK;
}

/* Whose stored roles have none of @roles has none of them now: what is taken away leaves viewer. */
static uint64_t roles_to_store(uint64_t roles)
{
	return roles & ROLE_VIEWER_BIT ? 0 : roles;
}

static enum cosmo_err add_members(const struct users_db_settings *settings,
	const struct groups_shared *shared, struct pack_group *packed)
{
	COSMO_UNINITIALIZED struct users_db_entry entry;
	struct moment moment;
	uint64_t cursor = 0;

	moment_take(settings, &moment);
	for (;;) {
		enum cosmo_err err = lookup_next(&cursor, roles_to_store(shared->roles), &entry);

		if (err)
			return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
		if (shared->roles && !(roles_now(&entry, &moment) & shared->roles))
			continue;
		err = pack_group_member(packed, users_db_entry_name(&entry));
		if (err)
			return err;
	}
}

enum cosmo_err groups_pack_shared(const struct users_db_settings *settings,
	const struct groups_shared *shared, char *buffer, size_t buffer_size, struct group *ret)
{
	struct pack_group packed = {0};
	enum cosmo_err err =
		pack_group_begin(&packed, shared->name, shared->gid, buffer, buffer_size);

	if (!err && settings->omit_members != 1)
		err = add_members(settings, shared, &packed);
	if (!err)
		pack_group_end(&packed, ret);
	return err;
}

/* What a group is asked for by: its name, or its gid if that is NULL. */
struct question {
	const char *name;
	uint32_t gid;
	uint16_t head; /* of the name */
};

/* Two characters: nearly every name that is asked for differs there from those of groups. */
static uint16_t head_of(const char *name)
{
	return (uint16_t)(name[0] ? (unsigned char)name[0] | (unsigned char)name[1] << 8 : 0);
}

static inline bool is_asked(const struct question *question, const char *name, uint32_t gid)
{
	if (!question->name)
		return question->gid == gid;
	return question->head == head_of(name) && streq(question->name, name);
}

/* 0 is that of everybody, the others are those of roles; more than there are: none of them. */
static uint64_t index_of(const struct users_db_settings *settings, const struct question *question)
{
	uint64_t index = 0;

	if (is_asked(question, USERS_DB_USERS_GROUP, settings->users_gid))
		return 0;
	for (index = 1; index <= settings->role_count; index++)
		if (is_asked(question, settings->roles[index - 1].group,
			    settings->roles[index - 1].gid))
			break;
	return index;
}

static enum cosmo_err find_own(const struct users_db_settings *settings,
	const struct question *question, struct groups_shared *ret)
{
	enum cosmo_err err = groups_shared_at(settings, index_of(settings, question), ret);

	if (err)
		return err;
	return lookup_is_own_id(ret->gid) ? COSMO_OK : COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err find_conferred(const struct users_db_settings *settings,
	const struct question *question, struct groups_shared *ret)
{
	for (uint32_t i = 0; i < settings->conferred_count; i++) {
		const struct users_db_conferred *conferred = &settings->conferred[i];

		if (!is_asked(question, conferred->group, conferred->gid) || !conferred->roles ||
			!lookup_is_conferrable(conferred->gid))
			continue;
		*ret = (struct groups_shared){
			.name = conferred->group,
			.gid = conferred->gid,
			.roles = conferred->roles,
		};
		return COSMO_OK;
	}
	return COSMO_E_NOT_FOUND;
}

static enum cosmo_err find_shared(
	const struct question *question, char *buffer, size_t buffer_size, struct group *ret)
{
	const struct users_db_settings *settings = NULL;
	struct groups_shared shared;
	enum cosmo_err err = lookup_settings(&settings);

	if (!err)
		err = find_own(settings, question, &shared);
	if (err == COSMO_E_NOT_FOUND)
		err = find_conferred(settings, question, &shared);
	return err ? err : groups_pack_shared(settings, &shared, buffer, buffer_size, ret);
}

/* The private group of a provisional entry; apart, so that nobody else makes room for it. */
static __attribute__((noinline)) enum cosmo_err find_provisional(
	const struct question *question, char *buffer, size_t buffer_size, struct group *ret)
{
	struct pack_group packed = {0};
	struct users_db_user user;
	enum cosmo_err err = question->name ? provisional_find_group(question->name, &user)
					    : provisional_find_uid(question->gid, &user);

	if (!err)
		err = pack_group_begin(&packed, user.name, user.gid, buffer, buffer_size);
	if (!err)
		pack_group_end(&packed, ret);
	return err;
}

static enum cosmo_err find_private(
	const struct question *question, char *buffer, size_t buffer_size, struct group *ret)
{
	COSMO_UNINITIALIZED struct users_db_entry entry;
	enum cosmo_err err = question->name ? lookup_name(question->name, &entry)
					    : lookup_uid(question->gid, &entry);

	if (err == COSMO_E_NOT_FOUND && provisional_is_asked_for())
		return find_provisional(question, buffer, buffer_size, ret);
	return err ? err : pack_entry_group(&entry, buffer, buffer_size, ret);
}

static enum cosmo_err find_any(
	const struct question *question, char *buffer, size_t buffer_size, struct group *ret)
{
	enum cosmo_err err = find_shared(question, buffer, buffer_size, ret);

	return err == COSMO_E_NOT_FOUND ? find_private(question, buffer, buffer_size, ret) : err;
}

enum cosmo_err groups_find_name(
	const char *name, char *buffer, size_t buffer_size, struct group *ret)
{
	const struct question question = {.name = name, .head = head_of(name)};

	return find_any(&question, buffer, buffer_size, ret);
}

enum cosmo_err groups_find_gid(uint32_t gid, char *buffer, size_t buffer_size, struct group *ret)
{
	const struct question question = {.gid = gid};

	return gid == 0 ? COSMO_E_NOT_FOUND : find_any(&question, buffer, buffer_size, ret);
}

static enum cosmo_err add_own(struct gid_list *list, uint32_t gid)
{
	return lookup_is_own_id(gid) ? gid_list_add(list, gid) : COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err add_role_groups(
	const struct users_db_settings *settings, uint64_t roles, struct gid_list *list)
{
	enum cosmo_err err = add_own(list, settings->users_gid);

	for (uint32_t i = 0; i < settings->role_count && !err; i++)
		if (roles & 1ULL << i)
			err = add_own(list, settings->roles[i].gid);
	return err;
}

static enum cosmo_err add_conferred_groups(
	const struct users_db_settings *settings, uint64_t roles, struct gid_list *list)
{
	enum cosmo_err err = COSMO_OK;

	for (uint32_t i = 0; i < settings->conferred_count && !err; i++)
		if (roles & settings->conferred[i].roles &&
			lookup_is_conferrable(settings->conferred[i].gid))
			err = gid_list_add(list, settings->conferred[i].gid);
	return err;
}

static enum cosmo_err groups_of_stored(const struct users_db_entry *entry, struct gid_list *list)
{
	const struct users_db_settings *settings = NULL;
	struct moment moment;
	uint64_t roles = 0;
	enum cosmo_err err = lookup_settings(&settings);

	if (err)
		return err;
	moment_take(settings, &moment);
	roles = roles_now(entry, &moment);
	err = add_role_groups(settings, roles, list);
	return err ? err : add_conferred_groups(settings, roles, list);
}

/* Somebody who has proved nothing yet: no conferred group, though viewer may confer some. */
static enum cosmo_err groups_of_provisional(struct gid_list *list)
{
	const struct users_db_settings *settings = NULL;
	enum cosmo_err err = lookup_settings(&settings);

	return err ? err : add_role_groups(settings, ROLE_VIEWER_BIT, list);
}

/* Is it about the entry that we show? getent and nscd do not tell. */
static bool is_our_entry(const struct users_db_entry *entry, const struct gid_list *list)
{
	return list->primary == users_db_entry_gid(entry) || list->primary == GID_LIST_ANYBODY;
}

static __attribute__((noinline)) enum cosmo_err add_provisional_groups(
	const char *name, struct gid_list *list)
{
	struct users_db_user user;
	enum cosmo_err err = provisional_find_group(name, &user);

	if (err)
		return err;
	return user.gid == list->primary ? groups_of_provisional(list) : COSMO_E_NOT_FOUND;
}

/*
 * A name that another source knows is asked about here as well: a local user made later than one of
 * ours has nothing of his roles, and a stranger looks like a newcomer. Groups has only whom we
 * answered for, with the primary group that we gave.
 */
static enum cosmo_err add_groups_of(const char *name, struct gid_list *list)
{
	COSMO_UNINITIALIZED struct users_db_entry entry;
	enum cosmo_err err = lookup_name(name, &entry);

	if (!err)
		return is_our_entry(&entry, list) ? groups_of_stored(&entry, list)
						  : COSMO_E_NOT_FOUND;
	if (err == COSMO_E_NOT_FOUND && provisional_is_asked_for())
		return add_provisional_groups(name, list);
	return err;
}

enum cosmo_err groups_of_user(const char *name, struct gid_list *list)
{
	long before = *list->count;
	enum cosmo_err err = add_groups_of(name, list);

	/* glibc takes what is in the list whatever we answer: half of somebody's groups is none. */
	if (err)
		*list->count = before;
	return err;
}
