/* SPDX-License-Identifier: MIT */
/* Ownership and comparison idioms used everywhere; no macro here changes control flow. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COSMO_MUST_USE          __attribute__((warn_unused_result))
#define COSMO_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
/* Of a variable that is filled before anybody reads it: a look-up has no time for the compiler's
 * zeros. */
#define COSMO_UNINITIALIZED __attribute__((uninitialized))
#define COSMO_ARRAY_LEN(a)  (sizeof(a) / sizeof((a)[0]))

/*
 * COSMO_AUTO(thing_free) struct thing *t = NULL;
 * calls thing_free(t) when t leaves its scope. The variable must be initialised where it is
 * declared.
 */
#define COSMO_AUTO(fn) __attribute__((cleanup(cosmo_auto_##fn)))
#define COSMO_AUTO_DEFINE(type, fn)                                                                \
	static inline void cosmo_auto_##fn(__typeof__(type) *owned)                                \
	{                                                                                          \
		fn(*owned);                                                                        \
	}                                                                                          \
	struct cosmo_auto_needs_semicolon

/* COSMO_STEAL(&t): the value of t, which is NULL afterwards: ownership leaves the scope. */
#define COSMO_STEAL(ptr)                                                                           \
	__extension__({                                                                            \
		__typeof__(ptr) steal_ptr_ = (ptr);                                                \
		__typeof__(*steal_ptr_) steal_value_ = *steal_ptr_;                                \
		*steal_ptr_ = NULL;                                                                \
		steal_value_;                                                                      \
	})

/* COSMO_AUTO_FD int fd = -1; closes a descriptor >= 0 when it leaves its scope, keeping errno. */
#define COSMO_AUTO_FD __attribute__((cleanup(cosmo_auto_close)))

static inline void cosmo_auto_free(void *owned)
{
	void *memory = NULL;

	memcpy(&memory, owned, sizeof(memory)); /* of whatever pointer type it is */
	free(memory);
}

/* *fd is -1 afterwards, so that closing it once more is harmless. */
void cosmo_auto_close(int *fd);

/* The value of *fd, which is -1 afterwards. */
static inline int cosmo_steal_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

/* @shown without its const, for the owner alone: to end what everybody else may only read. */
static inline void *cosmo_owned(const void *shown)
{
	union {
		const void *shown;
		void *owned;
	} same = {.shown = shown};

	return same.owned;
}

/* Whole-string equality; NULL equals nothing. The only string comparison used for decisions. */
static inline bool streq(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}
