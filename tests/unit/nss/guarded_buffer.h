/* SPDX-License-Identifier: MIT */
/* A buffer with a page on either side that kills whoever touches it. */
#pragma once

#include <stddef.h>

struct guarded_buffer {
	char *bytes; /* @size of them, ending where the forbidden page begins */
	size_t size;
	char *mapping;
	size_t mapping_bytes;
};

/* Ends the test on failure. */
void guarded_buffer_init(struct guarded_buffer *buffer, size_t size);
void guarded_buffer_done(struct guarded_buffer *buffer);
