/* SPDX-License-Identifier: MIT */
/*
 * What a power cut may leave of what was logged. Of a file: what its last sync found, and of
 * everything stored since each sector as it was or as it became at any time, its size likewise. Of
 * a folder: each of its changes since its last sync, or not. One does not order the other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/store/disk_log.h"

struct disk_crash;

/* Before the first event; the log is borrowed. */
struct disk_crash *disk_crash_new(const struct disk_log *log);
void disk_crash_free(struct disk_crash *crash);

/* One event further; NULL at the end. */
const struct disk_event *disk_crash_advance(struct disk_crash *crash);

/* In how many ways the disk may have been left; UINT64_MAX: more than can be counted. */
uint64_t disk_crash_ways(const struct disk_crash *crash);

/* The @way-th of them, from 0: nothing arrived; the last: everything did. */
void disk_crash_choose(struct disk_crash *crash, uint64_t way);

/* Of too many: everything arrived but one thing, and one thing alone. @which from 0; false: there
 * are no more. */
bool disk_crash_choose_edge(struct disk_crash *crash, unsigned int which);

/* Any; *seed is changed. */
void disk_crash_choose_random(struct disk_crash *crash, uint64_t *seed);

/* Of what was chosen: equal ones are the same disk, but for what is in files on their way, whose
 * names begin with a dot and which nobody reads. */
uint64_t disk_crash_hash(struct disk_crash *crash);

/* Put it into @dir, which is emptied first. */
void disk_crash_write(struct disk_crash *crash, const char *dir);
