/* SPDX-License-Identifier: MIT */
/*
 * What closing the gate costs, and how soon a running process sees it:
 *
 *   closing seen MODULE COUNT ROUNDS HOW     a line of JSON with a figure per round
 *   closing calls                            how many system calls closing makes
 *
 * A reader asks about random ones of COUNT users without a pause. Each round opens the gate by
 * gate_write_open(), waits until the reader has seen roles again, and closes it at a random moment.
 * HOW he asks: "initgroups" and "getgrnam" (members of the admins' group) of MODULE, or "word",
 * the floor: no look-up at all, he spins on the gate's state.
 *
 * Each round says when the close had returned, when the first look-up had ended that found a viewer
 * (both since just before the call), and whether neither process had to give its processor to
 * another one meanwhile. "late" counts look-ups that began after the close had returned and found
 * roles nevertheless.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pam_cosmo_sso/helper/gate_write.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/store.h"
#include "tests/bench/population.h"

#define MAX_GIDS     64
#define BUFFER_BYTES (64U << 20) /* 1,000,000 members fit */
#define SETTLED      8           /* look-ups with roles before a close */
#define STEP_NS      50000
#define PATIENCE_NS  INT64_C(60000000000)
#define GAP_NS       10000   /* in a shorter time nobody else has run */
#define SPREAD_NS    5000000 /* closes fall on any moment of a file's growth */

enum answer {
	ROLES,
	VIEWER,
	DOUBT, /* TRYAGAIN: ask again */
};

/* What reader and closer tell each other. */
struct table {
	_Atomic uint32_t opened;  /* the round of the last opening */
	_Atomic uint32_t settled; /* and the last one whose roles the reader has seen */
	_Atomic uint32_t seen;    /* and whose end */
	int64_t seen_ns;
	int64_t last_roles_ns; /* when the last look-up that found roles began */
	int64_t returned_ns;   /* when the reader had his processor again the last time */
	_Atomic uint64_t asked;
	_Atomic uint64_t doubts;
};

struct reader {
	enum answer (*ask)(struct reader *reader);
	enum nss_status (*initgroups_dyn)(
		const char *, gid_t, long *, long *, gid_t **, long, int *);
	enum nss_status (*getgrnam_r)(const char *, struct group *, char *, size_t, int *);
	const struct gate_page *page;
	char *buffer;
	uint32_t count;
	gid_t viewer_gid;
	uint64_t random;
	struct table *table;
};

static void fail(const char *what)
{
	fprintf(stderr, "closing: %s\n", what);
	exit(1);
}

static void check(enum cosmo_err err, const char *what)
{
	if (err) {
		fprintf(stderr, "closing: %s: %s\n", what, cosmo_err_id(err));
		exit(1);
	}
}

static int64_t now_ns(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static void pause_ns(int64_t ns)
{
	struct timespec ts = {.tv_nsec = ns};

	nanosleep(&ts, NULL);
}

/* How often this process had to give its processor to another one. */
static long interruptions(void)
{
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nivcsw;
}

/* The two never wait for each other: closer and reader take the first and the last processor. */
static void settle_on(bool last)
{
	cpu_set_t allowed;
	cpu_set_t chosen;
	size_t found = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		fail("processors");
	for (size_t i = 0; i < CPU_SETSIZE && (last || !CPU_ISSET(found, &allowed)); i++)
		if (CPU_ISSET(i, &allowed))
			found = i;
	CPU_ZERO(&chosen);
	CPU_SET(found, &chosen);
	if (CPU_COUNT(&allowed) > 1 && sched_setaffinity(0, sizeof(chosen), &chosen) < 0)
		fail("processor");
}

/* Developers and admins have odd numbers. */
static enum answer ask_initgroups(struct reader *reader)
{
	static gid_t space[MAX_GIDS];
	char name[POPULATION_NAME_BYTES] = "";
	uint64_t drawn = (population_random(&reader->random) >> 32) * reader->count >> 32;
	gid_t *gids = space;
	long count = 0;
	long size = MAX_GIDS;
	int code = 0;
	enum nss_status status = NSS_STATUS_UNAVAIL;

	population_name(drawn | 1, name);
	status = reader->initgroups_dyn(name, (gid_t)-1, &count, &size, &gids, -1, &code);
	if (status == NSS_STATUS_TRYAGAIN)
		return DOUBT;
	if (status != NSS_STATUS_SUCCESS || count < 2)
		fail("a user is not found");
	/* Everybody's group, then those of the roles. */
	return gids[1] == reader->viewer_gid ? VIEWER : ROLES;
}

static enum answer ask_getgrnam(struct reader *reader)
{
	struct group group = {0};
	int code = 0;
	enum nss_status status =
		reader->getgrnam_r("cosmo-admin", &group, reader->buffer, BUFFER_BYTES, &code);

	if (status == NSS_STATUS_TRYAGAIN && code != ERANGE)
		return DOUBT;
	if (status != NSS_STATUS_SUCCESS)
		fail("the group is not found");
	return group.gr_mem[0] ? ROLES : VIEWER;
}

static enum answer ask_word(struct reader *reader)
{
	return gate_word_state(atomic_load(&reader->page->state)) == GATE_OPEN ? ROLES : VIEWER;
}

static void *symbol(void *library, const char *name)
{
	void *found = dlsym(library, name);

	if (!found)
		fail(name);
	return found;
}

static void load(struct reader *reader, const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		fail(dlerror());
	*(void **)&reader->initgroups_dyn = symbol(library, "_nss_cosmo_initgroups_dyn");
	*(void **)&reader->getgrnam_r = symbol(library, "_nss_cosmo_getgrnam_r");
	reader->buffer = malloc(BUFFER_BYTES);
	if (!reader->buffer)
		fail("no memory");
}

static void map_gate(struct reader *reader, const struct store *store)
{
	int fd = openat(store_run_public_fd(store), "gate", O_RDONLY | O_CLOEXEC);
	void *page =
		fd < 0 ? MAP_FAILED : mmap(NULL, GATE_FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		fail("gate");
	close(fd);
	reader->page = page;
}

static _Noreturn void read_forever(struct reader *reader)
{
	struct table *table = reader->table;
	unsigned int with_roles = 0;
	long interrupted = interruptions();
	int64_t ended_ns = now_ns();

	for (;;) {
		int64_t ran_ns = ended_ns;
		int64_t began_ns = now_ns();
		enum answer answer = reader->ask(reader);
		uint32_t round = atomic_load(&table->opened);

		ended_ns = now_ns();
		if (ended_ns - ran_ns > GAP_NS && interruptions() > interrupted) {
			interrupted = interruptions();
			table->returned_ns = ended_ns;
		}
		atomic_fetch_add_explicit(&table->asked, 1, memory_order_relaxed);
		if (answer == DOUBT) {
			atomic_fetch_add_explicit(&table->doubts, 1, memory_order_relaxed);
		} else if (answer == ROLES) {
			table->last_roles_ns = began_ns;
			if (++with_roles >= SETTLED)
				atomic_store(&table->settled, round);
		} else if (with_roles > 0) {
			with_roles = 0;
			table->seen_ns = ended_ns;
			atomic_store(&table->seen, round);
		}
	}
}

static pid_t start_reader(struct reader *reader, const char *module)
{
	pid_t closer = getpid();
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid > 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != closer)
		exit(1);
	settle_on(true);
	load(reader, module);
	read_forever(reader);
}

static void wait_for(const _Atomic uint32_t *round, uint32_t wanted, pid_t reader)
{
	int64_t began_ns = now_ns();

	while (atomic_load(round) != wanted) {
		if (waitpid(reader, NULL, WNOHANG) != 0)
			fail("the reader has ended");
		if (now_ns() - began_ns > PATIENCE_NS)
			fail("the reader does not see it");
		pause_ns(STEP_NS);
	}
}

static void open_gate(const struct store *store, const struct integration *integration)
{
	int run_fd = store_run_public_fd(store);
	uint64_t word = 0;

	check(gate_write_word(run_fd, &word), "word");
	check(gate_write_open(run_fd, word, integration->id), "open");
}

struct round {
	int64_t close_ns;
	int64_t seen_ns;
	bool undisturbed;
	bool late;
};

static void close_once(
	struct store *store, struct table *table, uint32_t number, pid_t reader, struct round *ret)
{
	long interrupted = interruptions();
	int64_t began_ns = now_ns();
	enum cosmo_err err = integration_close(store);
	int64_t ended_ns = now_ns();

	ret->undisturbed = interruptions() == interrupted;
	check(err, "close");
	wait_for(&table->seen, number, reader);
	ret->close_ns = ended_ns - began_ns;
	ret->seen_ns = table->seen_ns - began_ns;
	ret->undisturbed = ret->undisturbed && table->returned_ns < began_ns;
	ret->late = table->last_roles_ns > ended_ns;
}

static void print_rounds(const struct round *rounds, uint32_t count, const struct table *table)
{
	unsigned int late = 0;

	printf("{\"rounds\": [");
	for (uint32_t i = 0; i < count; i++) {
		printf("%s[%lld, %lld, %s]", i ? ", " : "", (long long)rounds[i].close_ns,
			(long long)rounds[i].seen_ns, rounds[i].undisturbed ? "true" : "false");
		late += rounds[i].late;
	}
	printf("], \"late\": %u, \"asked\": %llu, \"doubts\": %llu}\n", late,
		(unsigned long long)atomic_load(&table->asked),
		(unsigned long long)atomic_load(&table->doubts));
}

static void prepare(struct store *store, const char *how, struct reader *ret)
{
	struct users_db_numbers numbers;

	check(users_db_numbers(store_users_db(store), &numbers), "numbers");
	ret->viewer_gid = numbers.role_gid[0];
	map_gate(ret, store);
	if (strcmp(how, "initgroups") == 0)
		ret->ask = ask_initgroups;
	else if (strcmp(how, "getgrnam") == 0)
		ret->ask = ask_getgrnam;
	else if (strcmp(how, "word") == 0)
		ret->ask = ask_word;
	else
		fail("how?");
}

static int measure_seen(struct store *store, char **argv)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10);
	struct round *rounds = calloc(count, sizeof(*rounds));
	struct reader reader = {.count = (uint32_t)strtoul(argv[1], NULL, 10) & ~1U};
	uint64_t random = 1;
	pid_t pid = 0;

	reader.table = mmap(NULL, sizeof(*reader.table), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reader.table == MAP_FAILED || !rounds)
		fail("no memory");
	check(integration_load(store, &integration), "integration");
	prepare(store, argv[3], &reader);
	check(integration_close(store), "close");
	pid = start_reader(&reader, argv[0]);
	settle_on(false);
	for (uint32_t i = 0; i < count; i++) {
		open_gate(store, integration);
		atomic_store(&reader.table->opened, i + 1);
		wait_for(&reader.table->settled, i + 1, pid);
		pause_ns((int64_t)(population_random(&random) % SPREAD_NS));
		close_once(store, reader.table, i + 1, pid, &rounds[i]);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	print_rounds(rounds, count, reader.table);
	free(rounds);
	return 0;
}

/* The calls between two of getppid(). */
static _Noreturn void close_traced(struct store *store)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		exit(1);
	raise(SIGSTOP);
	syscall(SYS_getppid);
	if (integration_close(store))
		exit(1);
	syscall(SYS_getppid);
	_exit(0);
}

static int count_calls(struct store *store)
{
	struct __ptrace_syscall_info info;
	unsigned int calls = 0;
	unsigned int marks = 0;
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0)
		close_traced(store);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		fail("trace");
	while (marks < 2) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0 ||
			waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			fail("trace");
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0 ||
			info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		if (info.entry.nr == SYS_getppid)
			marks++;
		else
			calls += marks == 1;
	}
	printf("{\"calls\": %u}\n", calls);
	return 0;
}

int main(int argc, char **argv)
{
	struct store *store = NULL;

	check(store_open(&store_default_paths, &store), "store");
	if (argc == 6 && strcmp(argv[1], "seen") == 0)
		return measure_seen(store, argv + 2);
	if (argc == 2 && strcmp(argv[1], "calls") == 0)
		return count_calls(store);
	return 2;
}
