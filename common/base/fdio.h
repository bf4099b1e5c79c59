/* SPDX-License-Identifier: MIT */
/* Reading and writing files that must not be somebody else's, and clocks for deadlines. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/auto.h"
#include "common/base/err.h"

/* Demands on a file before a byte of it is used. */
struct fdio_demands {
	uid_t owner;
	mode_t forbidden_mode; /* for example 022: no writing by group and others */
	size_t max_bytes;      /* larger files are COSMO_E_TOO_BIG */
};

/*
 * Open @path (relative to @dir_fd, or AT_FDCWD) for reading without following a final symbolic link
 * and check it. Errors: COSMO_E_NOT_FOUND, COSMO_E_UNSAFE_FILE (not regular, wrong owner or mode, a
 * link), COSMO_E_TOO_BIG, COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err fdio_open(int dir_fd, const char *path,
	const struct fdio_demands *demands, int *ret_fd, size_t *ret_bytes);

/* The whole of such a file with a NUL behind it; the caller frees *ret_data. Errors: as
 * fdio_open(), COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err fdio_read_file(int dir_fd, const char *path,
	const struct fdio_demands *demands, char **ret_data, size_t *ret_len);

/* All bytes or an error; restarts after EINTR. Errors: COSMO_E_IO. */
COSMO_MUST_USE enum cosmo_err fdio_write(int fd, const void *data, size_t len);
COSMO_MUST_USE enum cosmo_err fdio_pwrite(int fd, const void *data, size_t len, off_t offset);
/* COSMO_E_FORMAT when the file ends early. */
COSMO_MUST_USE enum cosmo_err fdio_pread(int fd, void *ret_data, size_t len, off_t offset);

/*
 * Replace @name in @dir_fd by @data in one step that survives a power cut: write beside it, fsync,
 * rename, fsync the folder. Whatever fails, the file is whole: the old one, or after a failure of
 * the last step perhaps the new one. Errors: COSMO_E_IO.
 */
COSMO_MUST_USE enum cosmo_err fdio_replace_file(
	int dir_fd, const char *name, const void *data, size_t len, mode_t mode);

/*
 * Give *fd a number above 2, close-on-exec. Where the host program has closed its standard
 * descriptors, ours must not take their place: anybody may write to those. Errors: COSMO_E_IO, with
 * *fd as it was.
 */
COSMO_MUST_USE enum cosmo_err fdio_move_up(int *fd);

/* Milliseconds of CLOCK_BOOTTIME: for deadlines only; never goes back. */
int64_t fdio_boot_ms(void);

/*
 * Milliseconds of a monotonic clock of about 4 ms, 1 and up; never a system call. For how often
 * something is looked for.
 */
int64_t fdio_coarse_ms(void);

/* Seconds since the Unix epoch. */
int64_t fdio_now_s(void);
