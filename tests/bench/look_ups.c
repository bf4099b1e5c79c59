/* SPDX-License-Identifier: MIT */
/*
 * What look-ups cost:
 *
 *   look_ups serve HOW COUNT     measures what its standard input asks for, a line of JSON each
 *   look_ups first HOW NUMBER    this process's first look-up, and what came before it
 *
 * HOW: as asker.h has it, or touch:PATH, one dependent random touch of that file after the other.
 * A line of the input: WHAT WHOSE THREADS CALLS MS. WHAT is one of the kinds below; each thread
 * asks CALLS times, but no longer than MS milliseconds. WHOSE: "hit" or "miss", or one user after
 * the other, "each-hit" or "each-miss", for caches to be filled.
 *
 * Keys are drawn at random from COUNT users and stand in memory in the order they are asked for.
 * Each call's argument depends on the answer before, so that none overlap: a program waits for its
 * answer too. A process asks one asker, and whoever measures several lets them take turns.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/asker.h"
#include "tests/bench/population.h"

#define KEYS         (1U << 20) /* a power of two */
#define BUFFER_BYTES 1024       /* grows when asked to, as with a program */
#define MAX_GIDS     64
#define MAX_THREADS  8
#define LINE_BYTES   64
#define TOUCH        "touch:"
#define STEP_NS      200000 /* between looks at the clock */

struct keys {
	char (*names)[POPULATION_NAME_BYTES];
	uint32_t *uids;
};

struct touched {
	const volatile uint64_t *words;
	uint64_t lines;
};

/* One thread that asks, and what it asks with. */
struct asking {
	const struct asker *asker;
	const struct keys *keys;
	const struct touched *touched;
	enum nss_status expected;
	uint64_t (*batch)(struct asking *asking, uint64_t calls);
	uint64_t most_calls;
	double most_ns;
	pthread_barrier_t *start;

	uint32_t at; /* the next key */
	uint64_t last;
	uint64_t random;
	struct passwd pw;
	struct group gr;
	gid_t gids[MAX_GIDS];
	char *buffer;
	size_t buffer_size;
	int code;

	uint64_t calls;
	uint64_t wrong;
	double began_ns;
	double ended_ns;
	double cpu_ns;
};

/* Always 0, which the compiler does not know. */
static volatile uint64_t nothing;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "look_ups: %s\n", what);
	exit(1);
}

static double clock_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static inline enum nss_status ask_getpwnam(struct asking *asking, uint64_t zero)
{
	enum nss_status status = asking->asker->getpwnam_r(asking->keys->names[asking->at] + zero,
		&asking->pw, asking->buffer, asking->buffer_size, &asking->code);

	asking->last = asking->pw.pw_uid;
	return status;
}

static inline enum nss_status ask_getpwuid(struct asking *asking, uint64_t zero)
{
	enum nss_status status =
		asking->asker->getpwuid_r(asking->keys->uids[asking->at] + (uid_t)zero, &asking->pw,
			asking->buffer, asking->buffer_size, &asking->code);

	asking->last = asking->pw.pw_uid;
	return status;
}

static inline enum nss_status ask_getgrnam(struct asking *asking, uint64_t zero)
{
	enum nss_status status = asking->asker->getgrnam_r(asking->keys->names[asking->at] + zero,
		&asking->gr, asking->buffer, asking->buffer_size, &asking->code);

	asking->last = asking->gr.gr_gid;
	return status;
}

static inline enum nss_status ask_getgrgid(struct asking *asking, uint64_t zero)
{
	enum nss_status status =
		asking->asker->getgrgid_r(asking->keys->uids[asking->at] + (gid_t)zero, &asking->gr,
			asking->buffer, asking->buffer_size, &asking->code);

	asking->last = asking->gr.gr_gid;
	return status;
}

static inline enum nss_status ask_getgrouplist(struct asking *asking, uint64_t zero)
{
	gid_t *gids = asking->gids;
	long count = 0;
	long size = MAX_GIDS;
	enum nss_status status =
		asking->asker->initgroups_dyn(asking->keys->names[asking->at] + zero,
			asking->keys->uids[asking->at], &count, &size, &gids, -1, &asking->code);

	asking->last = gids[0];
	return status;
}

/* Where the next touch goes depends on what was read. */
static inline enum nss_status ask_touch(struct asking *asking, uint64_t zero)
{
	uint64_t drawn = (population_random(&asking->random) + zero) >> 32;
	uint64_t line = drawn * asking->touched->lines >> 32;

	asking->last = asking->touched->words[line * (LINE_BYTES / sizeof(uint64_t))];
	return NSS_STATUS_SUCCESS;
}

/* The next user, the first one behind the last. */
static inline enum nss_status ask_enumerate(struct asking *asking, uint64_t zero)
{
	enum nss_status status = asking->asker->getpwent_r(
		&asking->pw, asking->buffer, asking->buffer_size, &asking->code);

	if (status != NSS_STATUS_NOTFOUND)
		return status;
	asking->asker->endpwent();
	asking->asker->setpwent((int)zero);
	return asking->asker->getpwent_r(
		&asking->pw, asking->buffer, asking->buffer_size, &asking->code);
}

static void grow_buffer(struct asking *asking)
{
	free(asking->buffer);
	asking->buffer_size *= 2;
	asking->buffer = malloc(asking->buffer_size);
	if (!asking->buffer)
		fail("no memory");
}

/* A loop for each kind, with the question in it. */
#define BATCH(kind)                                                                                \
	static uint64_t batch_##kind(struct asking *asking, uint64_t calls)                        \
	{                                                                                          \
		uint64_t zero = nothing;                                                           \
		uint64_t wrong = 0;                                                                \
                                                                                                   \
		for (uint64_t i = 0; i < calls; i++) {                                             \
			enum nss_status status = ask_##kind(asking, asking->last & zero);          \
                                                                                                   \
			while (status == NSS_STATUS_TRYAGAIN && asking->code == ERANGE) {          \
				grow_buffer(asking);                                               \
				status = ask_##kind(asking, asking->last & zero);                  \
			}                                                                          \
			wrong += status != asking->expected;                                       \
			asking->last += (uint64_t)status;                                          \
			asking->at = (asking->at + 1) % KEYS;                                      \
		}                                                                                  \
		return wrong;                                                                      \
	}

BATCH(getpwnam)
BATCH(getpwuid)
BATCH(getgrnam)
BATCH(getgrgid)
BATCH(getgrouplist)
BATCH(touch)
BATCH(enumerate)

static const struct {
	const char *what;
	uint64_t (*batch)(struct asking *asking, uint64_t calls);
} kinds[] = {
	{"getpwnam", batch_getpwnam},
	{"getpwuid", batch_getpwuid},
	{"getgrnam", batch_getgrnam},
	{"getgrgid", batch_getgrgid},
	{"getgrouplist", batch_getgrouplist},
	{"touch", batch_touch},
	{"enumerate", batch_enumerate},
};

/* Does the asker have what is asked for? */
static bool has(const struct asker *asker, uint64_t (*batch)(struct asking *, uint64_t))
{
	return (batch != batch_getpwnam || asker->getpwnam_r) &&
	       (batch != batch_getpwuid || asker->getpwuid_r) &&
	       (batch != batch_getgrnam || asker->getgrnam_r) &&
	       (batch != batch_getgrgid || asker->getgrgid_r) &&
	       (batch != batch_getgrouplist || asker->initgroups_dyn) &&
	       (batch != batch_enumerate ||
		       (asker->setpwent && asker->getpwent_r && asker->endpwent));
}

static void draw(struct keys *keys, uint32_t from, uint32_t count, bool in_order)
{
	uint64_t state = from;

	keys->names = malloc(KEYS * sizeof(*keys->names));
	keys->uids = malloc(KEYS * sizeof(*keys->uids));
	if (!keys->names || !keys->uids)
		fail("no memory");
	for (uint32_t i = 0; i < KEYS; i++) {
		uint32_t drawn = (uint32_t)((population_random(&state) >> 32) * count >> 32);
		uint32_t number = from + (in_order ? i % count : drawn);

		population_name(number, keys->names[i]);
		keys->uids[i] = population_uid(number);
	}
}

static void map_touched(const char *path, struct touched *ret)
{
	struct stat st = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *words = MAP_FAILED;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail(path);
	words = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (words == MAP_FAILED)
		fail("mmap");
	ret->words = words;
	ret->lines = (uint64_t)st.st_size / LINE_BYTES;
}

static void *ask_away(void *context)
{
	struct asking *asking = context;
	uint64_t step = 1;
	double cpu_ns = 0;
	double now_ns = 0;

	pthread_barrier_wait(asking->start);
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	asking->began_ns = now_ns = clock_ns(CLOCK_MONOTONIC);
	while (asking->calls < asking->most_calls && now_ns - asking->began_ns < asking->most_ns) {
		uint64_t left = asking->most_calls - asking->calls;
		double before_ns = now_ns;

		step = step < left ? step : left;
		asking->wrong += asking->batch(asking, step);
		asking->calls += step;
		now_ns = clock_ns(CLOCK_MONOTONIC);
		if (now_ns - before_ns < STEP_NS)
			step *= 2;
	}
	asking->ended_ns = now_ns;
	asking->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	return NULL;
}

static void print_sum(const struct asking *askings, unsigned int threads)
{
	struct asking sum = askings[0];

	for (unsigned int i = 1; i < threads; i++) {
		sum.calls += askings[i].calls;
		sum.wrong += askings[i].wrong;
		sum.cpu_ns += askings[i].cpu_ns;
		if (askings[i].began_ns < sum.began_ns)
			sum.began_ns = askings[i].began_ns;
		if (askings[i].ended_ns > sum.ended_ns)
			sum.ended_ns = askings[i].ended_ns;
	}
	printf("{\"calls\": %llu, \"wall_ns\": %.0f, \"cpu_ns\": %.0f, \"wrong\": %llu}\n",
		(unsigned long long)sum.calls, sum.ended_ns - sum.began_ns, sum.cpu_ns,
		(unsigned long long)sum.wrong);
	fflush(stdout);
}

static void run(const struct asking *model, unsigned int threads)
{
	static uint32_t next;
	struct asking *askings = calloc(MAX_THREADS, sizeof(*askings));
	pthread_t ids[MAX_THREADS];
	pthread_barrier_t start;

	if (!askings || pthread_barrier_init(&start, NULL, threads) != 0)
		fail("no memory");
	for (unsigned int i = 0; i < threads; i++) {
		askings[i] = *model;
		askings[i].start = &start;
		askings[i].at = (next + i * (KEYS / MAX_THREADS)) % KEYS;
		askings[i].random = askings[i].at;
		askings[i].buffer_size = BUFFER_BYTES / 2;
		grow_buffer(&askings[i]);
		if (i > 0 && pthread_create(&ids[i], NULL, ask_away, &askings[i]) != 0)
			fail("no thread");
	}
	ask_away(&askings[0]);
	for (unsigned int i = 1; i < threads; i++)
		pthread_join(ids[i], NULL);
	print_sum(askings, threads);
	next = askings[0].at;
	for (unsigned int i = 0; i < threads; i++)
		free(askings[i].buffer);
	free(askings);
	pthread_barrier_destroy(&start);
}

/* The keys are drawn when they are first needed. */
static const struct keys *keys_of(const char *whose, uint32_t count, enum nss_status *ret_expected)
{
	static struct keys all[4];
	static const char *const names[4] = {"hit", "miss", "each-hit", "each-miss"};

	for (unsigned int i = 0; i < 4; i++) {
		bool known = i % 2 == 0;

		if (strcmp(names[i], whose) != 0)
			continue;
		if (!all[i].names)
			draw(&all[i], known ? 0 : count, count, i >= 2);
		*ret_expected = known ? NSS_STATUS_SUCCESS : NSS_STATUS_NOTFOUND;
		return &all[i];
	}
	fail("hit or miss?");
}

static void obey(struct asking *model, char *line, uint32_t count)
{
	char *words[5] = {NULL};
	char *rest = NULL;
	unsigned int threads = 0;

	for (size_t i = 0; i < 5; i++) {
		words[i] = strtok_r(i ? NULL : line, " \n", &rest);
		if (!words[i])
			fail("WHAT WHOSE THREADS CALLS MS");
	}
	model->batch = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].what, words[0]) == 0)
			model->batch = kinds[i].batch;
	threads = (unsigned int)strtoul(words[2], NULL, 10);
	model->most_calls = strtoull(words[3], NULL, 10);
	model->most_ns = strtod(words[4], NULL) * 1e6;
	if (!model->batch || threads == 0 || threads > MAX_THREADS)
		fail("WHAT WHOSE THREADS CALLS MS");
	if (model->touched ? model->batch != batch_touch : !has(model->asker, model->batch)) {
		puts("{\"calls\": 0}");
		fflush(stdout);
		return;
	}
	model->keys = keys_of(words[1], count, &model->expected);
	run(model, threads);
}

static int serve(char **argv)
{
	uint32_t count = (uint32_t)strtoul(argv[1], NULL, 10);
	struct touched touched = {0};
	struct asker asker = {0};
	struct asking model = {.asker = &asker};
	char line[128] = "";

	if (strncmp(argv[0], TOUCH, strlen(TOUCH)) == 0) {
		map_touched(argv[0] + strlen(TOUCH), &touched);
		model.touched = &touched;
	} else if (!asker_open(argv[0], &asker)) {
		return 1;
	}
	if (asker.setpwent)
		asker.setpwent(0);
	while (fgets(line, sizeof(line), stdin))
		obey(&model, line, count);
	return 0;
}

static int measure_first(char **argv)
{
	char name[POPULATION_NAME_BYTES] = "";
	char buffer[BUFFER_BYTES];
	struct asker asker = {0};
	struct passwd pw = {0};
	double began = 0;
	double loaded = 0;
	double asked = 0;
	int code = 0;

	population_name(strtoul(argv[1], NULL, 10), name);
	began = clock_ns(CLOCK_MONOTONIC);
	if (!asker_open(argv[0], &asker))
		return 1;
	loaded = clock_ns(CLOCK_MONOTONIC);
	if (asker.getpwnam_r(name, &pw, buffer, sizeof(buffer), &code) != NSS_STATUS_SUCCESS)
		fail("the first look-up");
	asked = clock_ns(CLOCK_MONOTONIC);
	printf("{\"load_ns\": %.0f, \"first_ns\": %.0f}\n", loaded - began, asked - loaded);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv + 2);
	if (argc == 4 && strcmp(argv[1], "first") == 0)
		return measure_first(argv + 2);
	return 2;
}
