/* SPDX-License-Identifier: MIT */
/* The files this plugin reads, and this process's mappings of them. */
#pragma once

#include "common/base/enrollable.h"

/* Static storage, never freed; the paths are those the build was configured with. */
const struct enrollable_places *places_default(void);
