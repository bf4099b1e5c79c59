/* SPDX-License-Identifier: MIT */
/* A process of its own that looks for set-gid files: a folder whose file system never answers, by
 * FUSE or from a server that is gone, holds up that process and nobody else. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/helper/setgid_files.h"

struct setgid_searcher {
	struct setgid_search *search; /* .found and .stripped are added up here */
	struct spawn_child child;
	int fd;
};

/* Starts nothing yet. The caller ends it: setgid_searcher_done(). */
void setgid_searcher_init(struct setgid_searcher *searcher, struct setgid_search *search);
void setgid_searcher_done(struct setgid_searcher *searcher);
COSMO_AUTO_DEFINE(struct setgid_searcher *, setgid_searcher_done);

/*
 * setgid_files_find() in that process, which is forked with the first folder and goes on to the
 * next ones; if it does not answer some time after @for_ms it is killed, and what it had found
 * there is lost. Errors: those of setgid_files_find(), COSMO_E_TIMEOUT then too, and where @for_ms
 * is not positive; COSMO_E_SPAWN, COSMO_E_IO; COSMO_E_TOO_BIG (the name is too long).
 */
COSMO_MUST_USE enum cosmo_err setgid_searcher_look(
	struct setgid_searcher *searcher, const char *folder, int64_t for_ms);
