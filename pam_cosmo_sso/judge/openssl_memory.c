/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/openssl_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static bool ran_out; /* OpenSSL has one allocator for the whole process */

static void *note(void *block, size_t size)
{
	ran_out |= !block && size > 0;
	return block;
}

static void *watched_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return note(malloc(size), size);
}

static void *watched_realloc(void *block, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return note(realloc(block, size), size);
}

static void watched_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

void openssl_memory_watch(void)
{
	ran_out = false;
	(void)CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free);
}

bool openssl_memory_ran_out(void)
{
	return ran_out;
}
