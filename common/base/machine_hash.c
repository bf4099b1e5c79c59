/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/siphash.h"
#include "common/base/users_db_map.h"

#define MACHINE_ID_LEN 32

static bool is_hex(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!(text[i] >= '0' && text[i] <= '9') && !(text[i] >= 'a' && text[i] <= 'f'))
			return false;
	return true;
}

/* machine-id(5) asks not to show the id itself; the key only makes the hash ours. */
enum cosmo_err machine_hash_read(const char *path, uint64_t *ret)
{
	static const unsigned char key[SIPHASH_KEY_BYTES] = "cosmo-sso host";
	char text[MACHINE_ID_LEN + 2] = "";
	COSMO_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (got != MACHINE_ID_LEN && !(got == MACHINE_ID_LEN + 1 && text[MACHINE_ID_LEN] == '\n'))
		return COSMO_E_MACHINE;
	if (!is_hex(text, MACHINE_ID_LEN))
		return COSMO_E_MACHINE;
	*ret = siphash24(key, text, MACHINE_ID_LEN);
	return COSMO_OK;
}
