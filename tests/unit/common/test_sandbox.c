/* SPDX-License-Identifier: MIT */
/* What a process can no longer do; each case in a child of its own, for there is no way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_CAPS false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_CAPS false
#endif
#endif
#ifndef MEMORY_CAPS
#define MEMORY_CAPS true
#endif

static const struct sandbox_profile usual = {
	.user = "nobody",
	.last_fd = STDERR_FILENO,
	.isolate_network = true,
	.max_fds = 8,
	.max_tasks = 0,
	.max_cpu_s = 20,
	.max_data_bytes = (size_t)32 * 1024 * 1024,
};

/* The exit status of a child that runs @check(), false being 1; nothing of cmocka runs in it. */
static int status_in_child(bool (*check)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(check() ? EXIT_SUCCESS : EXIT_FAILURE);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool enters(void)
{
	return sandbox_enter(&usual) == COSMO_OK;
}

static bool root_is_gone(void)
{
	return enters() && setuid(0) < 0 && setresuid(0, 0, 0) < 0 && setgid(0) < 0 &&
	       geteuid() != 0 && getegid() != 0;
}

/* Not even lo is up, so nothing on this host is reached either. */
static bool network_is_gone(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct if_nameindex *interfaces = NULL;
	bool only_lo = false;
	int fd = -1;

	if (!enters())
		return false;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	interfaces = if_nameindex();
	only_lo = interfaces && streq(interfaces[0].if_name, "lo") && !interfaces[1].if_name;
	if_freenameindex(interfaces);
	return only_lo && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
	       errno == ENETUNREACH;
}

static bool network_is_kept_if_told(void)
{
	struct sandbox_profile profile = usual;
	char before[64] = "";
	char after[64] = "";

	profile.isolate_network = false;
	return readlink("/proc/self/ns/net", before, sizeof(before) - 1) > 0 &&
	       sandbox_enter(&profile) == COSMO_OK &&
	       readlink("/proc/self/ns/net", after, sizeof(after) - 1) > 0 && streq(before, after);
}

static bool children_are_gone(void)
{
	return enters() && fork() < 0 && errno == EAGAIN;
}

static bool memory_is_capped(void)
{
	size_t half = usual.max_data_bytes / 2;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	return enters() && mmap(NULL, half, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED &&
	       mmap(NULL, 2 * half, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED &&
	       mmap(NULL, (size_t)2 << 30, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ==
		       MAP_FAILED;
}

static bool descriptors_are_closed(void)
{
	int high = fcntl(STDIN_FILENO, F_DUPFD, 500);

	return high >= 500 && enters() && fcntl(high, F_GETFD) < 0 && fcntl(3, F_GETFD) < 0 &&
	       fcntl(STDERR_FILENO, F_GETFD) >= 0;
}

static bool descriptors_are_few(void)
{
	unsigned int opened = 0;

	if (!enters())
		return false;
	while (dup(STDIN_FILENO) >= 0)
		opened++;
	return errno == EMFILE && opened == usual.max_fds - 3;
}

static bool environment_is_empty(void)
{
	static char leaked[] = "LEAKED=yes";
	static char *variables[] = {leaked, NULL};

	environ = variables;
	return enters() && (!environ || !environ[0]);
}

static bool writes_a_file(void)
{
	return enters() && write(memfd_create("test", MFD_CLOEXEC), "x", 1) == 1;
}

static bool enters_as(const char *user)
{
	struct sandbox_profile profile = usual;

	profile.user = user;
	return sandbox_enter(&profile) != COSMO_E_SANDBOX;
}

static bool enters_as_root(void)
{
	return enters_as("root");
}

static bool enters_as_nobody_known(void)
{
	return enters_as("no-such-user") || enters_as("");
}

static bool enters_without_descriptor(void)
{
	return close(STDOUT_FILENO) < 0 || sandbox_enter(&usual) != COSMO_E_SANDBOX;
}

static bool enters_without_root(void)
{
	return setuid(65534) < 0 || sandbox_enter(&usual) != COSMO_E_SANDBOX;
}

static void test_sandbox_enter__as_root__confined(void **state)
{
	(void)state;
	assert_int_equal(status_in_child(enters), EXIT_SUCCESS);
	assert_int_equal(status_in_child(root_is_gone), EXIT_SUCCESS);
	assert_int_equal(status_in_child(children_are_gone), EXIT_SUCCESS);
	assert_int_equal(status_in_child(descriptors_are_closed), EXIT_SUCCESS);
	assert_int_equal(status_in_child(descriptors_are_few), EXIT_SUCCESS);
	assert_int_equal(status_in_child(environment_is_empty), EXIT_SUCCESS);
	assert_int_equal(status_in_child(writes_a_file), 128 + SIGXFSZ);
}

static void test_sandbox_enter__isolate_network__no_network(void **state)
{
	(void)state;
	assert_int_equal(status_in_child(network_is_gone), EXIT_SUCCESS);
	assert_int_equal(status_in_child(network_is_kept_if_told), EXIT_SUCCESS);
}

static void test_sandbox_enter__too_much_memory__refused(void **state)
{
	(void)state;
	if (MEMORY_CAPS)
		assert_int_equal(status_in_child(memory_is_capped), EXIT_SUCCESS);
	else
		print_message("not checked: a build with ASan has no caps on memory\n");
}

static void test_sandbox_enter__any_doubt__fails(void **state)
{
	(void)state;
	assert_int_equal(status_in_child(enters_as_root), EXIT_FAILURE);
	assert_int_equal(status_in_child(enters_as_nobody_known), EXIT_FAILURE);
	assert_int_equal(status_in_child(enters_without_descriptor), EXIT_FAILURE);
	assert_int_equal(status_in_child(enters_without_root), EXIT_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox_enter__as_root__confined),
		cmocka_unit_test(test_sandbox_enter__isolate_network__no_network),
		cmocka_unit_test(test_sandbox_enter__too_much_memory__refused),
		cmocka_unit_test(test_sandbox_enter__any_doubt__fails),
	};

	if (geteuid() != 0) {
		print_message("skipped: only root can give up root\n");
		return 77; /* meson's code for a skipped test */
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
