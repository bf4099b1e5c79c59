/* SPDX-License-Identifier: MIT */
#include "ctl/terminal_line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/base/log.h"
#include "ctl/signal_hold.h"

#define MAX_QUESTION_BYTES 512

static const int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/* Signals are held but for the time of a ppoll(2), so that none can come between looking and
 * waiting. */
struct watch {
	sigset_t before;
	sigset_t waiting;
	struct sigaction old[COSMO_ARRAY_LEN(endings)];
};

static volatile sig_atomic_t has_ended;

static void on_ending(int number)
{
	(void)number;
	has_ended = 1;
}

/* What this program was told to ignore, as nohup(1) does, stays ignored. */
static void watch_begin(struct watch *watch, bool unseen)
{
	const struct sigaction action = {.sa_handler = on_ending};

	has_ended = 0;
	signal_hold(&watch->before);
	watch->waiting = watch->before;
	/* Stopped, it would leave a terminal that shows nothing. */
	if (unseen)
		(void)sigaddset(&watch->waiting, SIGTSTP);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(endings); i++) {
		(void)sigaction(endings[i], NULL, &watch->old[i]);
		if (watch->old[i].sa_handler != SIG_IGN)
			(void)sigaction(endings[i], &action, NULL);
	}
}

static void watch_end(const struct watch *watch)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(endings); i++)
		(void)sigaction(endings[i], &watch->old[i], NULL);
	signal_release(&watch->before);
}

static enum cosmo_err read_byte(int fd, const struct watch *watch, char *ret)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	for (;;) {
		int count = ppoll(&ready, 1, NULL, &watch->waiting);
		ssize_t got = 0;

		if (has_ended)
			return COSMO_E_CANCELLED;
		if (count < 0 && errno == EINTR)
			continue;
		got = count < 0 ? -1 : read(fd, ret, 1);
		if (got < 0 && errno == EINTR)
			continue;
		return got == 1 ? COSMO_OK : COSMO_E_CANCELLED;
	}
}

static enum cosmo_err read_line(int fd, const struct watch *watch, char *ret, size_t ret_size)
{
	size_t len = 0;
	char byte = '\0';

	for (;;) {
		enum cosmo_err err = read_byte(fd, watch, &byte);

		if (err)
			return err;
		if (byte == '\n' || byte == '\r')
			break;
		if (len < ret_size)
			ret[len++] = byte;
	}
	if (len == ret_size)
		return COSMO_E_TOO_BIG;
	ret[len] = '\0';
	/* A NUL would hide what comes behind it. */
	return strlen(ret) == len ? COSMO_OK : COSMO_E_TOO_BIG;
}

/* Where nothing is shown, or Ctrl-C means us, has to be so before anybody can answer. */
static enum cosmo_err ask(const struct terminal *terminal, const struct watch *watch,
	const char *question, char *ret, size_t ret_size)
{
	char shown[MAX_QUESTION_BYTES] = "";
	enum cosmo_err err = COSMO_OK;

	log_filter(question, true, shown, sizeof(shown));
	err = fdio_write(terminal->out_fd, shown, strlen(shown));
	return err ? err : read_line(terminal->in_fd, watch, ret, ret_size);
}

static enum cosmo_err ask_unseen(const struct terminal *terminal, const struct watch *watch,
	const char *question, char *ret, size_t ret_size)
{
	struct termios seen;
	struct termios unseen;
	enum cosmo_err err = COSMO_OK;

	if (tcgetattr(terminal->in_fd, &seen) < 0)
		return COSMO_E_IO;
	unseen = seen;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	unseen.c_lflag |= ICANON | ISIG;
	if (tcsetattr(terminal->in_fd, TCSAFLUSH, &unseen) < 0)
		return COSMO_E_IO;
	err = ask(terminal, watch, question, ret, ret_size);
	(void)tcsetattr(terminal->in_fd, TCSAFLUSH, &seen);
	return err;
}

enum cosmo_err terminal_line_ask(const struct terminal *terminal, const char *question, bool unseen,
	char *ret, size_t ret_size)
{
	struct watch watch;
	enum cosmo_err err = COSMO_E_IO;

	if (!isatty(terminal->in_fd))
		return err;
	watch_begin(&watch, unseen);
	err = unseen ? ask_unseen(terminal, &watch, question, ret, ret_size)
		     : ask(terminal, &watch, question, ret, ret_size);
	watch_end(&watch);
	if (err)
		explicit_bzero(ret, ret_size);
	return err;
}
