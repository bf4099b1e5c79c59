/* SPDX-License-Identifier: MIT */
/* An empty folder of a test's own, in memory, where a sync costs nothing. */
#pragma once

struct scratch_folder {
	char path[64];
	int fd;
};

/* 0, or -1, as setup and teardown of cmocka's return it. */
int scratch_folder_make(struct scratch_folder *folder);

/* With all that is in it. */
int scratch_folder_remove(struct scratch_folder *folder);
