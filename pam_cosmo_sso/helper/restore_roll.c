/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/restore_roll.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/siphash.h"
#include "pam_cosmo_sso/helper/integration_record.h"
#include "pam_cosmo_sso/helper/records.h"

#define UID_DIGITS 8

struct line {
	char name[COSMO_MAX_NAME_BYTES + 1];
	uint32_t uid;
	uint64_t at;
	uint64_t person[2]; /* of records: hashes of issuer and subject */
};

struct list {
	struct line *lines;
	size_t count;
	size_t size;
};

struct restore_roll {
	struct list uids;
	struct list names;
	struct list listed;
	struct list records;
	bool has_seed;
	bool has_integration;
};

enum cosmo_err restore_roll_new(struct restore_roll **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? COSMO_OK : COSMO_E_NOMEM;
}

void restore_roll_free(struct restore_roll *roll)
{
	if (!roll)
		return;
	free(roll->uids.lines);
	free(roll->names.lines);
	free(roll->listed.lines);
	free(roll->records.lines);
	free(roll);
}

static enum cosmo_err list_add(struct list *list, const struct line *line)
{
	if (list->count == list->size) {
		size_t size = list->size ? 2 * list->size : 1024;
		struct line *lines = reallocarray(list->lines, size, sizeof(*lines));

		if (!lines)
			return COSMO_E_NOMEM;
		list->lines = lines;
		list->size = size;
	}
	list->lines[list->count++] = *line;
	return COSMO_OK;
}

static enum cosmo_err complain(struct backup_problem *problem, uint64_t at, const char *text)
{
	*problem = (struct backup_problem){.at = at, .text = text};
	return COSMO_E_FORMAT;
}

static bool parse_name(const char *text, struct line *line)
{
	if (!login_name_is_valid(text, true))
		return false;
	memcpy(line->name, text, strlen(text) + 1);
	return true;
}

static bool parse_uid(const char *digits, struct line *line)
{
	char text[2 + UID_DIGITS + 1] = "0x";
	unsigned char bytes[UID_DIGITS / 2] = {0};

	if (strlen(digits) != UID_DIGITS || parse_hex(digits, bytes, sizeof(bytes)))
		return false;
	memcpy(text + 2, digits, UID_DIGITS + 1);
	return parse_id(text, 1, UINT32_MAX - 1, &line->uid) == COSMO_OK;
}

static bool has_nul(const struct backup_entry *entry)
{
	return strlen(entry->data) != entry->len;
}

static enum cosmo_err take_uid(
	struct restore_roll *roll, const struct backup_entry *entry, struct backup_problem *problem)
{
	struct line line = {.at = entry->at};

	if (has_nul(entry) || !parse_uid(entry->name, &line) || !parse_name(entry->data, &line))
		return complain(problem, entry->at, "this is no uid with its name");
	return list_add(&roll->uids, &line);
}

static enum cosmo_err take_name(
	struct restore_roll *roll, const struct backup_entry *entry, struct backup_problem *problem)
{
	struct line line = {.at = entry->at};

	if (has_nul(entry) || !parse_name(entry->name, &line) || !parse_uid(entry->data, &line))
		return complain(problem, entry->at, "this is no login name with its uid");
	return list_add(&roll->names, &line);
}

static enum cosmo_err take_listed(
	struct restore_roll *roll, const struct backup_entry *entry, struct backup_problem *problem)
{
	struct line line = {.at = entry->at};

	if (entry->len || !parse_name(entry->name, &line))
		return complain(problem, entry->at, "this is no login name");
	return list_add(&roll->listed, &line);
}

/* Two halves: one alone might meet by chance. */
static enum cosmo_err hash_person(const struct record *record, uint64_t ret[2])
{
	unsigned char key[SIPHASH_KEY_BYTES] = "cosmo-sso roll";
	size_t issuer_size = strlen(record->issuer) + 1;
	size_t len = issuer_size + strlen(record->sub);
	char *text = calloc(1, len + 1);

	if (!text)
		return COSMO_E_NOMEM;
	memcpy(text, record->issuer, issuer_size);
	memcpy(text + issuer_size, record->sub, len - issuer_size);
	for (size_t half = 0; half < 2; half++) {
		key[SIPHASH_KEY_BYTES - 1] = (unsigned char)half;
		ret[half] = siphash24(key, text, len);
	}
	free(text);
	return COSMO_OK;
}

static enum cosmo_err take_record(
	struct restore_roll *roll, const struct backup_entry *entry, struct backup_problem *problem)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct line line = {.at = entry->at};
	enum cosmo_err err = COSMO_E_STORE_DAMAGED;

	if (parse_name(entry->name, &line))
		err = record_parse(entry->data, entry->len, entry->name, &record);
	if (err == COSMO_E_NOMEM)
		return err;
	if (err)
		return complain(problem, entry->at, "this record is damaged, or another's");
	if (record->refresh_token)
		return complain(problem, entry->at, "there is a token in this record");
	line.uid = record->uid;
	err = hash_person(record, line.person);
	return err ? err : list_add(&roll->records, &line);
}

static enum cosmo_err take_seed(
	struct restore_roll *roll, const struct backup_entry *entry, struct backup_problem *problem)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	bool is_one = !has_nul(entry) && parse_hex(entry->data, seed, sizeof(seed)) == COSMO_OK;

	explicit_bzero(seed, sizeof(seed));
	if (roll->has_seed || !is_one)
		return complain(problem, entry->at, "this is no uid_seed, or a second one");
	roll->has_seed = true;
	return COSMO_OK;
}

static enum cosmo_err take_integration(
	struct restore_roll *roll, const struct backup_entry *entry, struct backup_problem *problem)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = integration_parse(entry->data, entry->len, &integration);

	if (err == COSMO_E_NOMEM)
		return err;
	if (err || roll->has_integration)
		return complain(problem, entry->at, "this is no integration, or a second one");
	roll->has_integration = true;
	return COSMO_OK;
}

enum cosmo_err restore_roll_take(struct restore_roll *roll, const struct backup_entry *entry,
	struct backup_problem *ret_problem)
{
	static const struct {
		const char *kind;
		enum cosmo_err (*take)(struct restore_roll *roll, const struct backup_entry *entry,
			struct backup_problem *problem);
	} kinds[] = {
		{"record", take_record},
		{"uid", take_uid},
		{"name", take_name},
		{"listed", take_listed},
		{"uid_seed", take_seed},
		{"integration", take_integration},
	};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(kinds); i++)
		if (streq(entry->kind, kinds[i].kind))
			return kinds[i].take(roll, entry, ret_problem);
	return complain(ret_problem, entry->at, "nobody knows this kind of entry");
}

static int by_name(const void *a, const void *b)
{
	const struct line *one = a;
	const struct line *other = b;
	int order = strcmp(one->name, other->name);

	return order ? order : (one->at > other->at) - (one->at < other->at);
}

static int by_name_alone(const void *a, const void *b)
{
	return strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

static int by_uid(const void *a, const void *b)
{
	const struct line *one = a;
	const struct line *other = b;

	return (one->uid > other->uid) - (one->uid < other->uid);
}

static int by_person(const void *a, const void *b)
{
	return memcmp(((const struct line *)a)->person, ((const struct line *)b)->person,
		sizeof(((const struct line *)a)->person));
}

static void sort(struct list *list, int (*order)(const void *, const void *))
{
	if (list->count > 0)
		qsort(list->lines, list->count, sizeof(*list->lines), order);
}

/* The first that stands there twice, in a sorted list. */
static const struct line *find_twice(
	const struct list *list, int (*order)(const void *, const void *))
{
	for (size_t i = 1; i < list->count; i++)
		if (order(&list->lines[i - 1], &list->lines[i]) == 0)
			return &list->lines[i];
	return NULL;
}

static const struct line *find(
	const struct list *list, const struct line *key, int (*order)(const void *, const void *))
{
	return list->count ? bsearch(key, list->lines, list->count, sizeof(*key), order) : NULL;
}

/* Of a name's records the last one. */
static void keep_last(struct list *records)
{
	size_t kept = 0;

	for (size_t i = 0; i < records->count; i++) {
		if (kept > 0 && by_name_alone(&records->lines[kept - 1], &records->lines[i]) == 0)
			kept--;
		records->lines[kept++] = records->lines[i];
	}
	records->count = kept;
}

static enum cosmo_err check_register(struct restore_roll *roll, struct backup_problem *problem)
{
	const struct line *twice = NULL;

	sort(&roll->uids, by_uid);
	sort(&roll->names, by_name);
	twice = find_twice(&roll->uids, by_uid);
	if (twice)
		return complain(problem, twice->at, "this uid is there twice");
	twice = find_twice(&roll->names, by_name_alone);
	if (twice)
		return complain(problem, twice->at, "this name is there twice");
	for (size_t i = 0; i < roll->names.count; i++) {
		const struct line *name = &roll->names.lines[i];
		const struct line *uid = find(&roll->uids, name, by_uid);

		if (!uid || !streq(uid->name, name->name))
			return complain(problem, name->at,
				"the uid of this name is another's, or nobody's");
	}
	return COSMO_OK;
}

static enum cosmo_err check_records(struct restore_roll *roll, struct backup_problem *problem)
{
	const struct line *twice = NULL;

	sort(&roll->records, by_name);
	keep_last(&roll->records);
	for (size_t i = 0; i < roll->records.count; i++) {
		const struct line *record = &roll->records.lines[i];
		const struct line *name = find(&roll->names, record, by_name_alone);

		if (!name || name->uid != record->uid)
			return complain(problem, record->at,
				"the uid of this record is not the one that its name was given");
	}
	sort(&roll->records, by_person);
	twice = find_twice(&roll->records, by_person);
	if (twice)
		return complain(
			problem, twice->at, "the person of this record has another name too");
	sort(&roll->records, by_name);
	return COSMO_OK;
}

enum cosmo_err restore_roll_check(struct restore_roll *roll, struct backup_problem *ret_problem)
{
	const struct line *twice = NULL;
	enum cosmo_err err = COSMO_OK;

	if (!roll->has_seed)
		return complain(ret_problem, 0, "there is no uid_seed in it");
	sort(&roll->listed, by_name);
	twice = find_twice(&roll->listed, by_name_alone);
	if (twice)
		return complain(ret_problem, twice->at, "this name is listed twice");
	err = check_register(roll, ret_problem);
	return err ? err : check_records(roll, ret_problem);
}

bool restore_roll_has_record(const struct restore_roll *roll, const char *name, uint64_t at)
{
	struct line key = {.at = at};
	const struct line *found = NULL;

	if (!parse_name(name, &key))
		return false;
	found = find(&roll->records, &key, by_name_alone);
	return found && found->at == at;
}

uint64_t restore_roll_users(const struct restore_roll *roll)
{
	return roll->records.count;
}

uint64_t restore_roll_uids(const struct restore_roll *roll)
{
	return roll->uids.count;
}
