/* SPDX-License-Identifier: MIT */
#include "tests/unit/nss/guarded_buffer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES ((size_t)4096)

void guarded_buffer_init(struct guarded_buffer *buffer, size_t size)
{
	size_t inner = (size + PAGE_BYTES) / PAGE_BYTES * PAGE_BYTES;

	buffer->size = size;
	buffer->mapping_bytes = inner + 2 * PAGE_BYTES;
	buffer->mapping =
		mmap(NULL, buffer->mapping_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer->mapping == MAP_FAILED ||
		mprotect(buffer->mapping + PAGE_BYTES, inner, PROT_READ | PROT_WRITE) < 0)
		abort();
	buffer->bytes = buffer->mapping + PAGE_BYTES + inner - size;
	memset(buffer->mapping + PAGE_BYTES, 0x5a, inner);
}

void guarded_buffer_done(struct guarded_buffer *buffer)
{
	munmap(buffer->mapping, buffer->mapping_bytes);
}
