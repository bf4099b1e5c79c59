/* SPDX-License-Identifier: MIT */
/*
 * The helper with a caller's socket as descriptor 3, held until whoever started it has looked at
 * the namespace it is in.
 *
 * usage: held_helper PEER PROGRAM CHANNEL
 *
 * Says "ready" and waits for its input to end. A program in C, since the rigs start one for each
 * helper under test.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PEER_FD = 3
};

static void place(int fd, int number)
{
	if (fd != number && (dup2(fd, number) != number || close(fd) != 0))
		err(1, "descriptor %d", number);
}

static void hold(void)
{
	char byte = 0;
	ssize_t got = 0;

	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		err(1, "ready");
	do
		got = read(STDIN_FILENO, &byte, 1);
	while (got > 0);
	if (got != 0)
		err(1, "standard input");
}

static void close_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (close(fd) != 0 || open("/dev/null", O_RDWR) != fd)
			_exit(1);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: held_helper PEER PROGRAM CHANNEL");
	hold();
	place(atoi(argv[1]), PEER_FD);
	close_standard();
	execv(argv[2], argv + 2);
	_exit(127);
}
