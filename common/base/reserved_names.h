/* SPDX-License-Identifier: MIT */
/* Names that no person may enrol under: base system, packages, cloud images, groups as good as
 * root. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Is @name on the shipped list? A user's name is also the name of his private group, so names of
 * users and of groups stand in one list. Asked at enrolment and again whenever an entry is shown:
 * somebody enrolled under a name that a later release adds is shown no more, because the group of
 * that name may be worth root. The configuration's own list comes on top at enrolment. Pure.
 */
bool reserved_names_has(const char *name);

/* Can reserved_names_has() say so of the name in @words, three of them or more, padded with zero
 * bytes? false is certain, true is rare and worth asking. Pure. */
bool reserved_names_may_have(const uint64_t *words);
