/* SPDX-License-Identifier: MIT */
/* How many descriptors this process has open, for comparing: the count includes what it takes to
 * count them. Ends the process where that cannot be told. */
#pragma once

#include <stddef.h>

size_t open_descriptors(void);
