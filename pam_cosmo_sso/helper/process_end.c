/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/process_end.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/uid_kill.h"

/* Watched at a time: far below what a process may open. Others are seen in the next look. */
#define MAX_WATCHED ((size_t)256)

/* The longest wait between two looks, and the shortest: what forks without end is not chased at
 * full speed. */
#define LOOK_MS  250
#define PAUSE_MS 10

/* Looks that find nothing while others come and go: somebody may run from one to the next. */
#define MAX_EMPTY_LOOKS 10

/* After the first SIGKILL. */
#define KILL_MS 3000

struct run {
	const struct process_ending *ending;
	struct process_list list;  /* of the present look */
	struct process *signalled; /* every process that got a signal, once */
	size_t signalled_count;
	size_t signalled_room;
	bool last;
	struct pollfd watched[MAX_WATCHED];
	size_t watched_count;
};

static void run_done(struct run *run)
{
	if (!run)
		return;
	process_list_done(&run->list);
	free(run->signalled);
	free(run);
}
COSMO_AUTO_DEFINE(struct run *, run_done);

static size_t count_chosen(const struct process_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->items[i].chosen || list->items[i].awaited;
	return count;
}

static enum cosmo_err look(struct run *run, size_t *ret_chosen)
{
	const struct process_ending *ending = run->ending;
	enum cosmo_err err = COSMO_OK;

	process_list_done(&run->list);
	err = process_list_take(&run->list);
	if (!err)
		err = ending->choose(ending->context, &run->list, run->last);
	if (err)
		return err;
	if (ending->looked)
		ending->looked(ending->context, &run->list);
	*ret_chosen = count_chosen(&run->list);
	return COSMO_OK;
}

static bool was_signalled(const struct run *run, const struct process *process)
{
	for (size_t i = run->signalled_count; i > 0; i--)
		if (run->signalled[i - 1].pid == process->pid &&
			run->signalled[i - 1].start == process->start)
			return true;
	return false;
}

static enum cosmo_err remember(struct run *run, const struct process *process)
{
	if (run->signalled_count == run->signalled_room) {
		size_t room = run->signalled_room ? 2 * run->signalled_room : MAX_WATCHED;
		void *more = reallocarray(run->signalled, room, sizeof(*run->signalled));

		if (!more)
			return COSMO_E_NOMEM;
		run->signalled = more;
		run->signalled_room = room;
	}
	run->signalled[run->signalled_count++] = *process;
	return COSMO_OK;
}

/* TERM is heeded by most, and HUP by shells; who is stopped hears neither. HUP comes later, for
 * most others would end of it before they can tidy up. */
static void send(const struct run *run, int pid_fd, bool known)
{
	int number = known ? SIGHUP : SIGTERM;

	if (run->last)
		number = SIGKILL;
	(void)syscall(SYS_pidfd_send_signal, pid_fd, number, NULL, 0);
	if (!run->last)
		(void)syscall(SYS_pidfd_send_signal, pid_fd, SIGCONT, NULL, 0);
}

static enum cosmo_err signal_one(struct run *run, const struct process *process)
{
	COSMO_AUTO_FD int pid_fd = -1;
	bool known = was_signalled(run, process);

	if (process_open(process, &pid_fd) != COSMO_OK)
		return COSMO_OK; /* gone, or to be seen in the next look */
	send(run, pid_fd, known);
	if (run->watched_count < MAX_WATCHED)
		run->watched[run->watched_count++] =
			(struct pollfd){.fd = cosmo_steal_fd(&pid_fd), .events = POLLIN};
	return known ? COSMO_OK : remember(run, process);
}

static bool is_first_of(const struct process_list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (list->items[i].chosen && list->items[i].whose == list->items[at].whose)
			return false;
	return true;
}

/* For each user once. */
static void kill_uids(const struct run *run)
{
	const struct process_ending *ending = run->ending;
	const struct process_list *list = &run->list;

	for (size_t i = 0; ending->whole_uid && ending->shield_uid && i < list->count; i++) {
		uint32_t uid = list->items[i].whose;

		if (!uid || !list->items[i].chosen || !is_first_of(list, i) ||
			!ending->whole_uid(ending->context, list, uid))
			continue;
		/* What it did not reach is still chosen in the next look. */
		uid_kill(uid, ending->shield_uid);
	}
}

static enum cosmo_err signal_all(struct run *run)
{
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < run->list.count && !err; i++)
		if (run->list.items[i].chosen)
			err = signal_one(run, &run->list.items[i]);
	if (run->last)
		kill_uids(run);
	return err;
}

static bool all_ended(const struct run *run)
{
	for (size_t i = 0; i < run->watched_count; i++)
		if (run->watched[i].fd >= 0)
			return false;
	return true;
}

/* A negative descriptor is one that poll() passes over. */
static void drop_ended(struct run *run)
{
	for (size_t i = 0; i < run->watched_count; i++) {
		if (!run->watched[i].revents)
			continue;
		close(run->watched[i].fd);
		run->watched[i].fd = -1;
	}
}

/* Until all that are watched have ended, or until @deadline. */
static void wait_for_ends(struct run *run, int64_t deadline_boot_ms)
{
	int64_t until = fdio_boot_ms() + LOOK_MS;

	if (until > deadline_boot_ms)
		until = deadline_boot_ms;
	(void)poll(NULL, 0, PAUSE_MS);
	while (!all_ended(run)) {
		int64_t left_ms = until - fdio_boot_ms();

		if (poll(run->watched, run->watched_count, left_ms > 0 ? (int)left_ms : 0) < 0 &&
			errno != EINTR)
			break;
		drop_ended(run);
		if (left_ms <= 0)
			break;
	}
	for (size_t i = 0; i < run->watched_count; i++)
		if (run->watched[i].fd >= 0)
			close(run->watched[i].fd);
	run->watched_count = 0;
}

/* Look, signal and wait until a look finds none, or for @for_ms. */
static enum cosmo_err pursue(struct run *run, int64_t for_ms, size_t *ret_left)
{
	int64_t deadline_boot_ms = fdio_boot_ms() + for_ms;
	int empty = 0;

	for (;;) {
		enum cosmo_err err = look(run, ret_left);

		if (err ||
			(*ret_left == 0 && (run->list.missed == 0 || ++empty == MAX_EMPTY_LOOKS)))
			return err;
		if (fdio_boot_ms() >= deadline_boot_ms)
			return COSMO_OK;
		err = signal_all(run);
		wait_for_ends(run, deadline_boot_ms);
		if (err)
			return err;
	}
}

static uint64_t count_gone(const struct run *run)
{
	uint64_t gone = 0;

	for (size_t i = 0; i < run->signalled_count; i++) {
		const struct process *was = &run->signalled[i];
		const struct process *now = process_list_find(&run->list, was->pid);

		gone += !now || now->start != was->start;
	}
	return gone;
}

enum cosmo_err process_end(
	const struct process_ending *ending, uint64_t *ret_ended, uint64_t *ret_left)
{
	COSMO_AUTO(run_done) struct run *run = calloc(1, sizeof(*run));
	size_t left = 0;
	enum cosmo_err err = COSMO_OK;

	if (!run)
		return COSMO_E_NOMEM;
	run->ending = ending;
	err = pursue(run, ending->grace_ms, &left);
	if (!err && left > 0) {
		run->last = true;
		err = pursue(run, KILL_MS, &left);
	}
	*ret_ended = count_gone(run);
	*ret_left = left;
	/* Whom the last look may not have seen may still run. */
	return !err && left == 0 && !run->list.is_whole ? COSMO_E_IO : err;
}
