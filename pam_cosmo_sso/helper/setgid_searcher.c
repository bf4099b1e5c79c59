/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/setgid_searcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fdio.h"

/* For noticing that the time is over, on a host with much to do. */
#define GRACE_MS ((int64_t)1000)

/* A packet each way; both ends are this very program. */
struct question {
	int64_t for_ms;
	char folder[1024];
};

struct answer {
	enum cosmo_err err;
	uint64_t found;
	uint64_t stripped;
};

static bool is_whole(ssize_t len, size_t wanted)
{
	return len >= 0 && (size_t)len == wanted;
}

/* Ends with its parent, whose socket it reads. */
_Noreturn static void answer_questions(struct setgid_search *search, int fd)
{
	struct question question;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (is_whole(recv(fd, &question, sizeof(question), 0), sizeof(question))) {
		struct answer answer = {0};

		search->found = search->stripped = 0;
		search->deadline_boot_ms = fdio_boot_ms() + question.for_ms;
		answer.err = setgid_files_find(search, question.folder);
		answer.found = search->found;
		answer.stripped = search->stripped;
		if (!is_whole(send(fd, &answer, sizeof(answer), MSG_NOSIGNAL), sizeof(answer)))
			break;
	}
	_exit(0);
}

static enum cosmo_err start(struct setgid_searcher *searcher)
{
	int ends[2] = {-1, -1};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return COSMO_E_IO;
	searcher->child.pid = fork();
	if (searcher->child.pid == 0) {
		close(ends[0]);
		answer_questions(searcher->search, ends[1]);
	}
	close(ends[1]);
	if (searcher->child.pid < 0) {
		close(ends[0]);
		return COSMO_E_SPAWN;
	}
	searcher->fd = ends[0];
	searcher->child.pid_fd = (int)syscall(SYS_pidfd_open, searcher->child.pid, 0);
	return COSMO_OK;
}

/* By a count of its own: the clock may be one that a test sets. */
static bool comes_within(int fd, int64_t ms)
{
	struct pollfd wanted = {.fd = fd, .events = POLLIN};
	int ready = 0;

	do
		ready = poll(&wanted, 1, (int)ms);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static enum cosmo_err ask(struct setgid_searcher *searcher, const struct question *question)
{
	struct answer answer = {0};

	if (!is_whole(send(searcher->fd, question, sizeof(*question), MSG_NOSIGNAL),
		    sizeof(*question)))
		return COSMO_E_IO;
	if (!comes_within(searcher->fd, question->for_ms + GRACE_MS)) {
		setgid_searcher_done(searcher);
		return COSMO_E_TIMEOUT;
	}
	if (!is_whole(recv(searcher->fd, &answer, sizeof(answer), 0), sizeof(answer)))
		return COSMO_E_IO;
	searcher->search->found += answer.found;
	searcher->search->stripped += answer.stripped;
	return answer.err;
}

void setgid_searcher_init(struct setgid_searcher *searcher, struct setgid_search *search)
{
	*searcher = (struct setgid_searcher){
		.search = search, .child = {.pid = -1, .pid_fd = -1}, .fd = -1};
}

void setgid_searcher_done(struct setgid_searcher *searcher)
{
	if (!searcher || searcher->fd < 0)
		return;
	close(searcher->fd);
	searcher->fd = -1;
	spawn_kill(&searcher->child);
}

enum cosmo_err setgid_searcher_look(
	struct setgid_searcher *searcher, const char *folder, int64_t for_ms)
{
	struct question question = {.for_ms = for_ms};
	size_t len = strlen(folder);
	enum cosmo_err err = COSMO_OK;

	if (for_ms <= 0)
		return COSMO_E_TIMEOUT;
	if (len >= sizeof(question.folder))
		return COSMO_E_TOO_BIG;
	if (searcher->fd < 0)
		err = start(searcher);
	if (err)
		return err;
	memcpy(question.folder, folder, len + 1);
	err = ask(searcher, &question);
	if (err == COSMO_E_IO)
		setgid_searcher_done(searcher); /* it may have ended: the next folder has another */
	return err;
}
