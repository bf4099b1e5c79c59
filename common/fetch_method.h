/* SPDX-License-Identifier: MIT */
/* The HTTP methods that fetch knows. */
#pragma once

/* Wire values of FIELD_METHOD: append only. */
enum fetch_method {
	FETCH_GET,
	FETCH_POST, /* FIELD_BODY as application/x-www-form-urlencoded */
};
