/* SPDX-License-Identifier: MIT */
#include "ctl/client_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "ctl/output.h"
#include "ctl/signal_hold.h"

#define MAX_SECRET_BYTES 1024

/* One line, without its end; 0 when there is none or it is too long. */
static size_t read_line(int fd, char *ret, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, ret + len, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return 0;
		if (ret[len] == '\n' || ret[len] == '\r')
			return len;
		len++;
	}
	return 0;
}

/* Signals wait until the terminal shows again what is typed. */
static size_t read_unseen(int fd, char *ret, size_t size)
{
	struct termios seen;
	struct termios unseen;
	sigset_t before;
	size_t len = 0;

	if (tcgetattr(fd, &seen) < 0)
		return 0;
	unseen = seen;
	unseen.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	unseen.c_lflag |= ICANON;
	signal_hold(&before);
	if (tcsetattr(fd, TCSAFLUSH, &unseen) == 0) {
		len = read_line(fd, ret, size);
		(void)tcsetattr(fd, TCSAFLUSH, &seen);
	}
	signal_release(&before);
	return len;
}

static enum cosmo_err ask(char *ret, size_t size, size_t *ret_len)
{
	static const char question[] = "Client secret (it is not shown): ";
	COSMO_AUTO_FD int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		output_failure(COSMO_E_INVALID,
			"There is no terminal to ask for the client secret; put it into a file of root's "
			"(mode 0600) and say --client-secret-file FILE.",
			NULL);
		return COSMO_E_INVALID;
	}
	(void)!fdio_write(fd, question, strlen(question));
	*ret_len = read_unseen(fd, ret, size);
	(void)!fdio_write(fd, "\n", 1);
	/* Ctrl-C is a character here, and no part of a secret. */
	for (size_t i = 0; i < *ret_len; i++)
		if ((unsigned char)ret[i] < 0x20 || ret[i] == 0x7f)
			*ret_len = 0;
	if (*ret_len > 0)
		return COSMO_OK;
	output_failure(COSMO_E_INVALID,
		"No client secret was typed, or one with control characters or over 1023 bytes.",
		NULL);
	return COSMO_E_INVALID;
}

static enum cosmo_err store(
	const char *folder, const char *text, size_t len, struct client_secret *ret)
{
	COSMO_AUTO_FD int fd = -1;

	(void)snprintf(ret->path, sizeof(ret->path), "%s/client-secret.XXXXXX", folder);
	fd = mkostemp(ret->path, O_CLOEXEC);
	if (fd < 0)
		ret->path[0] = '\0';
	if (fd >= 0 && fchmod(fd, 0600) == 0 && fdio_write(fd, text, len) == COSMO_OK &&
		fdio_write(fd, "\n", 1) == COSMO_OK && fsync(fd) == 0)
		return COSMO_OK;
	output_failure(COSMO_E_IO, "The client secret cannot be written.", folder);
	client_secret_drop(ret);
	return COSMO_E_IO;
}

enum cosmo_err client_secret_ask(const char *folder, struct client_secret *ret)
{
	char text[MAX_SECRET_BYTES] = "";
	size_t len = 0;
	enum cosmo_err err = ask(text, sizeof(text), &len);

	if (!err)
		err = store(folder, text, len, ret);
	explicit_bzero(text, sizeof(text));
	return err;
}

void client_secret_drop(struct client_secret *secret)
{
	if (secret->path[0])
		(void)unlink(secret->path);
	secret->path[0] = '\0';
}
