/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_outage_write.h"

#include <string.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/refresh_outage.h"
#include "pam_cosmo_sso/helper/folder.h"

#define LOCK_NAME "refresh-outage.lock"
#define LOCK_MS   2000

static enum cosmo_err read_note(struct store *store, struct refresh_outage *ret)
{
	struct gate_view gate = {.state = GATE_MISSING};

	gate_read(store_gate(store), &gate);
	memcpy(ret->integration, gate.integration, INTEGRATION_BYTES);
	return refresh_outage_read(store_run_public_fd(store), gate.integration, ret);
}

void refresh_outage_note(struct store *store, enum cosmo_err err)
{
	struct refresh_outage note = {.err = COSMO_OK};
	COSMO_AUTO_FD int lock_fd = -1;

	/* Each login of a long outage comes here. */
	if (err == COSMO_E_BUSY ||
		(read_note(store, &note) == COSMO_OK && note.err == (uint64_t)err))
		return;
	if (folder_lock(store_run_fd(store), LOCK_NAME, LOCK_MS, &lock_fd))
		return;
	if (read_note(store, &note))
		note.since_boot_ms = fdio_boot_ms();
	note.err = (uint64_t)err;
	(void)!fdio_replace_file(
		store_run_public_fd(store), REFRESH_OUTAGE_NAME, &note, sizeof(note), 0644);
}

void refresh_outage_forget(const struct store *store)
{
	(void)unlinkat(store_run_public_fd(store), REFRESH_OUTAGE_NAME, 0);
}
