/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/flow.h"
#include "tests/unit/helper/scratch_folder.h"

#define FOREVER_MS ((int64_t)60 * 60 * 1000)

static struct scratch_folder scratch;

static int make_folder(void **state)
{
	(void)state;
	return scratch_folder_make(&scratch);
}

static int remove_folder(void **state)
{
	(void)state;
	return scratch_folder_remove(&scratch);
}

static struct flow *begin(uint64_t key)
{
	struct flow *flow = NULL;

	assert_int_equal(flow_begin(scratch.fd, key, &flow), COSMO_OK);
	return flow;
}

static bool is_replaced(const struct flow *flow)
{
	struct pollfd newer = {.fd = flow_fd(flow), .events = POLLIN};

	return poll(&newer, 1, 0) == 1;
}

static size_t files_left(void)
{
	char path[128] = "";
	size_t count = 0;

	(void)snprintf(path, sizeof(path), "%s/flows/%016x", scratch.path, 7U);
	count += access(path, F_OK) == 0;
	(void)snprintf(path, sizeof(path), "%s/flows/%016x", scratch.path, 8U);
	count += access(path, F_OK) == 0;
	return count;
}

/* case: budget: a newer sign-in tells the older of the same key, and no other */
static void test_flow_begin__same_key__older_is_told(void **state)
{
	struct flow *other = begin(8);
	struct flow *older = begin(7);
	struct flow *newer = NULL;

	(void)state;
	assert_false(is_replaced(older));
	newer = begin(7);
	assert_true(is_replaced(older));
	assert_false(is_replaced(newer));
	assert_false(is_replaced(other));
	flow_free(older);
	flow_wait_older(newer, FOREVER_MS);
	flow_free(newer);
	flow_free(other);
	assert_int_equal(files_left(), 0);
}

static void test_flow_begin__three__each_tells_the_one_before(void **state)
{
	struct flow *first = begin(7);
	struct flow *second = begin(7);
	struct flow *third = begin(7);

	(void)state;
	assert_true(is_replaced(first) && is_replaced(second) && !is_replaced(third));
	flow_free(first);
	assert_false(is_replaced(third));
	flow_wait_older(second, FOREVER_MS);
	flow_free(second);
	assert_int_equal(files_left(), 1); /* that of the third, left alone by the others */
	flow_wait_older(third, FOREVER_MS);
	flow_free(begin(7));
	assert_true(is_replaced(third));
	flow_free(third);
}

static void test_flow_begin__one_that_has_ended__nobody_is_told(void **state)
{
	struct flow *flow = NULL;

	(void)state;
	flow_free(begin(7));
	flow = begin(7);
	flow_wait_older(flow, FOREVER_MS);
	assert_false(is_replaced(flow));
	flow_free(flow);
}

static pid_t holder(int *ret_ready_fd)
{
	int ready[2] = {-1, -1};
	pid_t pid = -1;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct flow *flow = NULL;

		if (flow_begin(scratch.fd, 7, &flow) == COSMO_OK)
			(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	*ret_ready_fd = ready[0];
	return pid;
}

/* case: budget: a sign-in whose process was killed stands in nobody's way */
static void test_flow_begin__holder_killed__free(void **state)
{
	int ready_fd = -1;
	char byte = 0;
	pid_t pid = holder(&ready_fd);
	struct flow *waiting = NULL;
	struct flow *after = NULL;

	(void)state;
	assert_int_equal(read(ready_fd, &byte, 1), 1);
	waiting = begin(7);
	kill(pid, SIGKILL);
	flow_wait_older(waiting, FOREVER_MS); /* the kernel says so, without the dead one's help */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	flow_free(waiting);
	pid = holder(&ready_fd);
	assert_int_equal(read(ready_fd, &byte, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(files_left(), 1);
	after = begin(7);
	flow_wait_older(after, FOREVER_MS);
	assert_false(is_replaced(after));
	flow_free(after);
	assert_int_equal(files_left(), 0);
	close(ready_fd);
}

/* case: budget: an older sign-in that does not end holds the newer one up for a bounded time */
static void test_flow_wait_older__does_not_end__bounded(void **state)
{
	struct flow *older = begin(7);
	struct flow *newer = begin(7);
	int64_t began_ms = fdio_boot_ms();

	(void)state;
	flow_wait_older(newer, 20);
	assert_true(fdio_boot_ms() - began_ms >= 20);
	flow_free(newer);
	flow_free(older);
}

/* case: budget: a sign-in that is stopped while it takes its turn holds up others of its kind alone
 */
static void test_flow_begin__lock_held__busy_for_that_key(void **state)
{
	char path[128] = "";
	struct flow *flow = NULL;
	int fd = -1;

	(void)state;
	flow_free(begin(7));
	(void)snprintf(path, sizeof(path), "%s/flows/lock.07", scratch.path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(flow_begin(scratch.fd, 7, &flow), COSMO_E_BUSY);
	assert_null(flow);
	flow_free(begin(8));
	close(fd);
}

/* case: budget: a folder of sign-ins that cannot be used refuses */
static void test_flow_begin__folder_damaged__io(void **state)
{
	char path[128] = "";
	struct flow *flow = NULL;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/flows", scratch.path);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_int_equal(flow_begin(scratch.fd, 7, &flow), COSMO_E_IO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/flows/%016x", scratch.path, 7U);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(flow_begin(scratch.fd, 7, &flow), COSMO_E_IO);
	assert_null(flow);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_flow_begin__same_key__older_is_told),
		IN_FOLDER(test_flow_begin__three__each_tells_the_one_before),
		IN_FOLDER(test_flow_begin__one_that_has_ended__nobody_is_told),
		IN_FOLDER(test_flow_begin__holder_killed__free),
		IN_FOLDER(test_flow_wait_older__does_not_end__bounded),
		IN_FOLDER(test_flow_begin__lock_held__busy_for_that_key),
		IN_FOLDER(test_flow_begin__folder_damaged__io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
