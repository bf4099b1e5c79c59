/* SPDX-License-Identifier: MIT */
/*
 * What follows from a token that no key of the IdP's verified. Either the IdP has newer keys, or an
 * address of its discovery document is no longer right: then everything has to be asked for anew.
 * Or the IdP is broken, or its answers are forged: then asking anew helps nobody, and must not be
 * done at every sign-in. So the next exchange asks anew, and the others that begin within
 * KEY_DOUBT_S use what is there and ask for no key again. The note is a file beside the cache.
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

/* How an exchange that begins at @now_s is to go about it. Of several only one is told to ask anew,
 * but for two at the same moment. What cannot be read or written is no doubt. */
enum key_doubt key_doubt_take(int cache_fd, int64_t now_s);

/* An exchange ended at @now_s with a token that no key verified. Within KEY_DOUBT_S of the doubt
 * raised before it changes nothing. */
void key_doubt_raise(int cache_fd, int64_t now_s);

/* An exchange ended well. */
void key_doubt_settle(int cache_fd);
