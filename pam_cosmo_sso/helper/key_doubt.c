/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/key_doubt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "common/base/fdio.h"
#include "common/base/parse.h"

/* The file is the time of the doubt, and a second line once asking anew has not helped. */
#define MAX_NOTE_BYTES 64
#define ASKED          "asked\n"

static void note_write(int cache_fd, int64_t raised_s, const char *more)
{
	char note[MAX_NOTE_BYTES] = "";

	(void)snprintf(note, sizeof(note), "%" PRId64 "\n%s", raised_s, more);
	(void)!fdio_replace_file(cache_fd, KEY_DOUBT_FILE, note, strlen(note), 0600);
}

/* The doubt that still counts; a time in the future is a clock's fault and counts for nothing. */
static enum key_doubt note_read(int cache_fd, int64_t now_s, int64_t *ret_raised_s)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 077, .max_bytes = MAX_NOTE_BYTES};
	COSMO_AUTO(free) char *note = NULL;
	char *end = NULL;
	size_t len = 0;

	if (fdio_read_file(cache_fd, KEY_DOUBT_FILE, &demands, &note, &len))
		return KEY_DOUBT_NONE;
	end = strchr(note, '\n');
	if (!end)
		return KEY_DOUBT_NONE;
	*end = '\0';
	if (parse_i64(note, 0, INT64_MAX, ret_raised_s) || *ret_raised_s > now_s ||
		now_s - *ret_raised_s >= KEY_DOUBT_S)
		return KEY_DOUBT_NONE;
	return streq(end + 1, ASKED) ? KEY_DOUBT_ASK_NO_MORE : KEY_DOUBT_ASK_ANEW;
}

enum key_doubt key_doubt_now(int cache_fd, int64_t now_s)
{
	int64_t raised_s = 0;

	return note_read(cache_fd, now_s, &raised_s);
}

void key_doubt_raise(int cache_fd, enum key_doubt began, int64_t now_s)
{
	int64_t raised_s = 0;
	enum key_doubt doubt = note_read(cache_fd, now_s, &raised_s);

	if (doubt == KEY_DOUBT_NONE)
		note_write(cache_fd, now_s, "");
	else if (doubt == KEY_DOUBT_ASK_ANEW && began == KEY_DOUBT_ASK_ANEW)
		note_write(cache_fd, raised_s, ASKED);
}

void key_doubt_settle(int cache_fd)
{
	(void)unlinkat(cache_fd, KEY_DOUBT_FILE, 0);
}
