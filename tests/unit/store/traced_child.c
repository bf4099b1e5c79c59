/* SPDX-License-Identifier: MIT */
#include "tests/unit/store/traced_child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"

typedef struct __ptrace_syscall_info call_info; /* the C library's name for it */

/* They read, or change the process alone. */
static const long harmless[] = {
	SYS_read,
	SYS_pread64,
	SYS_readv,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_lseek,
	SYS_close,
	SYS_munmap,
	SYS_mprotect,
	SYS_brk,
	SYS_getdents64,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_getrandom,
	SYS_clock_gettime,
	SYS_getpid,
	SYS_gettid,
	SYS_geteuid,
	SYS_getuid,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_fcntl,
	SYS_flock,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_madvise,
	SYS_futex,
	SYS_sigaltstack,
	SYS_exit_group,
	SYS_fstatfs,
#ifdef SYS_stat
	SYS_stat,
	SYS_lstat,
	SYS_access,
#endif
};

static bool is_changing(const call_info *info)
{
	const uint64_t *args = info->entry.args;
	long number = (long)info->entry.nr;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(harmless); i++)
		if (number == harmless[i])
			return false;
	if (number == SYS_openat)
		return (args[2] & (O_CREAT | O_TRUNC)) != 0;
	/* What is stored to a shared mapping is no call: the gate has a test of its own, a users.db
	 * in the making is nobody's yet. */
	return number != SYS_mmap;
}

static void wait_for(pid_t child, int *ret_status)
{
	pid_t got = 0;

	do
		got = waitpid(child, ret_status, 0);
	while (got < 0 && errno == EINTR);
	assert_int_equal(got, child);
}

static cpu_set_t all_processors;

/* The two take turns at each call: on one processor neither has to be woken on another. Which one
 * is chosen anew each time, so that the work moves to where there is room. */
static void stay_on_this_processor(void)
{
	cpu_set_t one;
	int number = sched_getcpu();

	CPU_ZERO(&all_processors);
	if (number < 0 || sched_getaffinity(0, sizeof(all_processors), &all_processors) < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((size_t)number, &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

static void go_where_there_is_room(void)
{
	if (CPU_COUNT(&all_processors) > 0)
		(void)sched_setaffinity(0, sizeof(all_processors), &all_processors);
}

static pid_t start(traced_work work, void *context)
{
	int status = 0;
	pid_t child = 0;

	stay_on_this_processor();
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
			_exit(126);
		_exit(work(context));
	}
	wait_for(child, &status);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, child, NULL,
				 (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)),
		0);
	return child;
}

/* To the next beginning or end of a call; false: the child is no more. */
static bool go_on(pid_t child, call_info *ret_info, int *ret_status)
{
	int signal_number = 0;

	for (;;) {
		assert_int_equal(
			ptrace(PTRACE_SYSCALL, child, NULL, (void *)(intptr_t)signal_number), 0);
		wait_for(child, ret_status);
		if (!WIFSTOPPED(*ret_status))
			return false;
		if (WSTOPSIG(*ret_status) == (SIGTRAP | 0x80))
			break;
		signal_number = WSTOPSIG(*ret_status);
	}
	memset(ret_info, 0, sizeof(*ret_info));
	assert_true(
		ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(*ret_info), ret_info) > 0);
	return true;
}

static void set_register(pid_t child, size_t offset, long value)
{
	assert_int_equal(ptrace(PTRACE_POKEUSER, child, (void *)offset, (void *)value), 0);
}

/* The call becomes one that does not exist, and its result ours. */
static void fail_call(pid_t child)
{
#ifdef __x86_64__
	call_info info;
	int status = 0;

	set_register(child, offsetof(struct user, regs.orig_rax), -1);
	assert_true(go_on(child, &info, &status));
	set_register(child, offsetof(struct user, regs.rax), -ENOSPC);
#else
	(void)child;
	print_message("SKIPPED: failing system calls is written for x86-64 alone\n");
	skip();
#endif
}

static void act(pid_t child, enum traced_action action)
{
	call_info info;
	int status = 0;

	if (action == TRACED_FAIL) {
		fail_call(child);
		return;
	}
	if (action == TRACED_KILL_AFTER)
		assert_true(go_on(child, &info, &status));
	assert_int_equal(kill(child, SIGKILL), 0);
}

struct traced_end traced_run(
	traced_work work, void *context, enum traced_action action, unsigned int nth)
{
	struct traced_end end = {.code = -1};
	pid_t child = start(work, context);
	unsigned int calls = 0;
	call_info info;
	int status = 0;

	while (go_on(child, &info, &status)) {
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !is_changing(&info) || calls++ != nth)
			continue;
		end.was_met = true;
		act(child, action);
		if (action == TRACED_FAIL)
			continue;
		wait_for(child, &status);
		break;
	}
	go_where_there_is_room();
	if (WIFEXITED(status))
		end.code = WEXITSTATUS(status);
	else
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return end;
}

static void last_name(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(ret, size, "%s", slash ? slash + 1 : path);
}

static void name_of_descriptor(pid_t child, uint64_t fd, char *ret, size_t size)
{
	char link[64] = "";
	char path[256] = "";

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", child, (int)fd);
	if (readlink(link, path, sizeof(path) - 1) > 0)
		last_name(path, ret, size);
}

static void name_of_argument(pid_t child, uint64_t address, char *ret, size_t size)
{
	char path[256] = "";

	/* Less of it, where the memory behind the text ends. */
	for (size_t len = sizeof(path) - 1; len > 0; len /= 2) {
		struct iovec local = {.iov_base = path, .iov_len = len};
		struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = len};

		if (process_vm_readv(child, &local, 1, &remote, 1, 0) <= 0)
			continue;
		last_name(path, ret, size);
		return;
	}
}

static void describe(pid_t child, const call_info *info, struct traced_call *ret)
{
	const uint64_t *args = info->entry.args;

	*ret = (struct traced_call){
		.number = (long)info->entry.nr, .is_changing = is_changing(info)};
	if (ret->number == SYS_write || ret->number == SYS_pwrite64)
		ret->bytes = args[2];
	switch (ret->number) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_syncfs:
	case SYS_fchmod:
		name_of_descriptor(child, args[0], ret->path, sizeof(ret->path));
		break;
	case SYS_renameat:
		name_of_argument(child, args[3], ret->path, sizeof(ret->path));
		break;
	case SYS_openat:
	case SYS_unlinkat:
	case SYS_mkdirat:
		name_of_argument(child, args[1], ret->path, sizeof(ret->path));
		break;
	default:
		break;
	}
}

size_t traced_list(traced_work work, void *context, struct traced_call *ret_calls, size_t size)
{
	pid_t child = start(work, context);
	size_t calls = 0;
	call_info info;
	int status = 0;

	while (go_on(child, &info, &status)) {
		if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		if (calls < size)
			describe(child, &info, &ret_calls[calls]);
		calls++;
	}
	go_where_there_is_room();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return calls;
}

unsigned long traced_steps(
	traced_work work, void *context, void (*look)(void *look_context), void *look_context)
{
	pid_t child = start(work, context);
	unsigned long steps = 0;
	int status = 0;

	for (;; steps++) {
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
		wait_for(child, &status);
		if (!WIFSTOPPED(status))
			break;
		look(look_context);
	}
	go_where_there_is_room();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return steps;
}
