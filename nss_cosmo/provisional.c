/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/provisional.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "common/base/provisional.h"
#include "nss_cosmo/lookup.h"
#include "nss_cosmo/places.h"
#include "nss_cosmo/sshd_process.h"

#define ENTRY_WORDS (sizeof(struct users_db_user) / sizeof(uint64_t))
_Static_assert(sizeof(struct users_db_user) % sizeof(uint64_t) == 0, "copied in whole words");

/*
 * The last answer. Even and not zero: whole; odd: being written. A writer that finds it odd lets
 * the other one be the last, so nobody ever waits; a child forked in between remembers nothing.
 */
static _Atomic uint32_t last_sequence;
static _Atomic uint64_t last_words[ENTRY_WORDS];

static void remember(const struct users_db_user *entry)
{
	uint64_t words[ENTRY_WORDS];
	uint32_t sequence = atomic_load_explicit(&last_sequence, memory_order_relaxed);

	if (sequence & 1U)
		return;
	if (!atomic_compare_exchange_strong_explicit(&last_sequence, &sequence, sequence + 1,
		    memory_order_acquire, memory_order_relaxed))
		return;
	atomic_thread_fence(memory_order_release);
	memcpy(words, entry, sizeof(words));
	for (size_t i = 0; i < ENTRY_WORDS; i++)
		atomic_store_explicit(&last_words[i], words[i], memory_order_relaxed);
	atomic_store_explicit(&last_sequence, sequence + 2, memory_order_release);
}

static bool recall(struct users_db_user *ret)
{
	uint64_t words[ENTRY_WORDS];
	uint32_t before = atomic_load_explicit(&last_sequence, memory_order_acquire);

	if (before == 0 || (before & 1U))
		return false;
	for (size_t i = 0; i < ENTRY_WORDS; i++)
		words[i] = atomic_load_explicit(&last_words[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&last_sequence, memory_order_relaxed) != before)
		return false;
	memcpy(ret, words, sizeof(*ret));
	return true;
}

bool provisional_is_asked_for(void)
{
	const struct users_db_brief *brief = NULL;

	return lookup_brief(&brief) == COSMO_OK && sshd_process_is();
}

static enum cosmo_err check_again(const struct users_db_user *entry)
{
	const struct enrollable_places *places = places_default();
	const struct users_db_settings *settings = NULL;
	struct users_db_user holder;

	if (lookup_settings(&settings) != COSMO_OK ||
		provisional_check(places, settings, entry->name) != COSMO_OK)
		return COSMO_E_NOT_FOUND;
	/* Somebody else was enrolled with that uid meanwhile: then rather no answer. */
	return users_db_find_uid(places->db, entry->uid, &holder) == COSMO_E_NOT_FOUND
		       ? COSMO_OK
		       : COSMO_E_NOT_FOUND;
}

enum cosmo_err provisional_find_name(const char *name, struct users_db_user *ret)
{
	if (!provisional_is_asked_for())
		return COSMO_E_NOT_FOUND;
	if (recall(ret) && streq(ret->name, name))
		return check_again(ret);
	if (provisional_lookup(places_default(), name, ret) != COSMO_OK)
		return COSMO_E_NOT_FOUND;
	remember(ret);
	return COSMO_OK;
}

static bool was_other(const struct users_db_entry *entry)
{
	struct users_db_user given;
	struct users_db_user user;

	if (!recall(&given) || !streq(given.name, users_db_entry_name(entry)))
		return false;
	/* What cannot be read may be another: the caller tries again. */
	if (!users_db_entry_unpack(entry, &user))
		return true;
	return given.uid != user.uid || given.gid != user.gid || !streq(given.home, user.home) ||
	       !streq(given.shell, user.shell);
}

bool provisional_was_other(const struct users_db_entry *entry)
{
	/* Of nearly every process that is all. */
	return atomic_load_explicit(&last_sequence, memory_order_relaxed) != 0 && was_other(entry);
}

enum cosmo_err provisional_find_uid(uint32_t uid, struct users_db_user *ret)
{
	if (!provisional_is_asked_for() || !recall(ret) || ret->uid != uid)
		return COSMO_E_NOT_FOUND;
	return check_again(ret);
}

enum cosmo_err provisional_find_group(const char *name, struct users_db_user *ret)
{
	if (!provisional_is_asked_for() || !recall(ret) || !streq(ret->name, name))
		return COSMO_E_NOT_FOUND;
	return check_again(ret);
}
