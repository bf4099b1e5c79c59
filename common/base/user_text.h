/* SPDX-License-Identifier: MIT */
/* What a person is shown around a code that waits for approval. The sentences of failures are
 * cosmo_err_text(); both stand in user_text.c, and in docs/messages.md. */
#pragma once

#include <stddef.h>

/* X(symbol, stable id as in docs/messages.md). "_FROM" where it is known from where somebody signs
 * in, "_AGAIN" where the first lines may be off the screen. */
#define USER_TEXT_LIST(X)                                                                          \
	X(SIGN_IN, "sign_in")                                                                      \
	X(SIGN_IN_FROM, "sign_in_from")                                                            \
	X(SIGN_IN_TEST, "sign_in_test")                                                            \
	X(CODE, "code")                                                                            \
	X(WARNING, "warning")                                                                      \
	X(ENTER, "enter")                                                                          \
	X(ENTER_AGAIN, "enter_again")                                                              \
	X(STILL_WAITING, "still_waiting")                                                          \
	X(WAITING, "waiting")                                                                      \
	X(WAITING_AGAIN, "waiting_again")                                                          \
	X(SHORT, "short")                                                                          \
	X(SHORT_FROM, "short_from")                                                                \
	X(PASSWORD, "password")                                                                    \
	X(TRY_AGAIN, "try_again")                                                                  \
	X(DISCONNECTED_ON, "disconnected_on")                                                      \
	X(DISCONNECTED_SINCE, "disconnected_since")                                                \
	X(ON_LEASE, "on_lease")                                                                    \
	X(LEASE_OVER_SINCE, "lease_over_since")

enum user_text {
#define USER_TEXT_ENUM_(symbol, id) USER_TEXT_##symbol,
	USER_TEXT_LIST(USER_TEXT_ENUM_)
#undef USER_TEXT_ENUM_
	USER_TEXT_COUNT, /* no text */
};

/* What stands in braces in a text. All borrowed, and filtered by the caller; NULL reads as "". */
struct user_text_values {
	const char *host;
	const char *user;
	const char *source; /* address the user comes from */
	const char *uri;
	const char *code;
	const char *left;  /* time left, "9:58"; of TRY_AGAIN "12 minutes" */
	const char *since; /* day and time by this host's clock, "2026-01-31 09:05" */
	const char *until; /* likewise */
};

/* The text with its braces; printable ASCII, no newline. */
const char *user_text(enum user_text which);

/*
 * The text with @values in the place of the braces, as much of it as fits with the NUL; braces in a
 * value stand for themselves. Returns the length of the whole, so @ret_size or more if it was cut.
 */
size_t user_text_fill(
	enum user_text which, const struct user_text_values *values, char *ret, size_t ret_size);
