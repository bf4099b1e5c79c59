/* SPDX-License-Identifier: MIT */
#include "common/refresh_outage.h"

#include <string.h>

#include "common/base/fdio.h"

_Static_assert(sizeof(struct refresh_outage) == 32, "the note has no holes");

enum cosmo_err refresh_outage_read(
	int run_fd, const unsigned char integration[INTEGRATION_BYTES], struct refresh_outage *ret)
{
	static const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = sizeof(*ret)};
	struct refresh_outage note = {.err = 0};
	COSMO_AUTO_FD int fd = -1;
	size_t len = 0;
	enum cosmo_err err = fdio_open(run_fd, REFRESH_OUTAGE_NAME, &demands, &fd, &len);

	if (!err)
		err = fdio_pread(fd, &note, sizeof(note), 0);
	if (err)
		return err;
	if (memcmp(note.integration, integration, INTEGRATION_BYTES) != 0 ||
		note.since_boot_ms < 0 || note.since_boot_ms > fdio_boot_ms())
		return COSMO_E_NOT_FOUND;
	*ret = note;
	return COSMO_OK;
}

int64_t refresh_outage_since_s(const struct refresh_outage *note, int64_t now_s)
{
	return now_s - (fdio_boot_ms() - note->since_boot_ms) / 1000;
}
