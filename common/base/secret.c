/* SPDX-License-Identifier: MIT */
#include "common/base/secret.h"

#include <stdlib.h>
#include <string.h>

struct cosmo_secret {
	size_t len;
	char bytes[];
};

enum cosmo_err secret_new(const void *bytes, size_t len, struct cosmo_secret **ret)
{
	struct cosmo_secret *secret = NULL;

	if (len > COSMO_MAX_SECRET_BYTES)
		return COSMO_E_TOO_BIG;
	secret = malloc(sizeof(*secret) + len + 1);
	if (!secret)
		return COSMO_E_NOMEM;
	secret->len = len;
	if (len)
		memcpy(secret->bytes, bytes, len);
	secret->bytes[len] = '\0';
	*ret = secret;
	return COSMO_OK;
}

void secret_free(struct cosmo_secret *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret->bytes, secret->len);
	free(secret);
}

size_t secret_len(const struct cosmo_secret *secret)
{
	return secret->len;
}

const char *secret_peek(const struct cosmo_secret *secret)
{
	return secret->bytes;
}

bool secret_equal(const struct cosmo_secret *a, const struct cosmo_secret *b)
{
	unsigned char difference = 0;

	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		difference |= (unsigned char)(a->bytes[i] ^ b->bytes[i]);
	return difference == 0;
}
