/* SPDX-License-Identifier: MIT */
/* The few header values of an HTTP answer that mean something to us, read strictly. */
#pragma once

#include <stdint.h>

/* What the functions below give for a value that is missing or not understood. */
#define REPLY_HEADER_NONE ((int64_t)-1)

/* Nothing that an IdP asks us to wait or keep is longer than a day. */
#define REPLY_HEADER_MAX_S ((int64_t)24 * 60 * 60)

/* "Date" (RFC 9110 section 6.6.1) as seconds since the epoch. NULL is allowed. */
int64_t reply_header_date_s(const char *value);

/*
 * "Retry-After" (RFC 9110 section 10.2.3), in seconds or as a date, as seconds from @now_s on;
 * between 0 and REPLY_HEADER_MAX_S. NULL is allowed.
 */
int64_t reply_header_retry_after_s(const char *value, int64_t now_s);

/*
 * One "Cache-Control" line (RFC 9111 section 5.2.2): how long the answer may be kept, between 0 and
 * REPLY_HEADER_MAX_S; 0 for no-store, no-cache and a max-age that is not a number. NULL is allowed.
 */
int64_t reply_header_max_age_s(const char *value);
