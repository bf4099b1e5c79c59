/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <time.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/folder.h"

#define FOLDER   "refresh"
#define RETRY_NS 5000000L

/* What the lock file holds. Who may not wait any longer reads it without the lock: what is half
 * written then differs in its two times. */
struct told {
	int64_t ended_boot_ms;
	uint64_t err;
	int64_t ended_again_boot_ms;
};

static enum cosmo_err open_turn(const struct store *store, const char *user, int *ret_fd)
{
	COSMO_AUTO_FD int folder_fd = -1;
	enum cosmo_err err = folder_ensure(store_run_fd(store), FOLDER, &folder_fd);

	if (err)
		return err;
	*ret_fd = openat(folder_fd, user, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *ret_fd < 0 ? COSMO_E_IO : COSMO_OK;
}

/* How the last try ended, if that is an answer to a question put at @began_boot_ms. */
static enum cosmo_err answer_of_others(int fd, int64_t began_boot_ms)
{
	struct told told = {.err = 0};
	int64_t now_ms = fdio_boot_ms();

	if (fdio_pread(fd, &told, sizeof(told), 0) ||
		told.ended_boot_ms != told.ended_again_boot_ms || told.ended_boot_ms < 0 ||
		told.ended_boot_ms > now_ms)
		return COSMO_OK;
	if (told.ended_boot_ms < began_boot_ms &&
		now_ms - told.ended_boot_ms >= REFRESH_BACK_OFF_S * INT64_C(1000))
		return COSMO_OK;
	return cosmo_err_from_wire(told.err);
}

enum cosmo_err refresh_turn_take(const struct store *store, const char *user, int64_t began_boot_ms,
	int64_t deadline_boot_ms, int *ret_fd)
{
	const struct timespec pause = {.tv_nsec = RETRY_NS};
	COSMO_AUTO_FD int fd = -1;
	enum cosmo_err err = open_turn(store, user, &fd);

	if (err)
		return err;
	for (;;) {
		bool is_ours = flock(fd, LOCK_EX | LOCK_NB) == 0;

		if (!is_ours && errno != EWOULDBLOCK && errno != EINTR)
			return COSMO_E_IO;
		err = answer_of_others(fd, began_boot_ms);
		if (err)
			return err;
		if (is_ours)
			break;
		if (fdio_boot_ms() >= deadline_boot_ms)
			return COSMO_E_BUSY;
		nanosleep(&pause, NULL);
	}
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

enum cosmo_err refresh_turn_try(const struct store *store, const char *user, int *ret_fd)
{
	COSMO_AUTO_FD int fd = -1;
	enum cosmo_err err = open_turn(store, user, &fd);

	if (err)
		return err;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? COSMO_E_BUSY : COSMO_E_IO;
	*ret_fd = cosmo_steal_fd(&fd);
	return COSMO_OK;
}

void refresh_turn_tell(int turn_fd, enum cosmo_err err)
{
	int64_t now_ms = fdio_boot_ms();
	const struct told told = {
		.ended_boot_ms = now_ms, .err = (uint64_t)err, .ended_again_boot_ms = now_ms};

	(void)!fdio_pwrite(turn_fd, &told, sizeof(told), 0);
}
