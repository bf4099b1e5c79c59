/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/gate_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"

#define GATE_NAME "gate"
#define NEW_NAME  ".gate.new"

static enum cosmo_err make_beside(int run_fd)
{
	union {
		struct gate_page page;
		unsigned char bytes[GATE_FILE_BYTES];
	} fresh = {.page = {.magic = GATE_MAGIC, .version = GATE_VERSION}};
	COSMO_AUTO_FD int fd = -1;

	if (unlinkat(run_fd, NEW_NAME, 0) < 0 && errno != ENOENT)
		return COSMO_E_IO;
	fd = openat(run_fd, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || fchmod(fd, 0644) < 0)
		return COSMO_E_IO;
	atomic_store(&fresh.page.state, (uint64_t)GATE_FRESH);
	return fdio_write(fd, fresh.bytes, sizeof(fresh.bytes));
}

/* Whoever has mapped a gate must never be left with one that nobody closes any more: what stands
 * there is not replaced. */
enum cosmo_err gate_write_ensure(int run_fd)
{
	struct stat st = {0};
	enum cosmo_err err = COSMO_OK;

	if (fstatat(run_fd, GATE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return COSMO_OK;
	if (errno != ENOENT)
		return COSMO_E_IO;
	err = make_beside(run_fd);
	if (!err && renameat2(run_fd, NEW_NAME, run_fd, GATE_NAME, RENAME_NOREPLACE) < 0 &&
		errno != EEXIST)
		err = COSMO_E_IO;
	unlinkat(run_fd, NEW_NAME, 0);
	return err;
}

static void page_free(struct gate_page *page)
{
	if (page)
		munmap(page, GATE_FILE_BYTES);
}
COSMO_AUTO_DEFINE(struct gate_page *, page_free);

/* @ret_unsafe: it is a gate, but not one that readers should believe. */
static enum cosmo_err map_page(int run_fd, struct gate_page **ret, bool *ret_unsafe)
{
	COSMO_AUTO_FD int fd =
		openat(run_fd, GATE_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st = {0};
	void *page = MAP_FAILED;

	if (fd < 0 && errno == ENOENT)
		return COSMO_E_NOT_FOUND;
	if (fd < 0)
		return errno == ELOOP ? COSMO_E_UNSAFE_FILE : COSMO_E_IO;
	if (fstat(fd, &st) < 0)
		return COSMO_E_IO;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct gate_page))
		return COSMO_E_UNSAFE_FILE;
	*ret_unsafe = st.st_uid != 0 || (st.st_mode & 022) != 0 || st.st_size != GATE_FILE_BYTES;
	page = mmap(NULL, GATE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return COSMO_E_IO;
	*ret = page;
	return COSMO_OK;
}

static enum cosmo_err map_sound_page(int run_fd, struct gate_page **ret)
{
	bool unsafe = false;
	enum cosmo_err err = map_page(run_fd, ret, &unsafe);

	if (err)
		return err;
	if (unsafe)
		return COSMO_E_UNSAFE_FILE;
	if ((*ret)->magic != GATE_MAGIC || (*ret)->version != GATE_VERSION)
		return COSMO_E_STORE_DAMAGED;
	return COSMO_OK;
}

static uint64_t next_word(uint64_t word, enum gate_state state)
{
	return ((word >> 8) + 1) << 8 | (uint64_t)state;
}

enum cosmo_err gate_write_word(int run_fd, uint64_t *ret_word)
{
	COSMO_AUTO(page_free) struct gate_page *page = NULL;
	enum cosmo_err err = map_sound_page(run_fd, &page);

	if (!err)
		*ret_word = atomic_load(&page->state);
	return err;
}

enum cosmo_err gate_write_close_from(int run_fd, uint64_t word, uint64_t *ret_word)
{
	COSMO_AUTO(page_free) struct gate_page *page = NULL;
	uint64_t closed = next_word(word, GATE_CLOSED);
	enum cosmo_err err = map_sound_page(run_fd, &page);

	if (err)
		return err;
	if (!atomic_compare_exchange_strong(&page->state, &word, closed))
		return COSMO_E_DISCONNECTED;
	*ret_word = closed;
	return COSMO_OK;
}

enum cosmo_err gate_write_open(
	int run_fd, uint64_t word, const unsigned char integration[INTEGRATION_BYTES])
{
	COSMO_AUTO(page_free) struct gate_page *page = NULL;
	uint64_t closed = next_word(word, GATE_CLOSED);
	enum cosmo_err err = map_sound_page(run_fd, &page);

	if (err)
		return err;
	/* Nobody may read a half-written id: it is written behind a closed gate. */
	if (gate_word_state(word) == GATE_OPEN ||
		!atomic_compare_exchange_strong(&page->state, &word, closed))
		return COSMO_E_DISCONNECTED;
	for (size_t i = 0; i < INTEGRATION_BYTES; i++)
		__atomic_store_n(&page->integration[i], integration[i], __ATOMIC_RELEASE);
	if (!atomic_compare_exchange_strong(&page->state, &closed, next_word(closed, GATE_OPEN)))
		return COSMO_E_DISCONNECTED;
	return COSMO_OK;
}

enum cosmo_err gate_write_close(int run_fd, uint64_t *ret_word)
{
	COSMO_AUTO(page_free) struct gate_page *page = NULL;
	uint64_t word = 0;
	bool unsafe = false;
	enum cosmo_err err = map_page(run_fd, &page, &unsafe);

	if (err)
		return err;
	word = atomic_load(&page->state);
	while (!atomic_compare_exchange_weak(&page->state, &word, next_word(word, GATE_CLOSED)))
		continue;
	if (ret_word)
		*ret_word = next_word(word, GATE_CLOSED);
	/* Closed for those who have it mapped; but somebody else may open it again. */
	return unsafe ? COSMO_E_UNSAFE_FILE : COSMO_OK;
}
