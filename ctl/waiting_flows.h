/* SPDX-License-Identifier: MIT */
/* How many sign-ins may wait for their approval at once. */
#pragma once

#include <stdint.h>

/* By [limits] of the installed configuration; by the defaults where it cannot be read. */
uint32_t waiting_flows(void);
