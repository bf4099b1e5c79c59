/* SPDX-License-Identifier: MIT */
/* Addresses that an IdP hands us. */
#pragma once

#include <stdbool.h>

/*
 * "https://" with a host, without user or password in it, printable ASCII only: no blank, quote,
 * backslash or angle bracket that could change its meaning on a terminal or in a page.
 */
bool https_url_is_usable(const char *url);
