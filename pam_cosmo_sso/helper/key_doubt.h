/* SPDX-License-Identifier: MIT */
/*
 * What follows from a token that no key of the IdP's verified. Either the IdP has newer keys, or an
 * address of its discovery document is no longer right: then everything has to be asked for anew.
 * Or the IdP is broken, or its answers are forged: then asking anew helps nobody, and must not be
 * done at every sign-in. So exchanges ask anew until one of those has met such a token again; those
 * that begin within KEY_DOUBT_S of the doubt after that use what is there and ask for no key again.
 * An exchange that comes to no token says nothing either way. The note is a file beside the cache.
 */
#pragma once

#include <stdint.h>

#define KEY_DOUBT_FILE "doubt"
#define KEY_DOUBT_S    ((int64_t)5 * 60)

enum key_doubt {
	KEY_DOUBT_NONE,
	KEY_DOUBT_ASK_ANEW,   /* pass over the cache */
	KEY_DOUBT_ASK_NO_MORE /* what is cached is as good as it gets for now */
};

/* How an exchange that begins at @now_s is to go about it. What cannot be read is no doubt. */
enum key_doubt key_doubt_now(int cache_fd, int64_t now_s);

/* An exchange that had begun under @began ended at @now_s with a token that no key verified. What
 * cannot be written is no doubt. */
void key_doubt_raise(int cache_fd, enum key_doubt began, int64_t now_s);

/* An exchange ended well. */
void key_doubt_settle(int cache_fd);
