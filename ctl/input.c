/* SPDX-License-Identifier: MIT */
#include "ctl/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/auto.h"
#include "ctl/output.h"

static ssize_t read_some(int fd, char *data, size_t len)
{
	ssize_t got = -1;

	do
		got = read(fd, data, len);
	while (got < 0 && errno == EINTR);
	return got;
}

static void COSMO_PRINTF(1, 2) complain(const char *format, ...)
{
	char text[1024] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	output_usage(text);
}

bool input_read(const char *path, size_t max_bytes, char **ret_data, size_t *ret_len)
{
	bool is_stdin = streq(path, "-");
	COSMO_AUTO_FD int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	COSMO_AUTO(free) char *data = malloc(max_bytes + 1);
	size_t len = 0;
	ssize_t got = 1;
	int fd = is_stdin ? STDIN_FILENO : opened;

	while (data && fd >= 0 && got > 0 && len <= max_bytes) {
		got = read_some(fd, data + len, max_bytes + 1 - len);
		if (got > 0)
			len += (size_t)got;
	}
	if (!data || fd < 0 || got < 0) {
		complain("cannot read %s: %s", path, strerrordesc_np(errno));
		return false;
	}
	if (len > max_bytes) {
		complain("%s is larger than the %zu bytes that are allowed", path, max_bytes);
		explicit_bzero(data, len);
		return false;
	}
	data[len] = '\0';
	*ret_data = COSMO_STEAL(&data);
	*ret_len = len;
	return true;
}

void input_note_terminal(const char *path, const char *what)
{
	if (streq(path, "-") && isatty(STDIN_FILENO))
		output_error("reading %s from this terminal; end with Ctrl-D", what);
}
