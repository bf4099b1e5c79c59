/* SPDX-License-Identifier: MIT */
/* A backup, what damage to it does, and its way back into a store. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/backup.h"
#include "pam_cosmo_sso/helper/backup_file.h"
#include "pam_cosmo_sso/helper/record_write.h"
#include "pam_cosmo_sso/helper/restore.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "tests/unit/store/store_fixture.h"
#include "tests/unit/store/traced_child.h"

#define ADMIN 4ULL
/* Each changing call; fewer under sanitizers, where a fork is dear. */
#ifndef EACH_CALL
#define EACH_CALL 1
#endif

static const struct integration_partner partner = {
	.issuer = "https://idp.example", .client_id = "host", .offline_access = true};

static void shell(const struct fixture *fixture, const char *words)
{
	char command[512] = "";

	snprintf(command, sizeof(command), "cd '%s/private' && umask 077 && %s", fixture->state_dir,
		words);
	/* NOLINTNEXTLINE(cert-env33-c, concurrency-mt-unsafe): a test's own */
	assert_int_equal(system(command), 0);
}

static const char *file_of(const struct fixture *fixture)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/backup", fixture->dir);
	return path;
}

static void give_token(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	assert_int_equal(secret_new("refresh-me", 10, &record->refresh_token), COSMO_OK);
	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static void back_up(struct fixture *fixture)
{
	struct backup_report report;

	assert_int_equal(backup(fixture->store, file_of(fixture), &report), COSMO_OK);
	assert_int_equal(report.left, 0);
}

/* An ada with a token, a bob who is locked, a listed name, a uid without a record. */
static void populate(struct fixture *fixture)
{
	COSMO_AUTO(record_free) struct record *bob = fixture_record(fixture, "bob");

	record_free(fixture_record(fixture, "eve")); /* the uid stays */
	give_token(fixture, "ada");
	bob->flags = USERS_DB_LOCKED;
	assert_int_equal(commit_user(fixture->store, &fixture->config, bob), COSMO_OK);
	assert_int_equal(records_list_name(fixture->store, "grace"), COSMO_OK);
}

static enum cosmo_err put_back(
	struct fixture *fixture, const struct restore_order *order, struct restore_report *ret)
{
	store_unlock(fixture->store);
	return restore(fixture->store, &fixture->paths, &fixture->config, order, ret);
}

static enum cosmo_err find(struct fixture *fixture, const char *name, struct users_db_user *ret)
{
	struct users_db db = {.path = fixture->users_db, .machine_id_path = fixture->machine_id};
	enum cosmo_err err = users_db_find_name(&db, name, ret);

	users_db_done(&db);
	return err;
}

static void test_backup__tokens__are_not_in_it(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct stat st = {0};

	populate(fixture);
	back_up(fixture);
	assert_int_equal(stat(file_of(fixture), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	shell(fixture, "grep -q refresh-me users/ada && ! grep -e refresh-me -e refresh_token "
		       "../../backup");
}

static void test_backup__file_is_there__never_overwritten(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct backup_report report;

	populate(fixture);
	shell(fixture, "echo precious > ../../backup");
	assert_int_equal(backup(fixture->store, file_of(fixture), &report), COSMO_E_EXISTS);
	shell(fixture, "grep -qx precious ../../backup");
}

static void test_backup__damaged_record__left_out_and_counted(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct backup_report report;

	populate(fixture);
	shell(fixture, "truncate -s -1 users/bob");
	assert_int_equal(backup(fixture->store, file_of(fixture), &report), COSMO_OK);
	assert_int_equal(report.left, 1);
	assert_int_equal(report.users, 1);
	assert_int_equal(report.uids, 3);
}

static enum cosmo_err ignore(void *context, const struct backup_entry *entry)
{
	(void)context;
	(void)entry;
	return COSMO_OK;
}

static enum cosmo_err read_bytes(const char *bytes, size_t len)
{
	struct backup_problem problem = {.text = NULL};
	COSMO_AUTO_FD int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	enum cosmo_err err = COSMO_OK;

	assert_true(fd >= 0);
	assert_int_equal(fdio_write(fd, bytes, len), COSMO_OK);
	err = backup_read(fd, ignore, NULL, &problem);
	assert_int_equal(err == COSMO_E_FORMAT, problem.text != NULL);
	return err;
}

static void test_backup_read__cut_off_or_changed_at_any_byte__refused(void **state)
{
	static const struct fdio_demands demands = {.max_bytes = 65536};
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(free) char *bytes = NULL;
	size_t len = 0;

	populate(fixture);
	back_up(fixture);
	assert_int_equal(
		fdio_read_file(AT_FDCWD, file_of(fixture), &demands, &bytes, &len), COSMO_OK);
	assert_int_equal(read_bytes(bytes, len), COSMO_OK);
	for (size_t at = 0; at < len; at++) {
		assert_int_equal(read_bytes(bytes, at), COSMO_E_FORMAT);
		for (unsigned int bit = 0; bit < 8; bit += 3) {
			bytes[at] = (char)(bytes[at] ^ (1 << bit));
			assert_int_equal(read_bytes(bytes, len), COSMO_E_FORMAT);
			bytes[at] = (char)(bytes[at] ^ (1 << bit));
		}
	}
	bytes[len] = '\n';
	assert_int_equal(read_bytes(bytes, len + 1), COSMO_E_FORMAT);
}

/* A file with these entries: kind, name, data. */
static void write_file(const struct fixture *fixture, const char *const entries[][3], size_t count)
{
	COSMO_AUTO(backup_writer_free) struct backup_writer *writer = NULL;
	COSMO_AUTO_FD int fd = open(file_of(fixture), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(backup_writer_new(fd, &writer), COSMO_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(backup_writer_put(writer, entries[i][0], entries[i][1],
					 entries[i][2], strlen(entries[i][2])),
			COSMO_OK);
	assert_int_equal(backup_writer_end(writer), COSMO_OK);
}

#define SEED                                                                                       \
	{                                                                                          \
		"uid_seed", "-", "00112233445566778899aabbccddeeff"                                \
	}
#define ADA                                                                                        \
	{"uid", "70001000", "ada"},                                                                \
	{                                                                                          \
		"name", "ada", "70001000"                                                          \
	}

static void test_restore__entries_that_cannot_be__refused(void **state)
{
	static const char *const wrong[][4][3] = {
		{SEED, {"uid", "7000100", "ada"}, SEED},
		{SEED, ADA, {"uid", "70001000", "bob"}},
		{SEED, ADA, {"name", "ada", "70001000"}},
		{SEED, {"name", "ada", "70001000"}, {"listed", "x", ""}, {"listed", "y", ""}},
		{SEED, {"uid", "70001000", "bob"}, {"name", "ada", "70001000"},
			{"listed", "x", ""}},
		{SEED, ADA, {"name", "../ada", "70001000"}},
		{SEED, ADA, {"listed", "../../../etc/passwd", ""}},
		{SEED, ADA, {"listed", ".x", ""}},
		{SEED, ADA, {"uid", "00000000", "root"}},
		{SEED, ADA, {"uid", "7000100A", "eve"}},
		{SEED, ADA, {"record", "ada", "[user]\n"}},
		{SEED, ADA, {"integration", "-", "[integration]\n"}},
		{SEED, ADA, {"passwd", "-", "root"}},
		{SEED, ADA, {"listed", "grace", "x"}},
		{SEED, SEED, ADA},
		{ADA, {"listed", "x", ""}, {"listed", "y", ""}},
	};
	struct fixture *fixture = fixture_of(state);
	const struct restore_order order = {.path = file_of(fixture)};
	struct restore_report report;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(wrong); i++) {
		size_t count = 0;

		while (count < 4 && wrong[i][count][0])
			count++;
		write_file(fixture, wrong[i], count);
		if (put_back(fixture, &order, &report) != COSMO_E_FORMAT || !report.problem.text)
			fail_msg("case %zu was not refused", i);
	}
	shell(fixture, "! ls names users uids listed subjects | grep -v : | grep . && test ! -e "
		       "../.restore");
}

static void check_restored(struct fixture *fixture, uint32_t ada)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	COSMO_AUTO(record_free) struct record *record = NULL;
	char name[COSMO_MAX_NAME_BYTES + 1] = "";
	bool listed = false;
	uint32_t uid = 0;

	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	assert_int_equal(integration_load(store, &integration), COSMO_OK);
	assert_false(integration->connected);
	assert_string_equal(integration->reason, "restored");
	assert_int_equal(integration_check_machine(store), COSMO_E_MACHINE);
	assert_int_equal(uid_register_check(store, "ada", ada), COSMO_OK);
	assert_int_equal(uid_register_find(store, "eve", &uid), COSMO_OK);
	assert_int_equal(record_load(store, "ada", &record), COSMO_OK);
	assert_null(record->refresh_token);
	assert_int_equal(record->uid, ada);
	assert_int_equal(records_is_listed(store, "grace", &listed), COSMO_OK);
	assert_true(listed);
	/* The links of persons come with users.db. */
	if (records_find_subject(store, record->issuer, record->sub, name) == COSMO_OK)
		assert_string_equal(name, "ada");
}

static uint32_t uid_of(struct fixture *fixture, const char *name)
{
	uint32_t uid = 0;

	assert_int_equal(uid_register_find(fixture->store, name, &uid), COSMO_OK);
	return uid;
}

/* The store is emptied as on another host: another seed, nobody there. */
static void test_restore__onto_an_empty_store__all_is_back(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct restore_order order = {.path = file_of(fixture)};
	struct restore_report report;
	struct users_db_user user = {0};
	uint32_t ada = 0;

	populate(fixture);
	ada = uid_of(fixture, "ada");
	back_up(fixture);
	shell(fixture, "cp uid_seed ../../seed && rm users/* uids/* names/* subjects/* listed/* && "
		       "head -c 16 /dev/urandom > uid_seed && rm ../users.1.db");
	assert_int_equal(put_back(fixture, &order, &report), COSMO_OK);
	assert_int_equal(report.users, 2);
	assert_int_equal(report.uids, 3);
	check_restored(fixture, ada);
	assert_int_equal(find(fixture, "ada", &user), COSMO_OK);
	assert_int_equal(user.uid, ada);
	assert_int_equal(user.roles, ADMIN);
	assert_int_equal(find(fixture, "bob", &user), COSMO_OK);
	assert_int_equal(user.flags, USERS_DB_LOCKED);
	shell(fixture, "cmp uid_seed ../../seed && test ! -e ../.restore");
}

static void test_restore__users_are_there__only_if_they_are_to_be_replaced(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct restore_order order = {.path = file_of(fixture)};
	struct restore_report report;
	struct users_db_user user = {0};
	uint32_t ada = 0;

	populate(fixture);
	ada = uid_of(fixture, "ada");
	back_up(fixture);
	fixture_enrol(fixture, "zoe");
	assert_int_equal(put_back(fixture, &order, &report), COSMO_E_EXISTS);
	assert_false(report.is_connected);
	assert_int_equal(find(fixture, "zoe", &user), COSMO_OK);
	order.replace = true;
	order.dry_run = true;
	assert_int_equal(put_back(fixture, &order, &report), COSMO_OK);
	assert_int_equal(find(fixture, "zoe", &user), COSMO_OK);
	order.dry_run = false;
	assert_int_equal(put_back(fixture, &order, &report), COSMO_OK);
	check_restored(fixture, ada);
	assert_int_equal(find(fixture, "zoe", &user), COSMO_E_NOT_FOUND);
	/* Whoever had the old folder open writes no more. */
	assert_int_equal(store_lock(fixture->store, 0), COSMO_E_BUSY);
}

static char *text_of(struct record *record, const char *display_name)
{
	struct record_text text = {0};
	char *ret = NULL;

	free(record->display_name);
	record->display_name = strdup(display_name);
	assert_int_equal(record_format(record, &text), COSMO_OK);
	ret = strndup(text.data, text.len);
	record_text_done(&text);
	assert_non_null(ret);
	return ret;
}

/* As a backup has it of somebody who signs in while it is made. */
static void test_restore__record_twice__the_last_counts(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(record_free) struct record *ada = fixture_record(fixture, "ada");
	COSMO_AUTO(free) char *before = text_of(ada, "Before");
	COSMO_AUTO(free) char *after = text_of(ada, "After");
	char uid[9] = "";
	const char *const entries[][3] = {SEED, {"record", "ada", before}, {"record", "ada", after},
		{"uid", uid, "ada"}, {"name", "ada", uid}};
	const struct restore_order order = {.path = file_of(fixture), .replace = true};
	COSMO_AUTO(store_free) struct store *store = NULL;
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct restore_report report;

	snprintf(uid, sizeof(uid), "%08x", ada->uid);
	write_file(fixture, entries, COSMO_ARRAY_LEN(entries));
	assert_int_equal(put_back(fixture, &order, &report), COSMO_OK);
	assert_int_equal(report.users, 1);
	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	assert_int_equal(record_load(store, "ada", &record), COSMO_OK);
	assert_string_equal(record->display_name, "After");
}

static void test_restore__connected_host__refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	const struct restore_order order = {.path = file_of(fixture), .replace = true};
	struct restore_report report;

	populate(fixture);
	back_up(fixture);
	assert_int_equal(integration_connect(fixture->store, &partner, &integration), COSMO_OK);
	assert_int_equal(put_back(fixture, &order, &report), COSMO_E_EXISTS);
	assert_true(report.is_connected);
}

static void test_restore__file_of_others__refused(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct restore_order order = {.path = file_of(fixture), .replace = true};
	struct restore_report report;

	populate(fixture);
	assert_int_equal(put_back(fixture, &order, &report), COSMO_E_INVALID);
	back_up(fixture);
	shell(fixture, "chmod 620 ../../backup");
	assert_int_equal(put_back(fixture, &order, &report), COSMO_E_UNSAFE_FILE);
	shell(fixture, "mv ../../backup ../../other; chmod 600 ../../other; ln -s other "
		       "../../backup");
	assert_int_equal(put_back(fixture, &order, &report), COSMO_E_UNSAFE_FILE);
}

static int restore_elsewhere(void *context)
{
	struct fixture *fixture = context;
	const struct restore_order order = {.path = file_of(fixture), .replace = true};
	struct restore_report report;
	struct store *store = NULL;
	enum cosmo_err err = store_open(&fixture->paths, &store);

	if (!err)
		err = restore(store, &fixture->paths, &fixture->config, &order, &report);
	store_free(store);
	return (int)err;
}

/* Old or restored, and from either the same restore goes through. */
static bool grieve(enum traced_action action, unsigned int nth)
{
	void *state = NULL;
	struct fixture *fixture = NULL;
	struct traced_end end = {0};
	struct store *store = NULL;
	uint32_t zoe = 0;
	uint32_t ada = 0;

	assert_int_equal(fixture_setup_in_memory(&state), 0);
	fixture = fixture_of(&state);
	populate(fixture);
	ada = uid_of(fixture, "ada");
	back_up(fixture);
	fixture_enrol(fixture, "zoe");
	store_unlock(fixture->store);
	end = traced_run(restore_elsewhere, fixture, action, nth);
	assert_int_equal(store_open(&fixture->paths, &store), COSMO_OK);
	if (uid_register_find(store, "zoe", &zoe) == COSMO_E_NOT_FOUND) {
		check_restored(fixture, ada);
		/* The next writer finishes it. */
		assert_int_equal(store_lock(store, 0), COSMO_OK);
		assert_int_equal(commit_recover(store), COSMO_OK);
		store_unlock(store);
		assert_int_equal(
			find(fixture, "zoe", &(struct users_db_user){0}), COSMO_E_NOT_FOUND);
	} else {
		assert_int_not_equal(end.code, COSMO_OK);
		assert_int_equal(
			integration_load(store, &(struct integration *){NULL}), COSMO_E_NOT_FOUND);
		shell(fixture, "grep -q refresh-me users/ada");
	}
	store_free(store);
	assert_int_equal(restore_elsewhere(fixture), COSMO_OK);
	check_restored(fixture, ada);
	shell(fixture, "test ! -e ../.restore");
	assert_int_equal(fixture_teardown(&state), 0);
	return end.was_met;
}

static void test_restore__killed_or_no_space_at_any_change__old_or_restored(void **state)
{
	static const enum traced_action actions[] = {
		TRACED_KILL_BEFORE, TRACED_KILL_AFTER, TRACED_FAIL};

	(void)fixture_of(state);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(actions); i++) {
		unsigned int calls = 0;

		while (grieve(actions[i], calls))
			calls += EACH_CALL;
		assert_true(calls > 40);
	}
}

static int back_up_elsewhere(void *context)
{
	struct fixture *fixture = context;
	struct backup_report report;
	struct store *store = NULL;
	enum cosmo_err err = store_open(&fixture->paths, &store);

	if (!err)
		err = backup(store, file_of(fixture), &report);
	store_free(store);
	return (int)err;
}

static void test_backup__no_space_at_any_change__no_file_is_left(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct traced_end end = {.was_met = true};

	populate(fixture);
	store_unlock(fixture->store);
	for (unsigned int nth = 0; end.was_met; nth++) {
		end = traced_run(back_up_elsewhere, fixture, TRACED_FAIL, nth);
		if (end.code != COSMO_OK)
			assert_int_equal(access(file_of(fixture), F_OK), -1);
		(void)unlink(file_of(fixture));
	}
}

/* Is there a backup? Then it is a whole one. */
static bool is_whole(const struct fixture *fixture)
{
	struct backup_problem problem = {.text = NULL};
	COSMO_AUTO_FD int fd = open(file_of(fixture), O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		assert_int_equal(backup_read(fd, ignore, NULL, &problem), COSMO_OK);
	return fd >= 0;
}

static void test_backup__killed_at_any_change__no_file_or_a_whole_one(void **state)
{
	static const enum traced_action actions[] = {TRACED_KILL_BEFORE, TRACED_KILL_AFTER};
	struct fixture *fixture = fixture_of(state);
	unsigned int whole = 0;

	populate(fixture);
	store_unlock(fixture->store);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(actions); i++) {
		struct traced_end end = {.was_met = true};

		for (unsigned int nth = 0; end.was_met; nth++) {
			end = traced_run(back_up_elsewhere, fixture, actions[i], nth);
			whole += is_whole(fixture);
			(void)unlink(file_of(fixture));
		}
		assert_int_equal(end.code, COSMO_OK);
	}
	assert_true(whole > 2); /* killed behind the last step, and not killed */
}

/* As on NFS: from here on this process has no file without a name. */
static bool forbid_nameless(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog program = {COSMO_ARRAY_LEN(filter), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
	       open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) < 0;
}

static int back_up_nameless(void *context)
{
	return forbid_nameless() ? back_up_elsewhere(context) : 127;
}

static int code_of(int (*work)(void *context), void *context)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(work(context));
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_backup__no_files_without_a_name__written_all_the_same(void **state)
{
	struct fixture *fixture = fixture_of(state);

	populate(fixture);
	store_unlock(fixture->store);
	assert_int_equal(code_of(back_up_nameless, fixture), COSMO_OK);
	assert_true(is_whole(fixture));
	assert_int_equal(code_of(back_up_nameless, fixture), COSMO_E_EXISTS);
	assert_true(is_whole(fixture));
	assert_int_equal(unlink(file_of(fixture)), 0);
	shell(fixture, "rm uid_seed");
	assert_int_equal(code_of(back_up_nameless, fixture), COSMO_E_STORE_MISSING);
	assert_false(is_whole(fixture));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_backup__tokens__are_not_in_it),
		WITH_READY_FIXTURE(test_backup__file_is_there__never_overwritten),
		WITH_READY_FIXTURE(test_backup__damaged_record__left_out_and_counted),
		WITH_READY_FIXTURE(test_backup__no_space_at_any_change__no_file_is_left),
		WITH_READY_FIXTURE(test_backup__killed_at_any_change__no_file_or_a_whole_one),
		WITH_READY_FIXTURE(test_backup__no_files_without_a_name__written_all_the_same),
		WITH_READY_FIXTURE(test_backup_read__cut_off_or_changed_at_any_byte__refused),
		WITH_READY_FIXTURE(test_restore__entries_that_cannot_be__refused),
		WITH_READY_FIXTURE(test_restore__onto_an_empty_store__all_is_back),
		WITH_READY_FIXTURE(test_restore__users_are_there__only_if_they_are_to_be_replaced),
		WITH_READY_FIXTURE(test_restore__record_twice__the_last_counts),
		WITH_READY_FIXTURE(test_restore__connected_host__refused),
		WITH_READY_FIXTURE(test_restore__file_of_others__refused),
		WITH_READY_FIXTURE(test_restore__killed_or_no_space_at_any_change__old_or_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
