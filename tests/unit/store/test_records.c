/* SPDX-License-Identifier: MIT */
/* Private records: what is written is read again, what is damaged is nobody's. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "tests/unit/store/store_fixture.h"

static enum cosmo_err put(struct fixture *fixture, const struct record *record)
{
	enum cosmo_err err = record_stage(fixture->store, record, true);

	return err ? err : record_settle(fixture->store, record);
}

static void set(char **text, const char *value)
{
	free(*text);
	*text = value ? strdup(value) : NULL;
	assert_true(!value || *text);
}

static char *repeated(char c, size_t count)
{
	char *text = malloc(count + 1);

	assert_non_null(text);
	memset(text, c, count);
	text[count] = '\0';
	return text;
}

static void set_repeated(char **text, char c, size_t count)
{
	free(*text);
	*text = repeated(c, count);
}

static bool same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool same_token(const struct cosmo_secret *a, const struct cosmo_secret *b)
{
	if (!a || !b)
		return !a && !b;
	return secret_len(a) == secret_len(b) &&
	       memcmp(secret_peek(a), secret_peek(b), secret_len(a)) == 0;
}

static bool same_record(const struct record *a, const struct record *b)
{
	if (a->role_count != b->role_count)
		return false;
	for (uint32_t i = 0; i < a->role_count; i++)
		if (!same_text(a->roles[i], b->roles[i]))
			return false;
	return same_text(a->name, b->name) && a->uid == b->uid && a->gid == b->gid &&
	       same_text(a->issuer, b->issuer) && same_text(a->sub, b->sub) &&
	       same_text(a->display_name, b->display_name) && same_text(a->home, b->home) &&
	       same_text(a->shell, b->shell) && same_text(a->acr, b->acr) &&
	       memcmp(a->integration, b->integration, INTEGRATION_BYTES) == 0 &&
	       a->enrolled_s == b->enrolled_s && a->signed_in_s == b->signed_in_s &&
	       a->confirmed_s == b->confirmed_s && a->auth_time_s == b->auth_time_s &&
	       a->refresh_expires_s == b->refresh_expires_s && a->flags == b->flags &&
	       a->reason == b->reason && a->bound_s == b->bound_s &&
	       same_text(a->rebind_issuer, b->rebind_issuer) &&
	       a->rebind_asked_s == b->rebind_asked_s && a->rebind_until_s == b->rebind_until_s &&
	       a->sign_outs == b->sign_outs && a->changed_s == b->changed_s &&
	       same_text(a->changed_why, b->changed_why) &&
	       a->seen_from_count == b->seen_from_count &&
	       memcmp(a->seen_from, b->seen_from, sizeof(a->seen_from)) == 0 &&
	       same_token(a->refresh_token, b->refresh_token);
}

static void expect_round_trip(struct fixture *fixture, const struct record *record)
{
	COSMO_AUTO(record_free) struct record *read = NULL;

	assert_int_equal(put(fixture, record), COSMO_OK);
	assert_int_equal(record_load(fixture->store, record->name, &read), COSMO_OK);
	assert_true(same_record(record, read));
}

static void path_of(const struct fixture *fixture, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "%s/private/users/%s", fixture->state_dir, name);
}

static void test_record_load__fullest_and_emptiest__as_written(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	expect_round_trip(fixture, record);
	set(&record->acr, "urn:example:mfa");
	record->flags = USERS_DB_LOCKED | USERS_DB_REMOVED;
	record->reason = COSMO_E_INVALID_GRANT;
	record->auth_time_s = 1799999999;
	record->refresh_expires_s = INT64_MAX;
	record->enrolled_s = record->signed_in_s = record->confirmed_s = INT64_MAX;
	record->bound_s = 1800000000;
	set(&record->rebind_issuer, "https://idp.example");
	record->rebind_asked_s = 1800000001;
	record->rebind_until_s = INT64_MAX;
	record->sign_outs = UINT32_MAX;
	record->changed_s = INT64_MAX;
	set(&record->changed_why, "left\nuid = 0");
	record->uid = record->gid = UINT32_MAX;
	for (size_t i = 0; i < INTEGRATION_BYTES; i++)
		record->integration[i] = (unsigned char)(255 - i);
	memset(record->seen_from, 0xa5, sizeof(record->seen_from));
	record->seen_from_count = RECORD_MAX_SEEN_FROM;
	for (; record->role_count < USERS_DB_MAX_ROLES; record->role_count++)
		record->roles[record->role_count] = repeated('r', 1 + record->role_count);
	assert_int_equal(secret_new("t", 1, &record->refresh_token), COSMO_OK);
	expect_round_trip(fixture, record);
	for (uint32_t i = 0; i < record->role_count; i++)
		free(record->roles[i]);
	record->role_count = 0;
	set(&record->acr, NULL);
	set(&record->display_name, NULL);
	set(&record->issuer, "");
	set(&record->sub, "");
	record->enrolled_s = record->signed_in_s = record->confirmed_s = record->bound_s = 0;
	rebind_forget(record);
	record->sign_outs = 0;
	record->changed_s = 0;
	set(&record->changed_why, NULL);
	record->flags = 0;
	record->reason = COSMO_OK;
	memset(record->seen_from, 0, sizeof(record->seen_from));
	record->seen_from_count = 0;
	expect_round_trip(fixture, record);
}

static void test_record_load__any_bytes__as_written(void **state)
{
	static const char *const texts[] = {"", " ", "  ", " a", "a ", "\t", "\n", "a\nuid = 0",
		"%", "%%", "%41", "%0", "=", "a = b", "[user]", "]", "#", "; a", "\"q\"", "\\",
		"\r\n", "\x01\x02\x1f\x7f", "\x80\xff", "ü€\U0001f600", "end = 0", "a\n[other]\n"};
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	char all[256] = "";

	for (size_t i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	for (size_t i = 0; i <= COSMO_ARRAY_LEN(texts); i++) {
		const char *text = i < COSMO_ARRAY_LEN(texts) ? texts[i] : all;
		size_t len = strlen(text);

		set(&record->issuer, text);
		set(&record->sub, text);
		set(&record->display_name, text);
		set(&record->home, text);
		set(&record->shell, text);
		set(&record->acr, text);
		set(&record->roles[0], text);
		secret_free(record->refresh_token);
		record->refresh_token = NULL;
		if (len > 0)
			assert_int_equal(secret_new(text, len, &record->refresh_token), COSMO_OK);
		expect_round_trip(fixture, record);
	}
}

static void test_record_load__longest_texts_and_tokens__as_written(void **state)
{
	static const size_t tokens[] = {1, 1023, 1024, 1025, 2048, 16384, 65536};
	static const char bytes[] = {'x', '%', '\n', '\xff', ' '};
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");

	for (size_t i = 0; i < COSMO_ARRAY_LEN(bytes); i++) {
		set_repeated(&record->issuer, bytes[i], RECORD_MAX_TEXT_BYTES);
		set_repeated(&record->sub, bytes[i], RECORD_MAX_TEXT_BYTES);
		set_repeated(&record->display_name, bytes[i], RECORD_MAX_TEXT_BYTES);
		set_repeated(&record->acr, bytes[i], RECORD_MAX_TEXT_BYTES);
		set_repeated(&record->roles[0], bytes[i], RECORD_MAX_TEXT_BYTES);
		for (size_t k = 0; k < COSMO_ARRAY_LEN(tokens); k++) {
			char *token = repeated(bytes[i], tokens[k]);

			secret_free(record->refresh_token);
			record->refresh_token = NULL;
			assert_int_equal(
				secret_new(token, tokens[k], &record->refresh_token), COSMO_OK);
			free(token);
			expect_round_trip(fixture, record);
		}
	}
}

/* Whatever could not be read again is not written: the old record stays. */
static void test_record_stage__unreadable__refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *good = fixture_record(fixture, "ada");
	COSMO_AUTO(record_free) struct record *bad = fixture_record(fixture, "ada");
	COSMO_AUTO(record_free) struct record *read = NULL;
	char **const texts[] = {&bad->issuer, &bad->sub, &bad->display_name, &bad->home,
		&bad->shell, &bad->roles[0]};
	int64_t *const times[] = {&bad->enrolled_s, &bad->signed_in_s, &bad->confirmed_s,
		&bad->auth_time_s, &bad->refresh_expires_s, &bad->changed_s};

	expect_round_trip(fixture, good);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(texts); i++) {
		char *kept = *texts[i];

		*texts[i] = repeated('x', RECORD_MAX_TEXT_BYTES + 1);
		assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
		free(*texts[i]);
		*texts[i] = NULL;
		if (texts[i] != &bad->display_name)
			assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
		*texts[i] = kept;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(times); i++) {
		int64_t kept = *times[i];

		*times[i] = -1;
		assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
		*times[i] = kept;
	}
	bad->rebind_until_s = 1;
	assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
	bad->rebind_until_s = 0;
	bad->flags = 4;
	assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
	bad->flags = 0;
	bad->uid = 0;
	assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
	bad->uid = good->uid;
	bad->gid = 0;
	assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
	bad->gid = good->gid;
	bad->role_count = USERS_DB_MAX_ROLES + 1;
	assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
	bad->role_count = 1;
	snprintf(bad->name, sizeof(bad->name), "../ada");
	assert_int_equal(put(fixture, bad), COSMO_E_INVALID);
	assert_int_equal(record_load(fixture->store, "ada", &read), COSMO_OK);
	assert_true(same_record(good, read));
}

static size_t read_bytes(const char *path, char *ret, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t len = 0;

	assert_non_null(file);
	len = fread(ret, 1, size, file);
	fclose(file);
	return len;
}

static void write_bytes(const char *path, const char *data, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void expect(struct fixture *fixture, const char *name, enum cosmo_err expected)
{
	COSMO_AUTO(record_free) struct record *record = NULL;

	assert_int_equal(record_load(fixture->store, name, &record), expected);
	assert_true((record != NULL) == (expected == COSMO_OK));
}

/* Every byte in each of its bits, every length, a byte more, anything put in or taken out. */
static void test_record_load__damaged_anywhere__store_damaged(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	static char whole[4096];
	static char damaged[4096];
	char path[200] = "";
	size_t len = 0;

	assert_int_equal(secret_new("a secret", 8, &record->refresh_token), COSMO_OK);
	expect_round_trip(fixture, record);
	path_of(fixture, "ada", path, sizeof(path));
	len = read_bytes(path, whole, sizeof(whole) - 1);
	assert_true(len > 100 && len < sizeof(whole) - 1);
	for (size_t at = 0; at < len; at++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			memcpy(damaged, whole, len);
			damaged[at] = (char)(damaged[at] ^ 1 << bit);
			write_bytes(path, damaged, len);
			expect(fixture, "ada", COSMO_E_STORE_DAMAGED);
		}
		write_bytes(path, whole, at);
		expect(fixture, "ada", COSMO_E_STORE_DAMAGED);
		memcpy(damaged, whole, at);
		memcpy(damaged + at, whole + at + 1, len - at - 1);
		write_bytes(path, damaged, len - 1);
		expect(fixture, "ada", COSMO_E_STORE_DAMAGED);
		damaged[at] = '\n';
		memcpy(damaged + at + 1, whole + at, len - at);
		write_bytes(path, damaged, len + 1);
		expect(fixture, "ada", COSMO_E_STORE_DAMAGED);
	}
	write_bytes(path, whole, len);
	expect(fixture, "ada", COSMO_OK);
}

/* A record that is whole, but another's. */
static void test_record_load__anothers_file__store_damaged(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char ada[200] = "";
	char eve[200] = "";

	fixture_enrol(fixture, "ada");
	path_of(fixture, "ada", ada, sizeof(ada));
	path_of(fixture, "eve", eve, sizeof(eve));
	assert_int_equal(link(ada, eve), 0);
	expect(fixture, "ada", COSMO_OK);
	expect(fixture, "eve", COSMO_E_STORE_DAMAGED);
}

static void test_record_load__unfit_file__unsafe(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0601, 0610};
	struct fixture *fixture = fixture_of(state);
	static char large[RECORD_MAX_BYTES + 1];
	char path[200] = "";
	char other[220] = "";

	fixture_enrol(fixture, "ada");
	path_of(fixture, "ada", path, sizeof(path));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		expect(fixture, "ada", COSMO_E_UNSAFE_FILE);
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chown(path, 1, 0), 0);
	expect(fixture, "ada", COSMO_E_UNSAFE_FILE);
	assert_int_equal(chown(path, 0, 0), 0);
	expect(fixture, "ada", COSMO_OK);
	snprintf(other, sizeof(other), "%s/elsewhere", fixture->dir);
	assert_int_equal(rename(path, other), 0);
	expect(fixture, "ada", COSMO_E_NOT_FOUND);
	assert_int_equal(symlink(other, path), 0);
	expect(fixture, "ada", COSMO_E_UNSAFE_FILE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect(fixture, "ada", COSMO_E_UNSAFE_FILE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	expect(fixture, "ada", COSMO_E_UNSAFE_FILE);
	assert_int_equal(rmdir(path), 0);
	write_bytes(path, large, sizeof(large));
	assert_int_equal(chmod(path, 0600), 0);
	expect(fixture, "ada", COSMO_E_STORE_DAMAGED);
}

static void test_record_load__bad_name__not_found(void **state)
{
	static const char *const names[] = {
		"", ".", "..", "../uid_seed", "/etc/passwd", "ADA", ".ada.new", "a/b", "a b"};
	struct fixture *fixture = fixture_of(state);

	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++)
		expect(fixture, names[i], COSMO_E_NOT_FOUND);
}

static enum cosmo_err find(struct fixture *fixture, const char *issuer, const char *sub, char *ret)
{
	return records_find_subject(fixture->store, issuer, sub, ret);
}

/* Whose is the only file in the folder subjects? */
static void only_link(const struct fixture *fixture, char *ret, size_t size)
{
	char command[200] = "";
	char line[64] = "";
	FILE *pipe = NULL;

	snprintf(command, sizeof(command), "ls '%s/private/subjects'", fixture->state_dir);
	pipe = popen(command, "re"); /* NOLINT(cert-env33-c): a test's own */
	assert_non_null(pipe);
	assert_non_null(fgets(line, sizeof(line), pipe));
	line[strcspn(line, "\n")] = '\0';
	pclose(pipe);
	snprintf(ret, size, "%s/private/subjects/%s", fixture->state_dir, line);
}

static void test_records_find_subject__links__only_as_their_records_say(void **state)
{
	static const char issuer[] = "https://idp.example";
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	char name[COSMO_MAX_NAME_BYTES + 1] = "";
	char path[300] = "";

	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_E_NOT_FOUND);
	/* A link alone: the commit broke off before the record. */
	assert_int_equal(record_link(fixture->store, record, true), COSMO_OK);
	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_E_NOT_FOUND);
	assert_int_equal(put(fixture, record), COSMO_OK);
	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_OK);
	assert_string_equal(name, "ada");
	/* Nothing of one may reach into the other. */
	assert_int_equal(
		find(fixture, "https://idp.examples", "ub-of-ada", name), COSMO_E_NOT_FOUND);
	assert_int_equal(find(fixture, issuer, "sub-of-adaa", name), COSMO_E_NOT_FOUND);
	only_link(fixture, path, sizeof(path));
	/* Bound to another person since. */
	set(&record->sub, "another");
	assert_int_equal(put(fixture, record), COSMO_OK);
	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_E_NOT_FOUND);
	set(&record->sub, "sub-of-ada");
	assert_int_equal(put(fixture, record), COSMO_OK);
	write_bytes(path, "", 0);
	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_E_STORE_DAMAGED);
	write_bytes(path, "../ada\n", 7);
	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_E_STORE_DAMAGED);
	write_bytes(path, "ada", 3);
	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_E_STORE_DAMAGED);
	/* What is damaged is written anew with the next commit. */
	assert_int_equal(record_link(fixture->store, record, true), COSMO_OK);
	assert_int_equal(find(fixture, issuer, "sub-of-ada", name), COSMO_OK);
}

struct visit {
	unsigned int whole;
	unsigned int damaged;
	char name[COSMO_MAX_NAME_BYTES + 1]; /* of the damaged one */
};

static enum cosmo_err visit(void *context, const char *name, const struct record *record)
{
	struct visit *visited = context;

	visited->whole += record != NULL;
	visited->damaged += !record;
	if (!record)
		snprintf(visited->name, sizeof(visited->name), "%s", name);
	return COSMO_OK;
}

static enum cosmo_err visit_none(void *context, const char *name, const struct record *record)
{
	(void)context;
	(void)name;
	(void)record;
	return COSMO_E_IO;
}

static void test_records_each__damaged_ones__are_given_by_name(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct visit visited = {0};
	char path[200] = "";

	fixture_enrol(fixture, "ada");
	fixture_enrol(fixture, "bob");
	fixture_enrol(fixture, "eve");
	path_of(fixture, ".dan.new", path, sizeof(path));
	write_bytes(path, "", 0);
	path_of(fixture, "NOT-A-NAME", path, sizeof(path));
	write_bytes(path, "", 0);
	path_of(fixture, "bob", path, sizeof(path));
	write_bytes(path, "x", 1);
	assert_int_equal(records_each(fixture->store, visit, &visited), COSMO_OK);
	assert_int_equal(visited.whole, 2);
	assert_int_equal(visited.damaged, 1);
	assert_string_equal(visited.name, "bob");
	assert_int_equal(records_each(fixture->store, visit_none, NULL), COSMO_E_IO);
}

static void test_records_list_name__listed_once(void **state)
{
	struct fixture *fixture = fixture_of(state);
	bool listed = true;

	assert_int_equal(records_is_listed(fixture->store, "ada", &listed), COSMO_OK);
	assert_false(listed);
	assert_int_equal(records_list_name(fixture->store, "ada"), COSMO_OK);
	assert_int_equal(records_is_listed(fixture->store, "ada", &listed), COSMO_OK);
	assert_true(listed);
	assert_int_equal(records_list_name(fixture->store, "ada"), COSMO_E_EXISTS);
	assert_int_equal(records_list_name(fixture->store, "../ada"), COSMO_E_INVALID);
	assert_int_equal(records_is_listed(fixture->store, "../ada", &listed), COSMO_OK);
	assert_false(listed);
}

/* case: account: a crash while a name goes to another person leaves it with the one or the other */
static void test_records_find_subject__name_bound_anew__one_person_at_each_step(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, "ada");
	char *former = record->sub;
	char name[COSMO_MAX_NAME_BYTES + 1] = "";

	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	record->sub = strdup("somebody-new");
	/* The link is written first: alone it says nothing. */
	assert_int_equal(record_link(fixture->store, record, true), COSMO_OK);
	assert_int_equal(record_stage(fixture->store, record, true), COSMO_OK);
	assert_int_equal(records_find_subject(fixture->store, record->issuer, "somebody-new", name),
		COSMO_E_NOT_FOUND);
	assert_int_equal(
		records_find_subject(fixture->store, record->issuer, former, name), COSMO_OK);
	assert_string_equal(name, "ada");
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
	assert_int_equal(records_find_subject(fixture->store, record->issuer, "somebody-new", name),
		COSMO_OK);
	assert_string_equal(name, "ada");
	/* And the former person may be given another name. */
	assert_int_equal(records_find_subject(fixture->store, record->issuer, former, name),
		COSMO_E_NOT_FOUND);
	free(former);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_record_load__fullest_and_emptiest__as_written),
		WITH_READY_FIXTURE(test_record_load__any_bytes__as_written),
		WITH_READY_FIXTURE(test_record_load__longest_texts_and_tokens__as_written),
		WITH_READY_FIXTURE(test_record_stage__unreadable__refused),
		WITH_READY_FIXTURE(test_record_load__damaged_anywhere__store_damaged),
		WITH_READY_FIXTURE(test_record_load__anothers_file__store_damaged),
		WITH_READY_FIXTURE(test_record_load__unfit_file__unsafe),
		WITH_READY_FIXTURE(test_record_load__bad_name__not_found),
		WITH_READY_FIXTURE(test_records_find_subject__links__only_as_their_records_say),
		WITH_READY_FIXTURE(
			test_records_find_subject__name_bound_anew__one_person_at_each_step),
		WITH_READY_FIXTURE(test_records_each__damaged_ones__are_given_by_name),
		WITH_READY_FIXTURE(test_records_list_name__listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
