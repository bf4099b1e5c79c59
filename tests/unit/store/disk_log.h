/* SPDX-License-Identifier: MIT */
/*
 * What a writer does to the files below one folder, call by call. The functions of the C library
 * that change files are replaced at link time (disk_log_wraps in meson.build) by ones that note
 * what was done, or fail as they are told to. test_crash.c proves that none is left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DISK_ROOT      0U /* the node of the folder itself */
#define DISK_PAGE      ((size_t)4096)
#define DISK_MAX_NAME  72
#define DISK_NO_FAULTS UINT32_MAX

/* A file or a folder, whatever names it has. */
struct disk_node {
	bool is_folder;
	mode_t mode;
	dev_t device;
	ino_t inode;
	unsigned char *data; /* what was in it at the beginning */
	size_t size;
	unsigned char *mirror; /* what is in it now */
	size_t mirror_size;
};

struct disk_entry {
	unsigned int folder;
	unsigned int node;
	char name[DISK_MAX_NAME];
};

enum disk_kind {
	DISK_STORE,       /* bytes to a file; not durable yet */
	DISK_SIZE,        /* another size */
	DISK_SYNC,        /* of one file */
	DISK_NAME,        /* a node gets a name in a folder */
	DISK_UNNAME,      /* a name is gone */
	DISK_MOVE,        /* a name becomes another one */
	DISK_SYNC_FOLDER, /* of the names in one */
	DISK_SYNC_ALL,
	DISK_END, /* a deed has reported success */
};

struct disk_event {
	enum disk_kind kind;
	unsigned int node; /* for DISK_SYNC_FOLDER the folder */
	unsigned int folder;
	char name[DISK_MAX_NAME]; /* DISK_MOVE: the new one */
	char from[DISK_MAX_NAME];
	size_t offset;
	size_t size;
	unsigned char *data;
};

struct disk_log {
	struct disk_node *nodes;
	unsigned int node_count;
	struct disk_entry *entries; /* the names at the beginning */
	unsigned int entry_count;
	struct disk_event *events;
	unsigned int event_count;
	unsigned int calls; /* that change something, wherever */
};

/* From here on until disk_log_end() changes below @dir are noted in *log, all zero before. One log
 * at a time. Changes are made in this process alone. */
void disk_log_begin(struct disk_log *log, const char *dir);
void disk_log_end(void);
void disk_log_done(struct disk_log *log);

/* A deed has reported success: what it did must last. */
void disk_log_mark(void);

/* Which calls fail, from now on and without a log too. */
struct disk_fault {
	unsigned int nth; /* of those that would change something, from 0; DISK_NO_FAULTS: none */
	int error;        /* errno; 0: the calls are counted only */
	bool for_good;    /* all that follow as well; with ENOSPC only those that need room */
};

/* Returns how many calls there were since the last time. */
unsigned int disk_fault_set(const struct disk_fault *fault);
