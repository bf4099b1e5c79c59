/* SPDX-License-Identifier: MIT */
/* P9: what is damaged reads as unavailable, never as somebody else, as nobody, or with roles. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/users_db_format.h"
#include "tests/unit/nss/world.h"

#define USERS_DB     "/var/lib/cosmo-sso/users.1.db"
#define BUFFER_BYTES 2048

struct person {
	const char *name;
	const char *role;
	uint32_t uid;
	gid_t gids[3];
};

static struct person people[] = {
	{"ada", "admin", 0, {WORLD_USERS_GID, WORLD_ADMIN_GID, WORLD_DIALOUT_GID}},
	{"dev", "developer", 0, {WORLD_USERS_GID, WORLD_DEVELOPER_GID, WORLD_DIALOUT_GID}},
	{"vic", "viewer", 0, {WORLD_USERS_GID, WORLD_VIEWER_GID, WORLD_PLUGDEV_GID}},
};

static int fill(void **state)
{
	(void)state;
	world_clear();
	world_connect();
	for (size_t i = 0; i < COSMO_ARRAY_LEN(people); i++)
		people[i].uid = world_enrol(people[i].name, people[i].role);
	return 0;
}

/* What may be answered to a look-up. */
enum answer {
	RIGHT,
	NO_ANSWER,
	WRONG,
};

static enum answer judge(enum nss_status status, bool right)
{
	if (status == NSS_STATUS_SUCCESS)
		return right ? RIGHT : WRONG;
	return status == NSS_STATUS_UNAVAIL || status == NSS_STATUS_TRYAGAIN ? NO_ANSWER : WRONG;
}

static bool is_person(const struct person *person, const struct passwd *pw)
{
	return streq(pw->pw_name, person->name) && pw->pw_uid == person->uid &&
	       pw->pw_gid == person->uid && streq(pw->pw_gecos, "Some Body") &&
	       strncmp(pw->pw_dir, "/home/", 6) == 0 && streq(pw->pw_dir + 6, person->name) &&
	       streq(pw->pw_shell, "/bin/bash");
}

static enum answer ask_name(const struct person *person)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;
	enum nss_status status =
		world_plugin()->getpwnam_r(person->name, &pw, buffer, sizeof(buffer), &code);

	return judge(status, status == NSS_STATUS_SUCCESS && is_person(person, &pw));
}

static enum answer ask_uid(const struct person *person)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;
	enum nss_status status =
		world_plugin()->getpwuid_r(person->uid, &pw, buffer, sizeof(buffer), &code);

	return judge(status, status == NSS_STATUS_SUCCESS && is_person(person, &pw));
}

static enum answer ask_groups(const struct person *person)
{
	static gid_t space[64];
	gid_t *gids = space;
	long start = 0;
	long size = 64;
	int code = 0;
	enum nss_status status = world_plugin()->initgroups_dyn(
		person->name, person->uid, &start, &size, &gids, -1, &code);
	bool right = start == 3 && memcmp(space, person->gids, sizeof(person->gids)) == 0;

	if (status != NSS_STATUS_SUCCESS && start != 0)
		return WRONG; /* glibc would use them */
	return judge(status, right);
}

static enum answer ask_group(void)
{
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	int code = 0;
	enum nss_status status =
		world_plugin()->getgrnam_r("cosmo-admin", &gr, buffer, sizeof(buffer), &code);

	/* Damaged people are missing in it; nobody is there without the role. */
	return judge(
		status, status == NSS_STATUS_SUCCESS && gr.gr_gid == WORLD_ADMIN_GID &&
				(!gr.gr_mem[0] || (streq(gr.gr_mem[0], "ada") && !gr.gr_mem[1])));
}

/* The worst of all answers. */
static enum answer ask_all(void)
{
	enum answer worst = ask_group();

	for (size_t i = 0; i < COSMO_ARRAY_LEN(people); i++) {
		enum answer answers[3] = {
			ask_name(&people[i]), ask_uid(&people[i]), ask_groups(&people[i])};

		for (size_t k = 0; k < COSMO_ARRAY_LEN(answers); k++)
			if (answers[k] > worst)
				worst = answers[k];
	}
	return worst;
}

static void flip(int fd, off_t at, unsigned int bit)
{
	unsigned char byte = 0;

	CHECK(pread(fd, &byte, 1, at) == 1);
	byte ^= (unsigned char)(1U << bit);
	CHECK(pwrite(fd, &byte, 1, at) == 1);
}

static off_t file_bytes(void)
{
	struct stat st = {0};

	CHECK(stat(USERS_DB, &st) == 0);
	return st.st_size;
}

/* Flips of words that make a process look for another file are tried one process each. */
static bool is_fate(off_t at)
{
	return at / 8 == (off_t)USERS_DB_AT_FATE;
}

/*
 * A long-lived process, one bit at a time, each bit of each byte that carries anything about
 * people; of the rest every bit too, since nobody knows better than the reader what is the rest.
 */
static void flip_under_a_reader(void)
{
	int fd = open(USERS_DB, O_RDWR | O_CLOEXEC);
	off_t bytes = file_bytes();
	size_t refused = 0;

	CHECK(fd >= 0);
	CHECK(ask_all() == RIGHT);
	for (off_t at = 0; at < bytes; at++) {
		unsigned int bit = (unsigned int)(at * 5 % 8);
		enum answer answer = RIGHT;

		if (is_fate(at))
			continue;
		flip(fd, at, bit);
		answer = ask_all();
		flip(fd, at, bit);
		if (answer == WRONG)
			fprintf(stderr, "byte %lld, bit %u\n", (long long)at, bit);
		CHECK(answer != WRONG);
		refused += answer == NO_ANSWER;
	}
	close(fd);
	printf("%zu of %lld flips led to a refusal\n", refused, (long long)bytes);
	CHECK(refused > 100);
	CHECK(ask_all() == RIGHT);
}

static void test_lookups__bit_flipped_under_a_reader__never_wrong(void **state)
{
	assert_true(world_run(flip_under_a_reader));
	fill(state);
}

static off_t flipped_at;

static void ask_after_flip(void)
{
	CHECK(ask_all() != WRONG);
}

/* A process that starts after the damage: the header, and what sends a reader elsewhere. */
static void test_lookups__bit_flipped_before_the_first__never_wrong(void **state)
{
	int fd = open(USERS_DB, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	for (flipped_at = 0; flipped_at < (off_t)sizeof(struct users_db_header); flipped_at++) {
		unsigned int bit = (unsigned int)(flipped_at * 3 % 8);

		flip(fd, flipped_at, bit);
		assert_true(world_run(ask_after_flip));
		flip(fd, flipped_at, bit);
	}
	for (unsigned int bit = 0; bit < 64; bit++) {
		flipped_at = (off_t)USERS_DB_AT_FATE * 8 + bit / 8;
		flip(fd, flipped_at, bit % 8);
		assert_true(world_run(ask_after_flip));
		flip(fd, flipped_at, bit % 8);
	}
	close(fd);
	fill(state);
}

static void is_unavailable(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct group gr = {0};
	int code = 0;
	const struct world_plugin *p = world_plugin();

	for (size_t i = 0; i < COSMO_ARRAY_LEN(people); i++) {
		CHECK(ask_name(&people[i]) == NO_ANSWER);
		CHECK(ask_uid(&people[i]) == NO_ANSWER);
		CHECK(ask_groups(&people[i]) == NO_ANSWER);
	}
	CHECK(p->getpwnam_r("ada", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_UNAVAIL);
	CHECK(code == EIO);
	CHECK(p->getgrnam_r("cosmo-admin", &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_UNAVAIL);
	CHECK(p->getgrgid_r(WORLD_ADMIN_GID, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_UNAVAIL);
	CHECK(p->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_UNAVAIL);
	CHECK(p->getgrent_r(&gr, buffer, sizeof(buffer), &code) == NSS_STATUS_UNAVAIL);
	/* Whoever can never be ours is not bothered by it. */
	CHECK(p->getpwnam_r("root", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	CHECK(p->getpwnam_r("postgres", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	CHECK(p->getpwuid_r(0, &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	CHECK(p->getpwuid_r(999, &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	CHECK(p->getgrgid_r(0, &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
}

static void put_word(size_t at, uint64_t word)
{
	int fd = open(USERS_DB, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(pwrite(fd, &word, sizeof(word), (off_t)at) == (ssize_t)sizeof(word));
	CHECK(close(fd) == 0);
}

static void make_missing(void)
{
	CHECK(remove(USERS_DB) == 0);
}

static void make_empty(void)
{
	CHECK(truncate(USERS_DB, 0) == 0);
}

static void make_tiny(void)
{
	CHECK(truncate(USERS_DB, 100) == 0);
}

static void make_shorter(void)
{
	CHECK(truncate(USERS_DB, file_bytes() - 4096) == 0);
}

static void make_longer(void)
{
	CHECK(truncate(USERS_DB, file_bytes() + 4096) == 0);
}

static void make_foreign_version(void)
{
	put_word(8, 2);
}

static void make_foreign_magic(void)
{
	put_word(0, 0x4141414141414141ULL);
}

static void make_zeros(void)
{
	off_t bytes = file_bytes();

	make_empty();
	CHECK(truncate(USERS_DB, bytes) == 0);
}

static void make_others(void)
{
	CHECK(chown(USERS_DB, 1000, 1000) == 0);
}

static void make_group_writable(void)
{
	CHECK(chmod(USERS_DB, 0664) == 0);
}

static void make_world_writable(void)
{
	CHECK(chmod(USERS_DB, 0646) == 0);
}

static void make_link(void)
{
	CHECK(rename(USERS_DB, USERS_DB ".real") == 0);
	CHECK(symlink(USERS_DB ".real", USERS_DB) == 0);
}

static void make_folder(void)
{
	CHECK(remove(USERS_DB) == 0);
	CHECK(mkdir(USERS_DB, 0755) == 0);
}

static void make_fifo(void)
{
	CHECK(remove(USERS_DB) == 0);
	CHECK(mkfifo(USERS_DB, 0644) == 0);
}

static void make_unreadable_fate(void)
{
	put_word(USERS_DB_AT_FATE * 8, USERS_DB_SUPERSEDED);
}

static void move_machine(void)
{
	world_write_file("/etc/machine-id", "fedcba9876543210fedcba9876543210\n");
}

static void lose_machine_id(void)
{
	CHECK(remove("/etc/machine-id") == 0);
}

struct damage {
	const char *label;
	void (*make)(void);
};

static const struct damage damages[] = {
	{"missing", make_missing},
	{"empty", make_empty},
	{"100 bytes", make_tiny},
	{"a page short", make_shorter},
	{"a page long", make_longer},
	{"another version", make_foreign_version},
	{"another magic", make_foreign_magic},
	{"zeros", make_zeros},
	{"another owner", make_others},
	{"writable by the group", make_group_writable},
	{"writable by others", make_world_writable},
	{"a symbolic link", make_link},
	{"a folder", make_folder},
	{"a FIFO", make_fifo},
	{"superseded, without successor", make_unreadable_fate},
	{"another machine's", move_machine},
	{"no machine-id", lose_machine_id},
};

static void test_lookups__unfit_file__is_unavailable(void **state)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(damages); i++) {
		print_message("%s\n", damages[i].label);
		damages[i].make();
		assert_true(world_run(is_unavailable));
		world_write_file("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
		fill(state);
	}
}

/* A host that was never connected, or is not: there is nobody of ours. */
static void is_nobody(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;
	const struct world_plugin *p = world_plugin();

	CHECK(p->getpwnam_r("ada", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	CHECK(p->getpwuid_r(people[0].uid, &pw, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(p->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
}

static void test_lookups__no_file_and_not_connected__not_found(void **state)
{
	world_disconnect();
	make_missing();
	assert_true(world_run(is_nobody));
	fill(state);
}

/* Slot words of ada, wiped one page at a time: others stay, ada is not told to be absent. */
static void wipe_pages(void)
{
	int fd = open(USERS_DB, O_RDWR | O_CLOEXEC);
	off_t bytes = file_bytes();
	size_t refused = 0;

	CHECK(fd >= 0);
	CHECK(ask_all() == RIGHT);
	for (off_t at = 4096; at < bytes; at += 4096) {
		static const char zeros[4096];
		char page[4096];
		enum answer answer = RIGHT;

		CHECK(pread(fd, page, sizeof(page), at) == (ssize_t)sizeof(page));
		CHECK(pwrite(fd, zeros, sizeof(zeros), at) == (ssize_t)sizeof(zeros));
		answer = ask_all();
		CHECK(pwrite(fd, page, sizeof(page), at) == (ssize_t)sizeof(page));
		if (answer == WRONG)
			fprintf(stderr, "page at %lld\n", (long long)at);
		CHECK(answer != WRONG);
		refused += answer == NO_ANSWER;
	}
	close(fd);
	CHECK(refused > 0);
	CHECK(ask_all() == RIGHT);
}

static void test_lookups__wiped_page__never_wrong(void **state)
{
	assert_true(world_run(wipe_pages));
	fill(state);
}

/* One damaged record hides nobody else, in enumeration and in groups. */
static void damage_ada_alone(void)
{
	int fd = open(USERS_DB, O_RDWR | O_CLOEXEC);
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct group gr = {0};
	off_t bytes = file_bytes();
	size_t seen = 0;
	int code = 0;
	off_t at = 0;

	CHECK(fd >= 0);
	for (; at < bytes; at += 8) { /* ada's name in her slot */
		char word[8] = "";

		CHECK(pread(fd, word, 8, at) == 8);
		if (memcmp(word, "ada\0\0\0\0", sizeof(word)) == 0)
			break;
	}
	CHECK(at < bytes);
	flip(fd, at + 2, 0);
	CHECK(ask_name(&people[0]) == NO_ANSWER);
	CHECK(ask_groups(&people[0]) == NO_ANSWER);
	CHECK(ask_name(&people[1]) == RIGHT && ask_groups(&people[1]) == RIGHT);
	while (world_plugin()->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS)
		seen++;
	CHECK(seen == COSMO_ARRAY_LEN(people) - 1);
	CHECK(world_plugin()->getgrnam_r("cosmo-users", &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(gr.gr_mem[0] && gr.gr_mem[1] && !gr.gr_mem[2]);
}

static void test_lookups__one_damaged_record__hides_nobody_else(void **state)
{
	assert_true(world_run(damage_ada_alone));
	fill(state);
}

/* Where the slot of @name begins. */
static off_t slot_of(const char *name)
{
	char want[COSMO_MAX_NAME_BYTES] = "";
	char found[COSMO_MAX_NAME_BYTES] = "";
	int fd = open(USERS_DB, O_RDONLY | O_CLOEXEC);
	off_t at = (off_t)(USERS_DB_AT_GROUPS * 8);

	CHECK(fd >= 0);
	memcpy(want, name, strlen(name));
	for (;; at += 8) {
		CHECK(pread(fd, found, sizeof(found), at) == (ssize_t)sizeof(found));
		if (memcmp(found, want, sizeof(want)) == 0)
			break;
	}
	close(fd);
	return at - (off_t)(USERS_DB_SLOT_AT_NAME * 8);
}

/* A record in doubt, and a writer that has something pending: it may be whole in a moment. */
static void doubt_while_written(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct group gr = {0};
	const struct world_plugin *p = world_plugin();
	off_t state_at = (off_t)((USERS_DB_AT_STATE + 1) * 8);
	int fd = open(USERS_DB, O_RDWR | O_CLOEXEC);
	enum nss_status status = NSS_STATUS_SUCCESS;
	int code = 0;

	CHECK(fd >= 0);
	flip(fd, slot_of("ada"), 3);
	for (unsigned int copy = 0; copy < 2; copy++)
		flip(fd, state_at + (off_t)(copy * USERS_DB_STATE_STRIDE * 8) + 4, 0);
	CHECK(p->getpwnam_r("ada", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_TRYAGAIN);
	CHECK(code == EAGAIN);
	code = 0;
	CHECK(p->getgrnam_r("cosmo-admin", &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_TRYAGAIN);
	CHECK(code == EAGAIN);
	while (status == NSS_STATUS_SUCCESS)
		status = p->getpwent_r(&pw, buffer, sizeof(buffer), &code);
	CHECK(status == NSS_STATUS_TRYAGAIN && code == EAGAIN);
	/* Others are not waited for. */
	CHECK(ask_name(&people[1]) == RIGHT && ask_uid(&people[1]) == RIGHT);
	close(fd);
}

/* Never a group without him, which would be believed. */
static void test_lookups__doubt_while_written__is_try_again(void **state)
{
	assert_true(world_run(doubt_while_written));
	fill(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups__doubt_while_written__is_try_again),
		cmocka_unit_test(test_lookups__bit_flipped_under_a_reader__never_wrong),
		cmocka_unit_test(test_lookups__bit_flipped_before_the_first__never_wrong),
		cmocka_unit_test(test_lookups__unfit_file__is_unavailable),
		cmocka_unit_test(test_lookups__no_file_and_not_connected__not_found),
		cmocka_unit_test(test_lookups__wiped_page__never_wrong),
		cmocka_unit_test(test_lookups__one_damaged_record__hides_nobody_else),
	};

	world_enter();
	return cmocka_run_group_tests(tests, fill, NULL);
}
