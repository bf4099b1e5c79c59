/* SPDX-License-Identifier: MIT */
/* What the plugin does to the process it lives in: nothing that the process could notice. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "tests/unit/nss/world.h"
#include "tests/unit/open_descriptors.h"

#define BUFFER_BYTES 4096
#define USERS        50

/* AddressSanitizer has malloc() for itself. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_OWN_MALLOC 0
#endif
#endif
#ifndef HAS_OWN_MALLOC
#define HAS_OWN_MALLOC 1
#endif

static uint32_t ada_uid;
static uint32_t uids[USERS];

static int fill(void **state)
{
	(void)state;
	world_clear();
	world_connect();
	ada_uid = world_enrol("ada", "admin");
	for (size_t i = 0; i < USERS; i++) {
		char name[16] = "";

		snprintf(name, sizeof(name), "user%02zu", i);
		uids[i] = world_enrol(name, "developer");
	}
	return 0;
}

/* Every kind of look-up once, hits and misses; true if each answered as it should. */
static bool all_lookups(void)
{
	static gid_t space[64];
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct group gr = {0};
	gid_t *gids = space;
	long start = 0;
	long size = 64;
	int code = 0;
	const struct world_plugin *p = world_plugin();
	bool good = true;

	good &= p->getpwnam_r("ada", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS &&
		pw.pw_uid == ada_uid;
	good &= p->getpwuid_r(ada_uid, &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS;
	good &= p->getpwnam_r("root", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND;
	good &= p->getpwnam_r("noone", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND;
	good &= p->getpwuid_r(0, &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND;
	good &= p->getpwuid_r(WORLD_UID_MIN, &pw, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND;
	good &= p->getgrnam_r("cosmo-users", &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS;
	good &= p->getgrgid_r(WORLD_DIALOUT_GID, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS;
	good &= p->getgrnam_r("sudo", &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND;
	good &= p->getgrgid_r(27, &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND;
	good &= p->setpwent(0) == NSS_STATUS_SUCCESS;
	good &= p->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS;
	good &= p->setgrent(0) == NSS_STATUS_SUCCESS;
	good &= p->getgrent_r(&gr, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS;
	good &= p->initgroups_dyn("ada", ada_uid, &start, &size, &gids, -1, &code) ==
			NSS_STATUS_SUCCESS &&
		start == 3;
	good &= p->initgroups_dyn("root", 0, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_NOTFOUND;
	good &= p->initgroups_dyn("noone", 1, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_NOTFOUND;
	good &= p->getgrnam_r("ada", &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS &&
		gr.gr_gid == ada_uid;
	good &= p->getgrgid_r(ada_uid, &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS;
	good &= p->getgrnam_r("noone", &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND;
	good &= p->getgrgid_r(WORLD_UID_MIN, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND;
	good &= p->endpwent() == NSS_STATUS_SUCCESS && p->endgrent() == NSS_STATUS_SUCCESS;
	return good;
}

/* ---- memory ---- */

#if HAS_OWN_MALLOC
static _Atomic long allocations;
static _Atomic bool memory_is_gone;

/* glibc's own names for what is counted here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

/* Visible, so that the plugin finds them before glibc's. */
#define SHARED __attribute__((visibility("default")))

SHARED void *malloc(size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_malloc(size);
}

SHARED void *calloc(size_t count, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_calloc(count, size);
}

SHARED void *realloc(void *old, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	if (atomic_load(&memory_is_gone)) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(old, size);
}

static void count_allocations(void)
{
	long before = 0;
	gid_t *gids = NULL;
	long start = 0;
	long size = 0;
	int code = 0;

	world_plugin();
	before = atomic_load(&allocations);
	for (int i = 0; i < 100; i++)
		CHECK(all_lookups());
	CHECK(atomic_load(&allocations) == before); /* the first look-up included */
	/* The plugin's calls are seen: this one has to make room. */
	CHECK(world_plugin()->initgroups_dyn("ada", (gid_t)-1, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(atomic_load(&allocations) == before + 1);
	free(gids);
}

/* initgroups_dyn has to enlarge glibc's array and cannot: nothing is added, errno is kept. */
static void no_memory_for_gids(void)
{
	gid_t *gids = calloc(2, sizeof(gid_t));
	long start = 1;
	long size = 2;
	int code = 0;

	CHECK(gids);
	world_plugin();
	atomic_store(&memory_is_gone, true);
	errno = 4711;
	CHECK(world_plugin()->initgroups_dyn("ada", (gid_t)-1, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_TRYAGAIN);
	CHECK(code == ENOMEM && errno == 4711 && start == 1 && size == 2);
	atomic_store(&memory_is_gone, false);
	CHECK(world_plugin()->initgroups_dyn("ada", (gid_t)-1, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(start == 4);
	free(gids);
}

static void test_initgroups__no_memory__is_try_again_and_adds_nothing(void **state)
{
	(void)state;
	assert_true(world_run(no_memory_for_gids));
}

static void test_lookups__any__allocate_nothing(void **state)
{
	(void)state;
	assert_true(world_run(count_allocations));
}
#endif

/* ---- system calls ---- */

static void no_system_call(void)
{
	CHECK(all_lookups());
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	for (int i = 0; i < 1000; i++)
		if (!all_lookups())
			syscall(SYS_exit, 1);
	syscall(SYS_exit, 0);
}

/* The first look-up may be a hit, and provisional entries may be on: a later miss is no reason. */
static void no_system_call_at_first_miss(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;
	const struct world_plugin *p = world_plugin();

	CHECK(p->getpwuid_r(ada_uid, &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	if (p->getpwnam_r("noone", &pw, buffer, sizeof(buffer), &code) != NSS_STATUS_NOTFOUND)
		syscall(SYS_exit, 1);
	syscall(SYS_exit, 0);
}

static void a_system_call(void)
{
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	(void)getppid();
	syscall(SYS_exit, 0);
}

static void test_lookups__after_the_first__make_no_system_call(void **state)
{
	assert_true(world_run(no_system_call));
	world_configure(WORLD_ROLES, 1);
	assert_true(world_run(no_system_call));
	assert_true(world_run(no_system_call_at_first_miss));
	assert_false(world_run(a_system_call)); /* the trap does spring */
	fill(state);
}

/* ---- descriptors ---- */

static void keeps_no_descriptor(void)
{
	size_t before = 0;

	world_plugin();
	before = open_descriptors();
	CHECK(all_lookups());
	CHECK(open_descriptors() == before);
}

static void survives_closefrom(void)
{
	CHECK(all_lookups());
	closefrom(0);
	if (!all_lookups())
		_exit(1);
	/* What the program opens now is not ours to read from. */
	if (open("/dev/zero", O_RDONLY) != 0 || open("/dev/zero", O_RDONLY) != 1)
		_exit(1);
	if (!all_lookups())
		_exit(1);
	_exit(0);
}

/* The old file is superseded: the new one must be opened without any descriptor left over. */
static void closefrom_then_rebuild(void)
{
	int pipe_fds[2] = {-1, -1};
	int status = 0;
	pid_t writer = 0;
	char go = 0;

	CHECK(pipe(pipe_fds) == 0);
	writer = fork();
	CHECK(writer >= 0);
	if (writer == 0) {
		close(pipe_fds[1]);
		CHECK(read(pipe_fds[0], &go, 1) == 0);
		world_configure("[enroll]\nshell = /bin/sh\n" WORLD_ROLES, 0);
		exit(0);
	}
	CHECK(all_lookups());
	closefrom(0);
	if (waitpid(writer, &status, 0) != writer || status != 0)
		_exit(1);
	_exit(all_lookups() ? 0 : 1);
}

static void test_lookups__descriptors__none_is_kept_or_needed(void **state)
{
	(void)state;
	assert_true(world_run(keeps_no_descriptor));
	assert_true(world_run(survives_closefrom));
	assert_true(world_run(closefrom_then_rebuild));
	fill(state);
}

/* ---- fork ---- */

static void fork_after_use(void)
{
	int status = 0;
	pid_t pid = 0;

	CHECK(all_lookups());
	for (int i = 0; i < 20; i++) {
		pid = fork();
		CHECK(pid >= 0);
		if (pid == 0)
			_exit(all_lookups() ? 0 : 1);
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
		CHECK(all_lookups());
	}
}

static void *keep_asking(void *stop)
{
	while (!atomic_load((_Atomic bool *)stop))
		CHECK(all_lookups());
	return NULL;
}

static void fork_amid_threads(void)
{
	_Atomic bool stop = false;
	pthread_t threads[3];

	for (size_t i = 0; i < COSMO_ARRAY_LEN(threads); i++)
		CHECK(pthread_create(&threads[i], NULL, keep_asking, &stop) == 0);
	fork_after_use();
	atomic_store(&stop, true);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(threads); i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void test_lookups__fork__go_on_in_both(void **state)
{
	(void)state;
	assert_true(world_run(fork_after_use));
	assert_true(world_run(fork_amid_threads));
}

/* ---- threads ---- */

static void *ask_for_each(void *unused)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	int code = 0;

	for (int round = 0; round < 2000; round++) {
		size_t i = (size_t)round % USERS;
		char name[16] = "";

		snprintf(name, sizeof(name), "user%02zu", i);
		CHECK(world_plugin()->getpwuid_r(uids[i], &pw, buffer, sizeof(buffer), &code) ==
			NSS_STATUS_SUCCESS);
		CHECK(streq(pw.pw_name, name) && pw.pw_uid == uids[i]);
		CHECK(world_plugin()->getpwnam_r(name, &pw, buffer, sizeof(buffer), &code) ==
			NSS_STATUS_SUCCESS);
		CHECK(streq(pw.pw_name, name) && pw.pw_uid == uids[i]);
	}
	return unused;
}

/* The very first look-up is made by all of them at once; a writer changes users meanwhile. */
static void four_threads(void)
{
	pthread_t threads[4];

	world_plugin();
	for (size_t i = 0; i < COSMO_ARRAY_LEN(threads); i++)
		CHECK(pthread_create(&threads[i], NULL, ask_for_each, NULL) == 0);
	for (int i = 0; i < 20; i++)
		world_enrol("user07", i % 2 ? "admin" : "viewer");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(threads); i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void test_lookups__four_threads_and_a_writer__answer_rightly(void **state)
{
	(void)state;
	assert_true(world_run(four_threads));
}

/* ---- everything else ---- */

struct surroundings {
	mode_t mask;
	sigset_t blocked;
	void (*pipe_handler)(int);
	int pipe_flags;
	char directory[256];
	char locale[64];
};

static void take_in(struct surroundings *ret)
{
	struct sigaction pipe_action = {0};

	memset(ret, 0, sizeof(*ret));
	ret->mask = umask(027);
	umask(ret->mask);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &ret->blocked) == 0);
	CHECK(sigaction(SIGPIPE, NULL, &pipe_action) == 0);
	ret->pipe_handler = pipe_action.sa_handler;
	ret->pipe_flags = pipe_action.sa_flags;
	CHECK(getcwd(ret->directory, sizeof(ret->directory)));
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	snprintf(ret->locale, sizeof(ret->locale), "%s", setlocale(LC_ALL, NULL));
}

static void changes_nothing(void)
{
	struct surroundings before;
	struct surroundings after;

	CHECK(setenv("COSMO_SSO", "1", 1) == 0); /* NOLINT(concurrency-mt-unsafe): one thread */
	take_in(&before);
	errno = 4711;
	CHECK(all_lookups());
	CHECK(errno == 4711);
	take_in(&after);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
}

static void test_lookups__surroundings__stay_as_they_are(void **state)
{
	(void)state;
	assert_true(world_run(changes_nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if HAS_OWN_MALLOC
		cmocka_unit_test(test_lookups__any__allocate_nothing),
		cmocka_unit_test(test_initgroups__no_memory__is_try_again_and_adds_nothing),
#endif
		cmocka_unit_test(test_lookups__after_the_first__make_no_system_call),
		cmocka_unit_test(test_lookups__descriptors__none_is_kept_or_needed),
		cmocka_unit_test(test_lookups__fork__go_on_in_both),
		cmocka_unit_test(test_lookups__four_threads_and_a_writer__answer_rightly),
		cmocka_unit_test(test_lookups__surroundings__stay_as_they_are),
	};

	world_enter();
	return cmocka_run_group_tests(tests, fill, NULL);
}
