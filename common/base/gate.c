/* SPDX-License-Identifier: MIT */
#include "common/base/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/fdio.h"

#define LOOK_EVERY_MS 1000
#define ATTEMPTS      64

static const struct gate_page *map_page(const char *path)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = GATE_FILE_BYTES};
	COSMO_AUTO_FD int fd = -1;
	size_t bytes = 0;
	void *page = MAP_FAILED;

	if (fdio_open(AT_FDCWD, path, &demands, &fd, &bytes) || bytes != GATE_FILE_BYTES)
		return NULL;
	page = mmap(NULL, GATE_FILE_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	return page == MAP_FAILED ? NULL : page;
}

/* Look for a gate that was not there, at most once a second. */
static const struct gate_page *find_page(struct gate_reader *reader)
{
	const struct gate_page *other = NULL;
	const struct gate_page *page = NULL;
	int64_t now_ms = fdio_coarse_ms();
	int64_t looked_ms = atomic_load(&reader->looked_ms);
	int saved_errno = errno;

	if (looked_ms && now_ms >= looked_ms && now_ms - looked_ms < LOOK_EVERY_MS)
		return NULL;
	page = map_page(reader->path);
	/* Only a look that is over and was in vain: a thread that comes meanwhile looks itself. */
	if (!page) {
		atomic_store(&reader->looked_ms, now_ms);
	} else if (!atomic_compare_exchange_strong(&reader->page, &other, page)) {
		munmap(cosmo_owned(page), GATE_FILE_BYTES);
		page = other; /* another thread was faster */
	}
	errno = saved_errno;
	return page;
}

/* In words: it is compared in words just behind. */
static void load_integration(const struct gate_page *page, unsigned char *ret_integration)
{
	const uint64_t *words = (const uint64_t *)(const void *)page->integration;

	_Static_assert(offsetof(struct gate_page, integration) % sizeof(uint64_t) == 0, "aligned");
	for (size_t i = 0; i < INTEGRATION_BYTES / sizeof(uint64_t); i++) {
		uint64_t word = __atomic_load_n(words + i, __ATOMIC_RELAXED);

		memcpy(ret_integration + i * sizeof(word), &word, sizeof(word));
	}
}

/* The state, and the integration that belongs to that very state. */
static enum gate_state read_page(const struct gate_page *page, unsigned char *ret_integration)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		uint64_t before = atomic_load_explicit(&page->state, memory_order_acquire);

		if (gate_word_state(before) != GATE_OPEN)
			return gate_word_state(before);
		load_integration(page, ret_integration);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&page->state, memory_order_relaxed) == before)
			return GATE_OPEN;
	}
	return GATE_MISSING;
}

void gate_read(struct gate_reader *reader, struct gate_view *ret_view)
{
	const struct gate_page *page = atomic_load_explicit(&reader->page, memory_order_acquire);

	*ret_view = (struct gate_view){.state = GATE_MISSING};
	if (__builtin_expect(!page, 0))
		page = find_page(reader);
	if (!page || page->magic != GATE_MAGIC || page->version != GATE_VERSION)
		return;
	ret_view->state = read_page(page, ret_view->integration);
	if (ret_view->state != GATE_OPEN)
		memset(ret_view->integration, 0, INTEGRATION_BYTES);
}

void gate_done(struct gate_reader *reader)
{
	const struct gate_page *page = atomic_exchange(&reader->page, NULL);

	if (page)
		munmap(cosmo_owned(page), GATE_FILE_BYTES);
	atomic_store(&reader->looked_ms, 0);
}
