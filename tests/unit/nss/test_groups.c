/* SPDX-License-Identifier: MIT */
/* Role groups, conferred groups, initgroups: by the roles in effect at this moment (P7, P8). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "tests/unit/nss/world.h"

#define BUFFER_BYTES 2048
#define MARK         4711
#define NOBODY       ""

static int fill(void **state)
{
	(void)state;
	world_clear();
	world_connect();
	world_enrol("ada", "admin");
	world_enrol("dev", "developer");
	world_enrol("vic", "viewer");
	world_enrol("both", "developer,admin");
	return 0;
}

static void check_members(const struct group *gr, const char *wanted)
{
	char wanted_copy[128] = "";
	char *rest = NULL;
	size_t count = 0;

	snprintf(wanted_copy, sizeof(wanted_copy), "%s", wanted);
	for (const char *name = strtok_r(wanted_copy, " ", &rest); name;
		name = strtok_r(NULL, " ", &rest)) {
		size_t found = 0;

		for (char **member = gr->gr_mem; *member; member++)
			found += streq(*member, name);
		if (found != 1)
			fprintf(stderr, "%s: %s is there %zu times\n", gr->gr_name, name, found);
		CHECK(found == 1);
		count++;
	}
	for (char **member = gr->gr_mem; *member; member++)
		CHECK(count-- > 0);
	CHECK(count == 0);
}

static void check_group(const char *name, gid_t gid, const char *members)
{
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	int code = 0;

	CHECK(world_plugin()->getgrnam_r(name, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(streq(gr.gr_name, name) && gr.gr_gid == gid && streq(gr.gr_passwd, "*"));
	check_members(&gr, members);
	memset(&gr, 0, sizeof(gr));
	CHECK(world_plugin()->getgrgid_r(gid, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(streq(gr.gr_name, name) && gr.gr_gid == gid);
	check_members(&gr, members);
}

static void check_no_group(const char *name, gid_t gid)
{
	char buffer[BUFFER_BYTES];
	struct group gr = {.gr_gid = MARK};
	int code = 0;

	CHECK(world_plugin()->getgrnam_r(name, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(code == ENOENT);
	code = 0;
	CHECK(world_plugin()->getgrgid_r(gid, &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(code == ENOENT && gr.gr_gid == MARK);
}

/* What initgroups adds for @name, in this order; the array starts with what files had. */
static void check_gids(const char *name, const gid_t *wanted, size_t count)
{
	gid_t *gids = calloc(2, sizeof(gid_t));
	long start = 1;
	long size = 2;
	int code = MARK;

	CHECK(gids);
	gids[0] = 1234;
	errno = MARK;
	CHECK(world_plugin()->initgroups_dyn(name, (gid_t)-1, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(errno == MARK && code == MARK);
	CHECK(start == (long)count + 1 && size >= start && gids[0] == 1234);
	for (size_t i = 0; i < count; i++)
		CHECK(gids[i + 1] == wanted[i]);
	free(gids);
}

#define CHECK_GIDS(name, ...)                                                                      \
	do {                                                                                       \
		const gid_t wanted[] = {__VA_ARGS__};                                              \
		check_gids(name, wanted, COSMO_ARRAY_LEN(wanted));                                 \
	} while (0)

static void roles_by_stored_roles(void)
{
	check_group("cosmo-users", WORLD_USERS_GID, "ada dev vic both");
	check_group("cosmo-admin", WORLD_ADMIN_GID, "ada both");
	check_group("cosmo-developer", WORLD_DEVELOPER_GID, "dev both");
	check_group("cosmo-viewer", WORLD_VIEWER_GID, "vic");
	check_group("dialout", WORLD_DIALOUT_GID, "ada dev both");
	check_group("plugdev", WORLD_PLUGDEV_GID, "vic");
	CHECK_GIDS("ada", WORLD_USERS_GID, WORLD_ADMIN_GID, WORLD_DIALOUT_GID);
	CHECK_GIDS("dev", WORLD_USERS_GID, WORLD_DEVELOPER_GID, WORLD_DIALOUT_GID);
	CHECK_GIDS("vic", WORLD_USERS_GID, WORLD_VIEWER_GID, WORLD_PLUGDEV_GID);
	CHECK_GIDS(
		"both", WORLD_USERS_GID, WORLD_DEVELOPER_GID, WORLD_ADMIN_GID, WORLD_DIALOUT_GID);
}

static void test_groups__confirmed_users__are_in_those_of_their_roles(void **state)
{
	(void)state;
	assert_true(world_run(roles_by_stored_roles));
}

static void omit_members(struct users_db_settings *settings)
{
	settings->omit_members = 1;
}

static void list_members(struct users_db_settings *settings)
{
	settings->omit_members = 0;
}

static void members_by_settings(void)
{
	world_change_settings(omit_members);
	check_group("cosmo-users", WORLD_USERS_GID, "");
	check_group("cosmo-admin", WORLD_ADMIN_GID, "");
	check_group("dialout", WORLD_DIALOUT_GID, "");
	CHECK_GIDS("ada", WORLD_USERS_GID, WORLD_ADMIN_GID, WORLD_DIALOUT_GID);
	CHECK_GIDS("vic", WORLD_USERS_GID, WORLD_VIEWER_GID, WORLD_PLUGDEV_GID);
	world_change_settings(list_members);
	check_group("cosmo-admin", WORLD_ADMIN_GID, "ada both");
}

static void test_groups__members_omitted__memberships_are_as_before(void **state)
{
	(void)state;
	assert_true(world_run(members_by_settings));
}

static void groups_of_others(void)
{
	check_no_group("root", 0);
	check_no_group("lpadmin", 21);
	check_no_group("sudo", 27);
	check_no_group("locals", 1000);
	check_no_group("cosmo-nothing", WORLD_USERS_GID + 1);
	check_no_group("", 65534);
	check_no_group("stranger", WORLD_UID_MIN);
	check_no_group("Cosmo-admin", 0x7fffffff);
	check_no_group("x", 0xffffffff);
}

static void test_groups__not_ours__are_not_found(void **state)
{
	(void)state;
	assert_true(world_run(groups_of_others));
}

static void check_all_viewers(void)
{
	check_group("cosmo-users", WORLD_USERS_GID, "ada dev vic both");
	check_group("cosmo-viewer", WORLD_VIEWER_GID, "ada dev vic both");
	check_group("cosmo-admin", WORLD_ADMIN_GID, NOBODY);
	check_group("cosmo-developer", WORLD_DEVELOPER_GID, NOBODY);
	check_group("dialout", WORLD_DIALOUT_GID, NOBODY);
	check_group("plugdev", WORLD_PLUGDEV_GID, "ada dev vic both");
	CHECK_GIDS("ada", WORLD_USERS_GID, WORLD_VIEWER_GID, WORLD_PLUGDEV_GID);
	CHECK_GIDS("both", WORLD_USERS_GID, WORLD_VIEWER_GID, WORLD_PLUGDEV_GID);
}

/* In one and the same process: no new look at any file is needed. */
static void disconnect_and_reconnect(void)
{
	roles_by_stored_roles();
	world_disconnect();
	check_all_viewers();
	world_reconnect();
	check_all_viewers();
	world_enrol("ada", "admin");
	check_group("cosmo-admin", WORLD_ADMIN_GID, "ada");
	check_group("cosmo-viewer", WORLD_VIEWER_GID, "dev vic both");
	CHECK_GIDS("ada", WORLD_USERS_GID, WORLD_ADMIN_GID, WORLD_DIALOUT_GID);
}

static void test_groups__disconnected__everybody_is_a_viewer_at_once(void **state)
{
	assert_true(world_run(disconnect_and_reconnect));
	fill(state);
}

static void gate_gone(void)
{
	CHECK(remove("/run/cosmo-sso/gate") == 0);
	check_all_viewers();
}

static void test_groups__no_gate__everybody_is_a_viewer(void **state)
{
	assert_true(world_run(gate_gone));
	fill(state);
}

static void others_gate(void)
{
	CHECK(chown("/run/cosmo-sso/gate", 1000, 1000) == 0);
	check_all_viewers();
}

static void writable_gate(void)
{
	CHECK(chown("/run/cosmo-sso/gate", 0, 0) == 0);
	CHECK(chmod("/run/cosmo-sso/gate", 0666) == 0);
	check_all_viewers();
}

static void short_gate(void)
{
	CHECK(chmod("/run/cosmo-sso/gate", 0644) == 0);
	CHECK(truncate("/run/cosmo-sso/gate", 100) == 0);
	check_all_viewers();
}

static void test_groups__gate_not_root_s_alone__everybody_is_a_viewer(void **state)
{
	assert_true(world_run(others_gate));
	assert_true(world_run(writable_gate));
	assert_true(world_run(short_gate));
	fill(state);
}

static void locked_lapsed_ahead(void)
{
	int64_t now_s = time(NULL);

	world_enrol_with("ada", "admin", USERS_DB_LOCKED, now_s);
	world_enrol_with("dev", "developer", 0, now_s - 24 * 3600 - 1);
	world_enrol_with("both", "developer,admin", 0, now_s + 400);
	check_group("cosmo-users", WORLD_USERS_GID, "ada dev vic both");
	check_all_viewers();
	world_enrol_with("both", "developer,admin", 0, now_s + 200);
	check_group("cosmo-admin", WORLD_ADMIN_GID, "both");
	world_enrol_with("vic", "viewer", USERS_DB_REMOVED, now_s);
	check_group("cosmo-users", WORLD_USERS_GID, "ada dev both");
	check_group("cosmo-viewer", WORLD_VIEWER_GID, "ada dev");
}

static void test_groups__locked_lapsed_or_ahead_of_time__is_a_viewer(void **state)
{
	assert_true(world_run(locked_lapsed_ahead));
	fill(state);
}

static void role_goes_and_comes(void)
{
	CHECK_GIDS("dev", WORLD_USERS_GID, WORLD_DEVELOPER_GID, WORLD_DIALOUT_GID);
	world_enrol("dev", "viewer");
	CHECK_GIDS("dev", WORLD_USERS_GID, WORLD_VIEWER_GID, WORLD_PLUGDEV_GID);
	world_enrol("dev", "admin");
	CHECK_GIDS("dev", WORLD_USERS_GID, WORLD_ADMIN_GID, WORLD_DIALOUT_GID);
	world_configure("[roles]\nusers_gid = 0x70000000\n[role admin]\ngid = 0x70000077\n"
			"[rules]\nadmin = admins\n",
		0);
	CHECK_GIDS("dev", WORLD_USERS_GID, 0x70000077);
	check_no_group("dialout", WORLD_DIALOUT_GID);
}

static void test_groups__changed_meanwhile__are_as_written_last(void **state)
{
	assert_true(world_run(role_goes_and_comes));
	fill(state);
}

static void strangers_have_none(void)
{
	static const char *const names[] = {"root", "local", "stranger", "Ada", "", "cosmo-admin"};

	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		gid_t *gids = calloc(4, sizeof(gid_t));
		long start = 1;
		long size = 4;
		int code = 0;

		CHECK(gids);
		errno = MARK;
		CHECK(world_plugin()->initgroups_dyn(
			      names[i], 0, &start, &size, &gids, -1, &code) == NSS_STATUS_NOTFOUND);
		CHECK(code == ENOENT && errno == MARK && start == 1 && size == 4);
		free(gids);
	}
}

static void test_initgroups__not_ours__adds_nothing(void **state)
{
	(void)state;
	assert_true(world_run(strangers_have_none));
}

/* A local user made after somebody of that name was enrolled: files answers for him, but groups are
 * asked of every source. */
static void namesake_has_none(void)
{
	static const gid_t primaries[] = {0, 100, 1000, WORLD_USERS_GID, WORLD_ADMIN_GID};
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	gid_t space[8] = {0};
	gid_t *gids = space;
	long start = 1;
	long size = 8;
	int code = 0;
	const struct world_plugin *p = world_plugin();

	for (size_t i = 0; i < COSMO_ARRAY_LEN(primaries); i++) {
		CHECK(p->initgroups_dyn("ada", primaries[i], &start, &size, &gids, -1, &code) ==
			NSS_STATUS_NOTFOUND);
		CHECK(code == ENOENT && start == 1 && size == 8);
	}
	CHECK(p->getpwnam_r("ada", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	CHECK(p->initgroups_dyn("ada", pw.pw_gid, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(start == 4);
}

static void test_initgroups__namesake_of_another_source__adds_nothing(void **state)
{
	(void)state;
	assert_true(world_run(namesake_has_none));
}

static void each_limit(void)
{
	static const gid_t all[] = {
		WORLD_USERS_GID, WORLD_DEVELOPER_GID, WORLD_ADMIN_GID, WORLD_DIALOUT_GID};

	for (long limit = 1; limit < 8; limit++) {
		gid_t *gids = calloc(1, sizeof(gid_t));
		long start = 1;
		long size = 1;
		int code = MARK;
		long wanted = limit < 5 ? limit : 5;

		CHECK(gids);
		gids[0] = 1234;
		CHECK(world_plugin()->initgroups_dyn("both", (gid_t)-1, &start, &size, &gids, limit,
			      &code) == NSS_STATUS_SUCCESS);
		CHECK(start == wanted && size <= limit && code == MARK);
		for (long i = 1; i < start; i++)
			CHECK(gids[i] == all[i - 1]);
		free(gids);
	}
}

static void test_initgroups__each_limit__is_success_truncated(void **state)
{
	(void)state;
	assert_true(world_run(each_limit));
}

static void no_duplicates(void)
{
	gid_t *gids = calloc(8, sizeof(gid_t));
	long start = 2;
	long size = 8;
	int code = 0;

	CHECK(gids);
	gids[0] = WORLD_USERS_GID; /* as if another service had given it */
	gids[1] = WORLD_DIALOUT_GID;
	CHECK(world_plugin()->initgroups_dyn("ada", (gid_t)-1, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(start == 3 && gids[2] == WORLD_ADMIN_GID);
	free(gids);
}

static void test_initgroups__present_already__is_not_added_again(void **state)
{
	(void)state;
	assert_true(world_run(no_duplicates));
}

static void conferred_gid_zero(struct users_db_settings *settings)
{
	settings->conferred[0].gid = 0;
}

static void conferred_by_nobody(struct users_db_settings *settings)
{
	for (uint32_t i = 0; i < settings->conferred_count; i++)
		settings->conferred[i].roles = 0;
}

static void role_gid_zero(struct users_db_settings *settings)
{
	for (uint32_t i = 0; i < settings->role_count; i++)
		settings->roles[i].gid = 0;
}

static void role_gid_of_sudo(struct users_db_settings *settings)
{
	for (uint32_t i = 0; i < settings->role_count; i++)
		settings->roles[i].gid = 27;
}

static void users_gid_of_shadow(struct users_db_settings *settings)
{
	settings->users_gid = 42;
}

/* plugdev is the first conferred group, and viewer's. */
static void never_confers_root(void)
{
	world_change_settings(conferred_gid_zero);
	CHECK_GIDS("vic", WORLD_USERS_GID, WORLD_VIEWER_GID);
	check_no_group("plugdev", 0);
	check_group("dialout", WORLD_DIALOUT_GID, "ada dev both");
	world_change_settings(conferred_by_nobody);
	check_no_group("dialout", WORLD_DIALOUT_GID);
	CHECK_GIDS("ada", WORLD_USERS_GID, WORLD_ADMIN_GID);
}

/* Of a user whose groups cannot be told nothing is left in the list. */
static void check_no_gids(const char *name)
{
	static gid_t space[16];
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	gid_t *gids = space;
	long start = 1;
	long size = 16;
	int code = 0;

	CHECK(world_plugin()->initgroups_dyn(name, (gid_t)-1, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_UNAVAIL);
	CHECK(start == 1 && code == EIO);
	for (gid_t gid = 0; gid < 100; gid++)
		if (gid != WORLD_DIALOUT_GID && gid != WORLD_PLUGDEV_GID)
			CHECK(world_plugin()->getgrgid_r(gid, &gr, buffer, sizeof(buffer), &code) !=
				NSS_STATUS_SUCCESS);
	world_plugin()->setgrent(0);
	while (world_plugin()->getgrent_r(&gr, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS)
		CHECK(gr.gr_gid >= 1000);
}

static void never_shows_low_gids(void)
{
	world_change_settings(role_gid_zero);
	check_no_gids("ada");
	world_change_settings(role_gid_of_sudo);
	check_no_gids("ada");
	world_change_settings(users_gid_of_shadow);
	check_no_gids("ada");
}

static void test_groups__hostile_settings__never_give_root_s_or_low_gids(void **state)
{
	assert_true(world_run(never_confers_root));
	fill(state);
	assert_true(world_run(never_shows_low_gids));
	fill(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups__confirmed_users__are_in_those_of_their_roles),
		cmocka_unit_test(test_groups__members_omitted__memberships_are_as_before),
		cmocka_unit_test(test_groups__not_ours__are_not_found),
		cmocka_unit_test(test_groups__disconnected__everybody_is_a_viewer_at_once),
		cmocka_unit_test(test_groups__no_gate__everybody_is_a_viewer),
		cmocka_unit_test(test_groups__gate_not_root_s_alone__everybody_is_a_viewer),
		cmocka_unit_test(test_groups__locked_lapsed_or_ahead_of_time__is_a_viewer),
		cmocka_unit_test(test_groups__changed_meanwhile__are_as_written_last),
		cmocka_unit_test(test_groups__hostile_settings__never_give_root_s_or_low_gids),
		cmocka_unit_test(test_initgroups__not_ours__adds_nothing),
		cmocka_unit_test(test_initgroups__namesake_of_another_source__adds_nothing),
		cmocka_unit_test(test_initgroups__each_limit__is_success_truncated),
		cmocka_unit_test(test_initgroups__present_already__is_not_added_again),
	};

	world_enter();
	return cmocka_run_group_tests(tests, fill, NULL);
}
