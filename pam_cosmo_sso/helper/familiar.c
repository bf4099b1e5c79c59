/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/familiar.h"

#include <stdio.h>
#include <string.h>

#include "pam_cosmo_sso/helper/seed.h"
#include "pam_cosmo_sso/helper/source.h"

/* The seed's other uses hash names and links, which begin with a letter or a NUL. */
#define TAG "\001place"

/* The name is hashed too: nobody sees in the records who shares a place. */
static enum cosmo_err hash_place(struct store *store, const struct record *record,
	const char *place, unsigned char ret[RECORD_SEEN_FROM_BYTES])
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	char text[sizeof(TAG) + sizeof(record->name) + SOURCE_MAX_BYTES] = "";
	uint64_t hash = 0;
	enum cosmo_err err = seed_read(store, seed);

	if (err)
		return err;
	(void)snprintf(text, sizeof(text), TAG " %s %s", record->name, place);
	hash = siphash24(seed, text, strlen(text));
	explicit_bzero(seed, sizeof(seed));
	for (size_t i = 0; i < RECORD_SEEN_FROM_BYTES; i++)
		ret[i] = (unsigned char)(hash >> (8 * i));
	return COSMO_OK;
}

/* Its position, or the count. */
static uint32_t find(const struct record *record, const unsigned char *hash)
{
	uint32_t i = 0;

	while (i < record->seen_from_count &&
		memcmp(record->seen_from[i], hash, RECORD_SEEN_FROM_BYTES) != 0)
		i++;
	return i;
}

bool familiar_has(struct store *store, const struct record *record, const char *place)
{
	unsigned char hash[RECORD_SEEN_FROM_BYTES] = {0};

	return record->seen_from_count > 0 && hash_place(store, record, place, hash) == COSMO_OK &&
	       find(record, hash) < record->seen_from_count;
}

enum cosmo_err familiar_note(struct store *store, struct record *record, const char *place)
{
	unsigned char hash[RECORD_SEEN_FROM_BYTES] = {0};
	uint32_t at = 0;
	enum cosmo_err err = hash_place(store, record, place, hash);

	if (err)
		return err;
	at = find(record, hash);
	if (at == record->seen_from_count && at < RECORD_MAX_SEEN_FROM)
		record->seen_from_count++;
	if (at == RECORD_MAX_SEEN_FROM)
		at--;
	memmove(record->seen_from[1], record->seen_from[0], at * RECORD_SEEN_FROM_BYTES);
	memcpy(record->seen_from[0], hash, RECORD_SEEN_FROM_BYTES);
	return COSMO_OK;
}
