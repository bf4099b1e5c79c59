/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/helper_process.h"

#include "common/base/fdio.h"
#include "common/spawn.h"
#include "paths.h"

/* What the started process has for leaving its place to its own child. */
#define SETTLE_MS 5000

static enum cosmo_err spawn(enum helper_duty duty, int their_fd, struct spawn_child *ret)
{
	switch (duty) {
	case HELPER_PAM:
		return spawn_program(COSMO_HELPER_PATH, "pam", their_fd, -1, ret);
	case HELPER_LOOK:
		return spawn_program(COSMO_HELPER_PATH, "look", their_fd, -1, ret);
	case HELPER_INTERRUPT:
		return spawn_in_group(COSMO_HELPER_PATH, "interrupt", their_fd, ret);
	}
	return COSMO_E_INVALID;
}

static enum cosmo_err start(enum helper_duty duty, struct spawn_child *ret_child, int *ret_fd)
{
	COSMO_AUTO_FD int ours = -1;
	COSMO_AUTO_FD int theirs = -1;
	enum cosmo_err err = spawn_socketpair(&ours, &theirs);

	if (!err)
		err = fdio_move_up(&ours);
	if (!err)
		err = spawn(duty, theirs, ret_child);
	if (!err)
		*ret_fd = cosmo_steal_fd(&ours);
	return err;
}

enum cosmo_err helper_process_start(enum helper_duty duty, int *ret_fd)
{
	struct spawn_child child = {.pid = -1, .pid_fd = -1};
	enum cosmo_err err = start(duty, &child, ret_fd);

	if (!err)
		spawn_finish(&child, fdio_boot_ms() + SETTLE_MS);
	return err;
}

enum cosmo_err helper_process_look(struct spawn_child *ret_child, int *ret_fd)
{
	return start(HELPER_LOOK, ret_child, ret_fd);
}
