/* SPDX-License-Identifier: MIT */
/*
 * Entries of people never seen before: inside a root-owned sshd and nowhere else. This test program
 * is the sshd: its own path is the configured one.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/local_names.h"
#include "common/base/provisional.h"
#include "common/base/uid_candidate.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "tests/unit/nss/world.h"

#define BUFFER_BYTES 2048
#define MARK         4711
#define COPY         "/run/fake-sshd"
#define NOT_FOUND    3

static char self[512];

/* The configuration with @sshd as the only sshd, @enroll more lines of [enroll], @rest of it. */
static void configure(const char *sshd, const char *enroll, const char *rest, int provisional_on)
{
	char text[2048] = "";

	snprintf(text, sizeof(text), "[enroll]\nsshd_paths = %s\n%s%s", sshd, enroll, rest);
	world_configure(text, provisional_on);
}

static int fill(void **state)
{
	(void)state;
	world_clear();
	configure(self, "", WORLD_ROLES, 1);
	world_enrol("ada", "admin");
	return 0;
}

static enum nss_status ask(const char *name, struct passwd *ret)
{
	static char buffer[BUFFER_BYTES];
	int code = MARK;
	enum nss_status status = NSS_STATUS_UNAVAIL;

	errno = MARK;
	status = world_plugin()->getpwnam_r(name, ret, buffer, sizeof(buffer), &code);
	CHECK(errno == MARK);
	CHECK(status == NSS_STATUS_SUCCESS ? code == MARK : code == ENOENT);
	return status;
}

static bool is_shown(const char *name)
{
	struct passwd pw = {0};
	enum nss_status status = ask(name, &pw);

	CHECK(status == NSS_STATUS_SUCCESS || status == NSS_STATUS_NOTFOUND);
	CHECK(status != NSS_STATUS_SUCCESS || streq(pw.pw_name, name));
	return status == NSS_STATUS_SUCCESS;
}

static void newcomer_whole(void)
{
	struct passwd pw = {0};
	uint32_t uid = 0;
	int fd = open("/var/lib/cosmo-sso/private", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(uid_candidate_pick(fd, "newbie", WORLD_UID_MIN, WORLD_UID_MAX, &uid) == COSMO_OK);
	CHECK(ask("newbie", &pw) == NSS_STATUS_SUCCESS);
	CHECK(streq(pw.pw_name, "newbie") && streq(pw.pw_passwd, "*") && streq(pw.pw_gecos, ""));
	CHECK(streq(pw.pw_dir, "/home/newbie") && streq(pw.pw_shell, "/bin/bash"));
	CHECK(pw.pw_uid == uid && pw.pw_gid == uid);
	CHECK(uid >= WORLD_UID_MIN && uid <= WORLD_UID_MAX);
	/* What enrolment then commits. */
	CHECK(world_enrol("newbie", "admin") == uid);
	CHECK(ask("newbie", &pw) == NSS_STATUS_SUCCESS);
	CHECK(pw.pw_uid == uid && streq(pw.pw_gecos, "Some Body"));
}

static void test_provisional__in_sshd__is_what_enrolment_commits(void **state)
{
	assert_true(world_run(newcomer_whole));
	fill(state);
}

static void check_group(const struct group *gr, const char *name, gid_t gid)
{
	CHECK(streq(gr->gr_name, name) && gr->gr_gid == gid && streq(gr->gr_passwd, "*"));
	CHECK(gr->gr_mem && !gr->gr_mem[0]);
}

static void newcomer_everywhere(void)
{
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	struct passwd again = {0};
	struct group gr = {0};
	uid_t uid = 0;
	int code = 0;
	const struct world_plugin *p = world_plugin();

	CHECK(p->getgrnam_r("newbie", &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	CHECK(ask("newbie", &pw) == NSS_STATUS_SUCCESS);
	uid = pw.pw_uid;
	CHECK(p->getpwuid_r(uid, &again, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	CHECK(streq(again.pw_name, "newbie") && again.pw_uid == uid);
	CHECK(p->getgrnam_r("newbie", &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	check_group(&gr, "newbie", uid);
	CHECK(p->getgrgid_r(uid, &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	check_group(&gr, "newbie", uid);
	CHECK(p->getpwuid_r(uid + 1, &again, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	CHECK(p->getgrnam_r("another", &gr, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
	/* Not listed anywhere. */
	CHECK(p->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	CHECK(streq(pw.pw_name, "ada"));
	CHECK(p->getpwent_r(&pw, buffer, sizeof(buffer), &code) == NSS_STATUS_NOTFOUND);
}

static void test_provisional__uid_and_private_group__are_known_after_the_name(void **state)
{
	(void)state;
	assert_true(world_run(newcomer_everywhere));
}

/* cosmo-users and viewer, though viewer confers plugdev on those who proved who they are. */
static void newcomer_groups(void)
{
	static gid_t space[16];
	char buffer[BUFFER_BYTES];
	struct group gr = {0};
	gid_t *gids = space;
	long start = 0;
	long size = 16;
	int code = 0;
	const struct world_plugin *p = world_plugin();
	struct passwd pw = {0};

	CHECK(p->getpwnam_r("newbie", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	CHECK(p->initgroups_dyn("newbie", pw.pw_gid, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(start == 2 && gids[0] == WORLD_USERS_GID && gids[1] == WORLD_VIEWER_GID);
	CHECK(p->getgrnam_r("cosmo-users", &gr, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(streq(gr.gr_mem[0], "ada") && !gr.gr_mem[1]);
}

static void test_provisional__groups__are_users_and_viewer(void **state)
{
	(void)state;
	assert_true(world_run(newcomer_groups));
}

/* Somebody whom another source knows: glibc asks all of them for groups, but us for no entry. */
static void groups_of_others(void)
{
	static gid_t space[4];
	char buffer[BUFFER_BYTES];
	struct passwd pw = {0};
	gid_t *gids = space;
	long start = 0;
	long size = 4;
	int code = 0;
	const struct world_plugin *p = world_plugin();

	CHECK(p->initgroups_dyn("newbie", 2800, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(p->getpwnam_r("another", &pw, buffer, sizeof(buffer), &code) == NSS_STATUS_SUCCESS);
	CHECK(p->initgroups_dyn("newbie", 2800, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(p->initgroups_dyn("another", 2800, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_NOTFOUND);
	CHECK(start == 0);
	CHECK(p->initgroups_dyn("another", pw.pw_gid, &start, &size, &gids, -1, &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(start == 2);
}

static void test_provisional__groups__not_of_another_sources_user(void **state)
{
	(void)state;
	assert_true(world_run(groups_of_others));
}

static const char *const bad_names[] = {
	"", "Newbie", "NEWBIE", "new bie", "new:bie", "new\nbie", "-newbie", ".newbie", "newbie.",
	"../newbie", "9lives", "_newbie", "newbie@example.org", "newbi\xc3\xa9",
	"a-name-of-more-than-thirty-two-bytes",                              /* form */
	"root", "docker", "postgres", "www-data", "sshd", "admin", "nobody", /* shipped list */
	"cosmo-admin", "cosmo-users", "cosmo-whatever",                      /* ours */
	"dialout", "plugdev", "specials",                                    /* groups of roles */
	"local", "locals",                                                   /* local files */
	"gone",                                                              /* tombstone */
};

static void bad_names_stay_unknown(void)
{
	configure(self, "", "[role operator]\ngroup = specials\n" WORLD_ROLES, 1);
	world_enrol_with("gone", "admin", USERS_DB_REMOVED, 1);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(bad_names); i++) {
		static gid_t space[4];
		gid_t *gids = space;
		long start = 0;
		long size = 4;
		int code = 0;

		if (is_shown(bad_names[i]))
			fprintf(stderr, "shown: %s\n", bad_names[i]);
		CHECK(!is_shown(bad_names[i]));
		CHECK(world_plugin()->initgroups_dyn(bad_names[i], 1, &start, &size, &gids, -1,
			      &code) == NSS_STATUS_NOTFOUND);
		CHECK(start == 0);
	}
	CHECK(is_shown("newbie"));
}

static void test_provisional__bad_reserved_local_or_removed_name__stays_unknown(void **state)
{
	assert_true(world_run(bad_names_stay_unknown));
	fill(state);
}

static void is_unknown(void)
{
	CHECK(!is_shown("newbie"));
	CHECK(is_shown("ada"));
}

static void is_known(void)
{
	CHECK(is_shown("newbie"));
	CHECK(is_shown("ada"));
}

struct condition {
	const char *label;
	const char *enroll;
	int provisional_on;
	bool own_path;
	bool known;
};

static const struct condition conditions[] = {
	{"on", "", 1, true, true},
	{"off", "", 0, true, false},
	{"not this program", "", 1, false, false},
	{"enrolment off", "mode = off\n", 1, true, false},
	{"listed names only", "mode = listed\n", 1, true, false},
	{"on again", "", 1, true, true},
};

static void test_provisional__settings__decide(void **state)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(conditions); i++) {
		const struct condition *c = &conditions[i];

		print_message("%s\n", c->label);
		configure(c->own_path ? self : "/usr/sbin/sshd", c->enroll, WORLD_ROLES,
			c->provisional_on);
		assert_true(world_run(c->known ? is_known : is_unknown));
	}
	fill(state);
}

static void list_name(const char *name)
{
	COSMO_AUTO(store_free) struct store *store = NULL;

	CHECK(store_open(&store_default_paths, &store) == COSMO_OK);
	CHECK(store_lock(store, STORE_LOCK_MS) == COSMO_OK);
	CHECK(records_list_name(store, name) == COSMO_OK);
}

static void listed_alone(void)
{
	configure(self, "mode = listed\n", WORLD_ROLES, 1);
	list_name("expected");
	CHECK(is_shown("expected"));
	CHECK(!is_shown("newbie"));
}

static void test_provisional__listed_name__is_shown(void **state)
{
	assert_true(world_run(listed_alone));
	fill(state);
}

static void gate_closes_and_opens(void)
{
	CHECK(is_shown("newbie"));
	world_disconnect();
	CHECK(!is_shown("newbie")); /* although it was remembered */
	world_reconnect();
	CHECK(is_shown("newbie"));
	CHECK(remove("/run/cosmo-sso/gate") == 0);
	CHECK(is_shown("newbie")); /* the mapping is there: the gate is never renamed or removed */
}

static void gate_gone(void)
{
	CHECK(remove("/run/cosmo-sso/gate") == 0);
	CHECK(!is_shown("newbie"));
}

static void test_provisional__gate__must_be_open(void **state)
{
	assert_true(world_run(gate_closes_and_opens));
	fill(state);
	assert_true(world_run(gate_gone));
	fill(state);
}

static void not_root_then_root(void)
{
	CHECK(seteuid(65534) == 0);
	CHECK(!is_shown("newbie"));
	CHECK(seteuid(0) == 0);
	CHECK(is_shown("newbie"));
	CHECK(seteuid(65534) == 0);
	CHECK(!is_shown("newbie"));
	CHECK(seteuid(0) == 0); /* LeakSanitizer looks at its own process as a debugger does */
}

static void test_provisional__other_effective_uid__is_unknown(void **state)
{
	(void)state;
	assert_true(world_run(not_root_then_root));
}

static void no_private_folder(void)
{
	CHECK(rename("/var/lib/cosmo-sso/private", "/var/lib/cosmo-sso/elsewhere") == 0);
	CHECK(!is_shown("newbie"));
}

static void others_private_folder(void)
{
	CHECK(chown("/var/lib/cosmo-sso/private", 1000, 1000) == 0);
	CHECK(!is_shown("newbie"));
}

static void open_private_folder(void)
{
	CHECK(chmod("/var/lib/cosmo-sso/private", 0755) == 0);
	CHECK(!is_shown("newbie"));
}

static void no_local_files(void)
{
	CHECK(rename("/etc/group", "/etc/group.gone") == 0);
	CHECK(!is_shown("newbie"));
	CHECK(rename("/etc/group.gone", "/etc/group") == 0);
	CHECK(is_shown("newbie"));
}

static void test_provisional__what_it_needs_is_unfit__is_unknown(void **state)
{
	assert_true(world_run(no_local_files));
	assert_true(world_run(no_private_folder));
	fill(state);
	assert_true(world_run(others_private_folder));
	fill(state);
	assert_true(world_run(open_private_folder));
	fill(state);
}

/* ---- the executable ---- */

static void copy_program(mode_t mode, uid_t owner)
{
	char command[1200] = "";

	snprintf(command, sizeof(command), "cp '%s' " COPY, self);
	CHECK(system(command) == 0); /* NOLINT(cert-env33-c, concurrency-mt-unsafe): own test */
	CHECK(chown(COPY, owner, owner) == 0);
	CHECK(chmod(COPY, mode) == 0);
}

/* What an instance of COPY says of @name: 0, or NOT_FOUND. */
static int probe(const char *name)
{
	int status = 0;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		execl(COPY, COPY, "--probe", name, NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_provisional__executable__must_be_root_s_alone(void **state)
{
	copy_program(0755, 0);
	assert_int_equal(probe("newbie"), NOT_FOUND); /* not configured */
	configure(COPY, "", WORLD_ROLES, 1);
	assert_int_equal(probe("newbie"), 0);
	assert_int_equal(probe("ada"), 0);
	copy_program(0775, 0);
	assert_int_equal(probe("newbie"), NOT_FOUND);
	copy_program(0757, 0);
	assert_int_equal(probe("newbie"), NOT_FOUND);
	copy_program(0755, 1000);
	assert_int_equal(probe("newbie"), NOT_FOUND);
	assert_int_equal(probe("ada"), 0);
	copy_program(0755, 0);
	assert_int_equal(probe("newbie"), 0);
	fill(state);
}

/* ---- remembering ---- */

static uid_t uid_of(const char *name)
{
	struct passwd pw = {0};

	CHECK(ask(name, &pw) == NSS_STATUS_SUCCESS);
	return pw.pw_uid;
}

/* As if a uid_claim had given @name another uid in an enrolment that is not through yet. */
static void move_register(const char *name, uint32_t uid)
{
	COSMO_AUTO(store_free) struct store *store = NULL;
	uint32_t given = 0;

	CHECK(store_open(&store_default_paths, &store) == COSMO_OK);
	CHECK(store_lock(store, STORE_LOCK_MS) == COSMO_OK);
	CHECK(uid_register_assign(store, name, WORLD_UID_MIN, WORLD_UID_MAX, uid, &given) ==
		COSMO_OK);
	CHECK(given == uid);
}

static uid_t first_uid;

static void same_uid_as_at_first(void)
{
	CHECK(uid_of("newbie") == first_uid);
}

static void register_moves(void)
{
	first_uid = uid_of("newbie");
	move_register("newbie", first_uid + 1);
	CHECK(uid_of("newbie") == first_uid);
	CHECK(world_run(same_uid_as_at_first)); /* sshd's child */
	CHECK(uid_of("other") != first_uid);    /* another name takes its place in memory */
	CHECK(uid_of("newbie") == first_uid + 1);
}

static void test_provisional__register_moved__same_answer_in_process_and_children(void **state)
{
	assert_true(world_run(register_moves));
	fill(state);
}

/* Meanwhile somebody else was enrolled with that uid: not two names for one uid. */
static void uid_taken(void)
{
	struct passwd pw = {0};
	char buffer[BUFFER_BYTES];
	int code = 0;

	first_uid = uid_of("newbie");
	move_register("taker", first_uid);
	CHECK(world_enrol("taker", "viewer") == first_uid);
	CHECK(!is_shown("newbie"));
	CHECK(world_plugin()->getpwuid_r(first_uid, &pw, buffer, sizeof(buffer), &code) ==
		NSS_STATUS_SUCCESS);
	CHECK(streq(pw.pw_name, "taker"));
}

static void test_provisional__uid_taken_meanwhile__is_unknown(void **state)
{
	assert_true(world_run(uid_taken));
	fill(state);
}

static enum nss_status status_of_newbie(int *ret_code)
{
	struct passwd pw = {0};
	char buffer[BUFFER_BYTES];

	return world_plugin()->getpwnam_r("newbie", &pw, buffer, sizeof(buffer), ret_code);
}

static void is_held_back(void)
{
	int code = 0;

	CHECK(status_of_newbie(&code) == NSS_STATUS_TRYAGAIN && code == EAGAIN);
}

static void is_told(void)
{
	CHECK(uid_of("newbie") == uid_of("taker") + 1);
}

/* Enrolled by another connection, as somebody else than this sshd would open the session for. */
static void enrolled_elsewhere_with_another_uid(void)
{
	static gid_t space[4];
	gid_t *gids = space;
	long start = 0;
	long size = 4;
	int code = 0;

	first_uid = uid_of("newbie");
	move_register("taker", first_uid);
	CHECK(world_enrol("taker", "viewer") == first_uid);
	move_register("newbie", first_uid + 1);
	CHECK(world_enrol("newbie", "admin") == first_uid + 1);
	is_held_back();
	CHECK(world_run(is_held_back)); /* sshd's child */
	CHECK(world_plugin()->initgroups_dyn(
		      "newbie", first_uid, &start, &size, &gids, -1, &code) == NSS_STATUS_NOTFOUND);
	CHECK(start == 0);
}

static void test_provisional__enrolled_meanwhile_with_another_uid__is_held_back(void **state)
{
	assert_true(world_run(enrolled_elsewhere_with_another_uid));
	assert_true(world_run(is_told)); /* the next connection */
	fill(state);
}

/* ---- the PAM module's question ---- */

static struct users_db db = {
	.path = "/var/lib/cosmo-sso/users.1.db",
	.machine_id_path = "/etc/machine-id",
};
static struct gate_reader gate = {.path = "/run/cosmo-sso/gate"};
static const struct enrollable_places places = {
	.db = &db,
	.gate = &gate,
	.private_dir = "/var/lib/cosmo-sso/private",
	.passwd_path = LOCAL_PASSWD_FILE,
	.group_path = LOCAL_GROUP_FILE,
};

static void module_recognizes_it(void)
{
	struct users_db_user entry;
	struct passwd pw = {0};
	static char other[] = "/bin/sh";

	CHECK(ask("newbie", &pw) == NSS_STATUS_SUCCESS);
	CHECK(provisional_lookup(&places, "newbie", &entry) == COSMO_OK);
	CHECK(provisional_matches(&entry, &pw));
	pw.pw_uid++;
	CHECK(!provisional_matches(&entry, &pw));
	pw.pw_uid--;
	pw.pw_shell = other;
	CHECK(!provisional_matches(&entry, &pw));
	CHECK(ask("newbie", &pw) == NSS_STATUS_SUCCESS);
	pw.pw_gecos = other;
	CHECK(!provisional_matches(&entry, &pw));
}

static void test_provisional_matches__ours__in_every_field(void **state)
{
	(void)state;
	assert_true(world_run(module_recognizes_it));
}

struct refusal {
	const char *name;
	enum cosmo_err err;
};

static void module_hears_why(void)
{
	static const struct refusal rows[] = {
		{"Newbie", COSMO_E_NAME_FORM},
		{"docker", COSMO_E_NAME_RESERVED},
		{"dialout", COSMO_E_NAME_RESERVED},
		{"local", COSMO_E_NAME_RESERVED},
		{"locals", COSMO_E_NAME_RESERVED},
		{"ada", COSMO_E_EXISTS},
		{"gone", COSMO_E_REMOVED},
	};
	struct users_db_user entry;

	world_enrol_with("gone", "admin", USERS_DB_REMOVED, 1);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		if (provisional_lookup(&places, rows[i].name, &entry) != rows[i].err)
			fprintf(stderr, "%s\n", rows[i].name);
		CHECK(provisional_lookup(&places, rows[i].name, &entry) == rows[i].err);
	}
	configure(self, "mode = listed\n", WORLD_ROLES, 1);
	CHECK(provisional_lookup(&places, "newbie", &entry) == COSMO_E_NOT_ENROLLED);
	configure(self, "mode = off\n", WORLD_ROLES, 1);
	CHECK(provisional_lookup(&places, "newbie", &entry) == COSMO_E_ENROLL_OFF);
	configure(self, "", WORLD_ROLES, 0);
	CHECK(provisional_lookup(&places, "newbie", &entry) == COSMO_E_ENROLL_OFF);
	configure(self, "", WORLD_ROLES, 1);
	world_disconnect();
	CHECK(provisional_lookup(&places, "newbie", &entry) == COSMO_E_DISCONNECTED);
}

static void test_provisional_lookup__refusals__say_why(void **state)
{
	assert_true(world_run(module_hears_why));
	fill(state);
}

static int answer_probe(const char *name)
{
	struct passwd pw = {0};

	switch (ask(name, &pw)) {
	case NSS_STATUS_SUCCESS:
		return 0;
	case NSS_STATUS_NOTFOUND:
		return NOT_FOUND;
	case NSS_STATUS_TRYAGAIN:
	case NSS_STATUS_UNAVAIL:
	case NSS_STATUS_RETURN:
		break;
	}
	return 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_provisional__in_sshd__is_what_enrolment_commits),
		cmocka_unit_test(test_provisional__uid_and_private_group__are_known_after_the_name),
		cmocka_unit_test(test_provisional__groups__are_users_and_viewer),
		cmocka_unit_test(test_provisional__groups__not_of_another_sources_user),
		cmocka_unit_test(
			test_provisional__bad_reserved_local_or_removed_name__stays_unknown),
		cmocka_unit_test(test_provisional__settings__decide),
		cmocka_unit_test(test_provisional__listed_name__is_shown),
		cmocka_unit_test(test_provisional__gate__must_be_open),
		cmocka_unit_test(test_provisional__other_effective_uid__is_unknown),
		cmocka_unit_test(test_provisional__what_it_needs_is_unfit__is_unknown),
		cmocka_unit_test(test_provisional__executable__must_be_root_s_alone),
		cmocka_unit_test(
			test_provisional__register_moved__same_answer_in_process_and_children),
		cmocka_unit_test(test_provisional__uid_taken_meanwhile__is_unknown),
		cmocka_unit_test(
			test_provisional__enrolled_meanwhile_with_another_uid__is_held_back),
		cmocka_unit_test(test_provisional_matches__ours__in_every_field),
		cmocka_unit_test(test_provisional_lookup__refusals__say_why),
	};
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc == 3 && streq(argv[1], "--probe"))
		return answer_probe(argv[2]);
	CHECK(len > 0);
	world_enter();
	return cmocka_run_group_tests(tests, fill, NULL);
}
