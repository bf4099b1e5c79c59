/* SPDX-License-Identifier: MIT */
/* Whose terminal it is, of processes as they are; whole ways there are in test_recent.py. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/logind.h"
#include "pam_cosmo_sso/helper/process.h"
#include "pam_cosmo_sso/helper/recent_place.h"
#include "pam_cosmo_sso/helper/session.h"

/* Some process or other cannot be read. */
static bool is_one_unread;

enum cosmo_err __real_process_list_take_until(int64_t deadline_boot_ms, struct process_list *ret);
enum cosmo_err __wrap_process_list_take_until(int64_t deadline_boot_ms, struct process_list *ret);
enum cosmo_err __wrap_logind_session_of(pid_t pid, char *ret, uint32_t *ret_uid);

enum cosmo_err __wrap_process_list_take_until(int64_t deadline_boot_ms, struct process_list *ret)
{
	enum cosmo_err err = __real_process_list_take_until(deadline_boot_ms, ret);

	if (!err && is_one_unread)
		ret->is_whole = false;
	return err;
}

enum cosmo_err __wrap_logind_session_of(pid_t pid, char *ret, uint32_t *ret_uid)
{
	(void)pid;
	(void)snprintf(ret, SESSION_LOGIND_BYTES, "c1");
	*ret_uid = 0;
	return COSMO_OK;
}

/* A session's leader; the caller ends it. */
static pid_t start_leader(struct process *ret)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	while (pid == 0)
		(void)pause();
	assert_int_equal(process_read(pid, ret), COSMO_OK);
	return pid;
}

static void end_leader(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_recent_place_is_of__a_process_cannot_be_seen__nobody_can_tell(void **state)
{
	struct process self = {0};
	struct process leader = {0};
	struct recent_place place = {0};
	struct recent_opener opener = {.pid = getpid(), .opened_boot_ms = fdio_boot_ms()};
	pid_t pid = -1;
	enum cosmo_err seen = COSMO_OK;
	enum cosmo_err unseen = COSMO_OK;

	(void)state;
	if (geteuid() != 0)
		skip(); /* who opens sessions is root */
	assert_int_equal(process_read(getpid(), &self), COSMO_OK);
	opener.start = self.start;
	assert_int_equal(recent_session_of(getpid(), 0, place.session), COSMO_OK);
	pid = start_leader(&leader);
	place.leader = leader.pid;
	place.leader_start = leader.start;
	is_one_unread = false;
	seen = recent_place_is_of(&place, &opener);
	is_one_unread = true;
	unseen = recent_place_is_of(&place, &opener);
	end_leader(pid);
	assert_int_equal(seen, COSMO_OK);
	assert_int_equal(unseen, COSMO_E_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_recent_place_is_of__a_process_cannot_be_seen__nobody_can_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
