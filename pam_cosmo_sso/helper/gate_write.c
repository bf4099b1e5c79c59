/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/gate_write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/base/fdio.h"

enum cosmo_err gate_write_ensure(int run_fd)
{
	union {
		struct gate_page page;
		unsigned char bytes[GATE_FILE_BYTES];
	} fresh = {.page = {.magic = GATE_MAGIC, .version = GATE_VERSION}};
	struct stat st = {0};

	if (fstatat(run_fd, "gate", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return COSMO_OK;
	if (errno != ENOENT)
		return COSMO_E_IO;
	atomic_store(&fresh.page.state, (uint64_t)GATE_FRESH);
	return fdio_replace_file(run_fd, "gate", fresh.bytes, sizeof(fresh.bytes), 0644);
}

static enum cosmo_err map_gate(int run_fd, struct gate_page **ret)
{
	COSMO_AUTO_FD int fd = openat(run_fd, "gate", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st = {0};
	void *page = MAP_FAILED;

	if (fd < 0)
		return errno == ENOENT ? COSMO_E_NOT_FOUND : COSMO_E_IO;
	if (fstat(fd, &st) < 0)
		return COSMO_E_IO;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022) != 0)
		return COSMO_E_UNSAFE_FILE;
	if (st.st_size != GATE_FILE_BYTES)
		return COSMO_E_STORE_DAMAGED;
	page = mmap(NULL, GATE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return COSMO_E_IO;
	*ret = page;
	return COSMO_OK;
}

static uint64_t next_state(struct gate_page *page, enum gate_state state)
{
	uint64_t counter = atomic_load(&page->state) >> 8;

	return (counter + 1) << 8 | (uint64_t)state;
}

enum cosmo_err gate_write_open(int run_fd, const unsigned char integration[INTEGRATION_BYTES])
{
	struct gate_page *page = NULL;
	enum cosmo_err err = map_gate(run_fd, &page);

	if (err)
		return err;
	if (page->magic != GATE_MAGIC || page->version != GATE_VERSION) {
		munmap(page, GATE_FILE_BYTES);
		return COSMO_E_STORE_DAMAGED;
	}
	/* Nobody may read a half-written id: it is written behind a closed gate. */
	atomic_store(&page->state, next_state(page, GATE_CLOSED));
	for (size_t i = 0; i < INTEGRATION_BYTES; i++)
		__atomic_store_n(&page->integration[i], integration[i], __ATOMIC_RELAXED);
	atomic_store(&page->state, next_state(page, GATE_OPEN));
	munmap(page, GATE_FILE_BYTES);
	return COSMO_OK;
}

enum cosmo_err gate_write_close(int run_fd)
{
	struct gate_page *page = NULL;
	enum cosmo_err err = map_gate(run_fd, &page);

	if (err)
		return err;
	atomic_store(&page->state, next_state(page, GATE_CLOSED));
	munmap(page, GATE_FILE_BYTES);
	return COSMO_OK;
}
