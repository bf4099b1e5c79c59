/* SPDX-License-Identifier: MIT */
/* The module's wait for the helper's unit, by a process that was stopped meanwhile: no time passes
 * for it, and then all at once. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/message.h"
#include "pam_cosmo_sso/module/helper_socket.h"

#define BEGAN_MS  INT64_C(1000)
#define BEHIND_MS INT64_C(1000000)

static int unit_fd = -1; /* the unit's end */
static unsigned int looks;
static bool has_started; /* the helper, while the module was stopped */

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int64_t __wrap_fdio_boot_ms(void);

/* Systemd takes the connection. */
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	int ends[2] = {-1, -1};

	(void)address;
	(void)len;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(dup3(ends[0], fd, O_CLOEXEC), fd);
	close(ends[0]);
	unit_fd = ends[1];
	return 0;
}

/* Stopped just before it looks how much time is left, and had found no byte before. */
int64_t __wrap_fdio_boot_ms(void)
{
	static const unsigned char ready = COSMO_PROTOCOL_VERSION;

	if (++looks == 1)
		return BEGAN_MS;
	if (looks == 2 && has_started)
		assert_int_equal(write(unit_fd, &ready, sizeof(ready)), sizeof(ready));
	return BEHIND_MS;
}

static enum cosmo_err connect_stopped(bool starts)
{
	COSMO_AUTO_FD int fd = -1;
	enum cosmo_err err = COSMO_OK;

	looks = 0;
	has_started = starts;
	err = helper_socket_connect(3000, &fd);
	assert_int_equal(fd >= 0, err == COSMO_OK);
	cosmo_auto_close(&unit_fd);
	assert_int_equal(looks, 2);
	return err;
}

/* case: caller: who was stopped while systemd started the helper uses it, and starts no other */
static void test_helper_socket_connect__stopped_beyond_the_time__looks_once_more(void **state)
{
	(void)state;
	assert_int_equal(connect_stopped(true), COSMO_OK);
	assert_int_equal(connect_stopped(false), COSMO_E_TIMEOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_helper_socket_connect__stopped_beyond_the_time__looks_once_more),
	};

	if (geteuid() != 0) {
		print_message("SKIPPED: the helper's socket is root's, and this is not root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
