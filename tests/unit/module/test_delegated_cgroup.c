/* SPDX-License-Identifier: MIT */
/* By folders of the test's own in the place of the control groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam_cosmo_sso/module/delegated_cgroup.h"
#include "tests/unit/helper/scratch_folder.h"

#define USER 1000U

#define OF_OLD  "2:freezer:/mine\n1:name=systemd:/system.slice/ssh.service\n"
#define MANAGER "/user.slice/user-1000.slice/user@1000.service"
#define SESSION "/user.slice/user-1000.slice/session-3.scope"
#define SERVICE "/system.slice/ssh.service"

static struct scratch_folder scratch;
static char self_file[128];
static char hybrid_root[128];
static char only_root[128];
static struct delegated_cgroup_places places;

static int make_folder(void **state)
{
	(void)state;
	if (scratch_folder_make(&scratch))
		return -1;
	snprintf(self_file, sizeof(self_file), "%s/self", scratch.path);
	snprintf(only_root, sizeof(only_root), "%s/cgroup", scratch.path);
	snprintf(hybrid_root, sizeof(hybrid_root), "%s/cgroup/unified", scratch.path);
	places = (struct delegated_cgroup_places){
		self_file, {hybrid_root, only_root}, only_root, false};
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return scratch_folder_remove(&scratch);
}

static void say(const char *groups, size_t len)
{
	int fd = openat(scratch.fd, "self", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, groups, len), (ssize_t)len);
	assert_int_equal(close(fd), 0);
}

/* The folders of @path in @root, the last of them @owner's. */
static void put(const char *root, const char *path, uid_t owner)
{
	char folder[256] = "";

	snprintf(folder, sizeof(folder), "%s%s", root, path);
	for (char *end = strchr(folder + strlen(scratch.path) + 1, '/'); end;
		end = strchr(end + 1, '/')) {
		*end = '\0';
		(void)!mkdir(folder, 0755);
		*end = '/';
	}
	(void)!mkdir(folder, 0755);
	assert_int_equal(chown(folder, owner, owner), 0);
}

static bool found(const char *groups)
{
	say(groups, strlen(groups));
	return delegated_cgroup_is_ours(&places);
}

static void test_is_ours__all_of_it_is_root_s__no(void **state)
{
	(void)state;
	put(only_root, SERVICE, 0);
	assert_false(found(OF_OLD "0::" SERVICE "\n"));
	assert_false(found("0::/\n"));
}

/* Whoever owns a session has logind signal all that is in it. */
static void test_is_ours__a_session_whose_folders_are_root_s__yes(void **state)
{
	(void)state;
	put(only_root, SESSION, 0);
	put(only_root, "/user.slices/a", 0);
	assert_true(found("0::" SESSION "\n"));
	assert_true(found("0::/user.slice\n"));
	assert_true(found("0::/machine.slice/user.slices/user.slice/user-0.slice\n"));
	assert_false(found("0::/user.slices/a\n"));
	assert_true(found("1:name=systemd:" SESSION "\n0::/\n"));
	assert_true(found("4:pids:/\n1:name=systemd:" SESSION "\n"));
}

/* pam_systemd has moved the door there, and it opens the session in any case. */
static void test_is_ours__a_session_at_a_door__by_its_folders(void **state)
{
	(void)state;
	places.sessions_are_root_s = true;
	put(only_root, SESSION, 0);
	put(only_root, MANAGER, USER);
	assert_false(found("1:name=systemd:" SESSION "\n0::" SESSION "\n"));
	assert_true(found("0::" MANAGER "\n"));
	assert_true(delegated_cgroup_at_door.sessions_are_root_s);
	assert_false(delegated_cgroup_default.sessions_are_root_s);
}

static void test_is_ours__a_folder_of_old_is_a_user_s__yes(void **state)
{
	(void)state;
	put(only_root, "/freezer/user/ada/0", USER);
	put(only_root, "/cpu,cpuacct/user", 0);
	assert_true(found("2:freezer:/user/ada/0\n0::/\n"));
	assert_true(found("2:freezer:/user/ada/0/below\n"));
	assert_false(found("2:freezer:/user/ada\n3:cpu,cpuacct:/user\n"));
}

static void test_is_ours__a_folder_on_the_path_is_a_user_s__yes(void **state)
{
	(void)state;
	put(only_root, MANAGER, USER);
	assert_true(found("0::" MANAGER "\n"));
	/* Whatever is below, root's own or moved away in this moment. */
	assert_true(found("0::" MANAGER "/gone\n"));
	put(only_root, MANAGER "/app.slice", 0);
	assert_true(found("0::" MANAGER "/app.slice\n"));
	put(only_root, "/machine.slice/of-a-service", USER);
	assert_true(found("0::/machine.slice/of-a-service\n"));
	assert_false(found("0::/machine.slice\n"));
}

static void test_is_ours__two_hierarchies__by_the_unified_one(void **state)
{
	(void)state;
	put(only_root, "/a", 0);
	put(hybrid_root, "/a", USER);
	assert_true(found(OF_OLD "0::/a\n"));
	put(only_root, "/b", USER);
	put(hybrid_root, "/b", 0);
	assert_false(found(OF_OLD "0::/b\n"));
}

static void test_is_ours__no_unified_hierarchy__no(void **state)
{
	(void)state;
	assert_false(found(OF_OLD));
	assert_false(found(""));
}

static void test_is_ours__folders_are_not_to_be_seen__by_the_name(void **state)
{
	(void)state;
	assert_true(found("0::" MANAGER "/app.slice\n"));
	assert_true(found("0::" SESSION "\n"));
	assert_false(found("0::/system.slice/ssh.service\n"));
}

static void test_is_ours__path_is_not_to_be_known__yes(void **state)
{
	static char much[64 * 1024];

	(void)state;
	assert_true(delegated_cgroup_is_ours(&places)); /* no such file */
	assert_true(found("0::/../other\n"));
	assert_true(found("0::/..\n"));
	assert_true(found("2:freezer:/..\n0::/\n"));
	assert_true(found("0:/\n"));
	put(only_root, "/..a", 0);
	assert_false(found("0::/..a\n"));
	memset(much, '\n', sizeof(much));
	say(much, sizeof(much));
	assert_true(delegated_cgroup_is_ours(&places));
}

static void test_default__these_places__are_the_kernel_s(void **state)
{
	(void)state;
	assert_string_equal(delegated_cgroup_default.self, "/proc/self/cgroup");
	assert_string_equal(delegated_cgroup_default.roots[0], "/sys/fs/cgroup/unified");
	assert_string_equal(delegated_cgroup_default.roots[1], "/sys/fs/cgroup");
	assert_string_equal(delegated_cgroup_default.old, "/sys/fs/cgroup");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_is_ours__all_of_it_is_root_s__no),
		IN_FOLDER(test_is_ours__a_folder_on_the_path_is_a_user_s__yes),
		IN_FOLDER(test_is_ours__a_session_whose_folders_are_root_s__yes),
		IN_FOLDER(test_is_ours__a_session_at_a_door__by_its_folders),
		IN_FOLDER(test_is_ours__a_folder_of_old_is_a_user_s__yes),
		IN_FOLDER(test_is_ours__two_hierarchies__by_the_unified_one),
		IN_FOLDER(test_is_ours__no_unified_hierarchy__no),
		IN_FOLDER(test_is_ours__folders_are_not_to_be_seen__by_the_name),
		IN_FOLDER(test_is_ours__path_is_not_to_be_known__yes),
		cmocka_unit_test(test_default__these_places__are_the_kernel_s),
	};

	if (geteuid() != 0) {
		print_message("skipped: gives folders away, needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
