/* SPDX-License-Identifier: MIT */
/* SipHash-2-4 (Aumasson and Bernstein): a keyed 64-bit hash. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_BYTES 16

uint64_t siphash24(const unsigned char key[SIPHASH_KEY_BYTES], const void *data, size_t len);
