/* SPDX-License-Identifier: MIT */
#include "ctl/client_secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "ctl/output.h"
#include "ctl/terminal_line.h"

static enum cosmo_err refuse(const char *text)
{
	output_failure(COSMO_E_INVALID, text, NULL);
	return COSMO_E_INVALID;
}

static bool has_control(const struct client_secret *secret)
{
	for (size_t i = 0; i < secret->len; i++)
		if ((unsigned char)secret->text[i] < 0x20 || secret->text[i] == 0x7f)
			return true;
	return false;
}

enum cosmo_err client_secret_ask(struct client_secret *ret)
{
	static const char question[] = "Client secret (it is not shown): ";
	COSMO_AUTO_FD int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	const struct terminal terminal = {.in_fd = fd, .out_fd = fd};
	enum cosmo_err err = COSMO_OK;

	if (fd < 0)
		return refuse(
			"There is no terminal to ask for the client secret; put it into a file of root's "
			"(mode 0600) and say --client-secret-file FILE.");
	err = terminal_line_ask(&terminal, question, true, ret->text, sizeof(ret->text));
	(void)!fdio_write(fd, "\n", 1);
	if (err == COSMO_E_CANCELLED)
		return err;
	ret->len = err ? 0 : strlen(ret->text);
	if (ret->len > 0 && !has_control(ret))
		return COSMO_OK;
	client_secret_drop(ret);
	return refuse(
		"No client secret was typed, or one with control characters or over 1023 bytes.");
}

static bool write_file(int fd, const struct client_secret *secret)
{
	return fchmod(fd, 0600) == 0 && fdio_write(fd, secret->text, secret->len) == COSMO_OK &&
	       fdio_write(fd, "\n", 1) == COSMO_OK && fsync(fd) == 0;
}

enum cosmo_err client_secret_store(const char *folder, struct client_secret *secret)
{
	COSMO_AUTO_FD int fd = -1;

	(void)snprintf(secret->path, sizeof(secret->path), "%s/client-secret.XXXXXX", folder);
	fd = mkostemp(secret->path, O_CLOEXEC);
	if (fd < 0)
		secret->path[0] = '\0';
	if (fd < 0 || !write_file(fd, secret)) {
		output_failure(COSMO_E_IO, "The client secret cannot be written.", folder);
		client_secret_drop(secret);
		return COSMO_E_IO;
	}
	explicit_bzero(secret->text, sizeof(secret->text));
	secret->len = 0;
	return COSMO_OK;
}

void client_secret_drop(struct client_secret *secret)
{
	if (secret->path[0])
		(void)unlink(secret->path);
	secret->path[0] = '\0';
	explicit_bzero(secret->text, sizeof(secret->text));
	secret->len = 0;
}
