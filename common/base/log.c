/* SPDX-License-Identifier: MIT */
#include "common/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "common/base/fdio.h"
#include "common/base/utf8.h"

/* Characters that print as themselves and move nothing else on the screen. */
static bool is_harmless(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} refused[] = {
		{0x7f, 0xa0},
		{0xad, 0xad},
		{0x300, 0x36f},
		{0x61c, 0x61c},
		{0x115f, 0x1160},
		{0x17b4, 0x17b5},
		{0x180b, 0x180f},
		{0x2000, 0x200f},
		{0x2028, 0x202f},
		{0x205f, 0x206f},
		{0x3000, 0x3000},
		{0x3164, 0x3164},
		{0xd800, 0xf8ff},
		{0xfe00, 0xfe0f},
		{0xfeff, 0xfeff},
		{0xffa0, 0xffa0},
		{0xfff0, 0xfffb},
		{0xfffe, 0xffff},
		{0x1d173, 0x1d17a},
		{0xe0000, 0x10ffff},
	};

	if (code < 0x20)
		return false;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(refused); i++)
		if (code >= refused[i].first && code <= refused[i].last)
			return false;
	return true;
}

void log_filter(const char *text, bool utf8, char *ret, size_t ret_size)
{
	const char *p = text ? text : "";
	size_t out = 0;
	size_t cut = 0; /* where "..." still fits */

	while (*p) {
		uint32_t code = 0;
		size_t len = utf8_decode(p, &code);
		bool keep = len && is_harmless(code) && (len == 1 || utf8);
		size_t width = keep ? len : 1;

		if (out + width >= ret_size) {
			memcpy(ret + cut, "...", 4);
			return;
		}
		if (keep)
			memcpy(ret + out, p, len);
		else
			ret[out] = '?';
		out += width;
		if (out + 4 <= ret_size)
			cut = out;
		p += len ? len : 1;
	}
	ret[out] = '\0';
}

static bool needs_quotes(const char *value)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/@+-";

	return value[0] == '\0' || value[strspn(value, plain)] != '\0';
}

void log_append(char *line, size_t line_size, const char *key, const char *value)
{
	char clean[512] = "";
	size_t used = strlen(line);
	const char *quote = NULL;
	int written = 0;

	if (!value)
		return;
	log_filter(value, false, clean, sizeof(clean));
	for (char *p = clean; *p; p++)
		if (*p == '"' || *p == '\\')
			*p = '?';
	quote = needs_quotes(clean) ? "\"" : "";
	written = snprintf(line + used, line_size - used, "%s%s=%s%s%s", used ? " " : "", key,
		quote, clean, quote);
	if (written < 0 || (size_t)written >= line_size - used)
		line[used] = '\0';
}

/* Connected, for poll() says of no other socket whether its receiver takes more. */
static bool send_within(int fd, const char *datagram, size_t len, int64_t wait_ms)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	int64_t deadline_boot_ms = fdio_boot_ms() + wait_ms;

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return false;
	while (send(fd, datagram, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		int64_t left_ms = deadline_boot_ms - fdio_boot_ms();

		if (errno != EAGAIN || wait_ms <= 0 || left_ms <= 0)
			return false;
		(void)poll(&room, 1, (int)left_ms);
	}
	return true;
}

bool log_send(const char *ident, int priority, const char *line, int64_t wait_ms)
{
	int saved_errno = errno;
	COSMO_AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char datagram[2048] = "";
	int len = snprintf(datagram, sizeof(datagram), "<%d>%s[%ld]: %s",
		LOG_AUTHPRIV | LOG_PRI(priority), ident, (long)getpid(), line);
	bool taken = false;

	if (fd >= 0 && len > 0) {
		size_t bytes = (size_t)len < sizeof(datagram) ? (size_t)len : sizeof(datagram) - 1;

		taken = send_within(fd, datagram, bytes, wait_ms);
	}
	errno = saved_errno;
	return taken;
}
