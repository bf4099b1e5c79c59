/* SPDX-License-Identifier: MIT */
#include "tests/unit/helper/scratch_folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int scratch_folder_make(struct scratch_folder *folder)
{
	*folder = (struct scratch_folder){.path = "/dev/shm/cosmo-test-XXXXXX", .fd = -1};
	if (!mkdtemp(folder->path))
		return -1;
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder->fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int scratch_folder_remove(struct scratch_folder *folder)
{
	close(folder->fd);
	return nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
