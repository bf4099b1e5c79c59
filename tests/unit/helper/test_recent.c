/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <fcntl.h>

#include "pam_cosmo_sso/helper/recent.h"
#include "pam_cosmo_sso/helper/recent_folder.h"
#include "tests/unit/helper/scratch_folder.h"

#define NOW_S       1800000000
#define NOW_BOOT_MS 5000000
#define RECENT_S    900

static char sub[] = "sub-1";
static char other_sub[] = "sub-10";
static char admin_role[] = "admin";
static char viewer_role[] = "viewer";
static char admin_and_viewer[] = "admin,viewer";
static char only_admin[] = "admin";
static char strong[] = "strong";
static char stronger[] = "stronger";
static char mfa_pwd[] = "mfa pwd";
static char mfa[] = "mfa";
static char otp[] = "otp";
static char mf[] = "mf";

/* A sign-in that counts; each fault spoils one thing and leaves the rest alone. */
struct world {
	struct config_service service;
	struct record record;
	struct recent_marker marker;
	unsigned char integration[INTEGRATION_BYTES];
	unsigned char boot[RECENT_BOOT_BYTES];
	struct recent_case question;
};

static void world_make(struct world *world)
{
	memset(world, 0, sizeof(*world));
	memset(world->integration, 7, sizeof(world->integration));
	memset(world->boot, 9, sizeof(world->boot));
	world->service = (struct config_service){
		.name = "sudo", .auth = CONFIG_AUTH_RECENT, .recent_s = RECENT_S};
	strcpy(world->record.name, "ada");
	world->record.uid = 1879049000;
	world->record.sub = sub;
	world->record.roles[0] = admin_role;
	world->record.roles[1] = viewer_role;
	world->record.role_count = 2;
	world->record.sign_outs = 3;
	memset(world->record.integration, 7, INTEGRATION_BYTES);
	world->marker = (struct recent_marker){
		.name = {.stage = RECENT_BOUND, .uid = 1879049000, .pid = 1234, .start = 567890},
		.subject = sub,
		.roles = admin_and_viewer,
		.sign_outs = 3,
		.signed_boot_ms = NOW_BOOT_MS - 60 * 1000,
		.opened_boot_ms = NOW_BOOT_MS - 59 * 1000,
		.auth_time_s = NOW_S - 60,
		.acr = strong,
		.amr = mfa_pwd,
		.opener = 1200,
		.opener_start = 567000,
		.place = {.leader = 1234,
			.leader_start = 567890,
			.terminal = 34816,
			.inode = 3,
			.session = "logind:c2"},
	};
	memset(world->marker.integration, 7, INTEGRATION_BYTES);
	memset(world->marker.boot, 9, RECENT_BOOT_BYTES);
	world->question = (struct recent_case){
		.service = &world->service,
		.skew_s = 60,
		.record = &world->record,
		.integration = world->integration,
		.boot = world->boot,
		.now_s = NOW_S,
		.now_boot_ms = NOW_BOOT_MS,
	};
}

static void nothing(struct world *world)
{
	(void)world;
}

static void at_the_last_moment(struct world *world)
{
	world->marker.signed_boot_ms = NOW_BOOT_MS - RECENT_S * 1000;
}

static void too_long_ago(struct world *world)
{
	world->marker.signed_boot_ms = NOW_BOOT_MS - RECENT_S * 1000 - 1;
}

static void in_the_future(struct world *world)
{
	world->marker.signed_boot_ms = NOW_BOOT_MS + 1;
}

static void another_boot(struct world *world)
{
	world->boot[RECENT_BOOT_BYTES - 1]++;
}

static void another_integration_open(struct world *world)
{
	world->integration[0]++;
}

static void record_of_another_integration(struct world *world)
{
	world->record.integration[INTEGRATION_BYTES - 1]++;
}

static void signed_out_since(struct world *world)
{
	world->record.sign_outs++;
}

static void locked(struct world *world)
{
	world->record.flags = USERS_DB_LOCKED;
}

static void removed(struct world *world)
{
	world->record.flags = USERS_DB_REMOVED;
}

static void refused_by_the_idp(struct world *world)
{
	world->record.reason = COSMO_E_INVALID_GRANT;
}

static void a_role_less(struct world *world)
{
	world->record.role_count = 1;
}

static void a_role_more(struct world *world)
{
	world->marker.roles = only_admin;
}

static void another_person(struct world *world)
{
	world->record.sub = other_sub;
}

static void another_uid(struct world *world)
{
	world->record.uid++;
}

static void acr_as_demanded(struct world *world)
{
	world->service.acr = strong;
}

static void acr_stronger(struct world *world)
{
	world->service.acr = stronger;
}

static void acr_not_told(struct world *world)
{
	world->service.acr = strong;
	world->marker.acr = NULL;
}

static void demand_amr(struct world *world, char *one, char *other)
{
	world->service.amr.items[0] = one;
	world->service.amr.items[1] = other;
	world->service.amr.count = other ? 2 : 1;
}

static void amr_as_demanded(struct world *world)
{
	demand_amr(world, mfa, NULL);
}

static void amr_one_lacks(struct world *world)
{
	demand_amr(world, mfa, otp);
}

static void amr_half_a_word(struct world *world)
{
	demand_amr(world, mf, NULL);
}

static void amr_of_two_words(struct world *world)
{
	demand_amr(world, mfa_pwd, NULL);
}

static void amr_not_told(struct world *world)
{
	demand_amr(world, mfa, NULL);
	world->marker.amr = NULL;
}

static void max_age_kept(struct world *world)
{
	world->service.max_age_s = 60;
}

static void max_age_over(struct world *world)
{
	world->service.max_age_s = 60;
	world->marker.auth_time_s = NOW_S - 121;
}

static void max_age_not_told(struct world *world)
{
	world->service.max_age_s = 60;
	world->marker.auth_time_s = 0;
}

static const struct {
	const char *name;
	void (*change)(struct world *world);
	enum cosmo_err err;
} rows[] = {
	{"nothing", nothing, COSMO_OK},
	{"at the last moment", at_the_last_moment, COSMO_OK},
	{"too long ago", too_long_ago, COSMO_E_LEASE_OVER},
	{"in the future", in_the_future, COSMO_E_LEASE_OVER},
	{"another boot", another_boot, COSMO_E_INTEGRATION_CHANGED},
	{"another integration is open", another_integration_open, COSMO_E_INTEGRATION_CHANGED},
	{"record of another integration", record_of_another_integration, COSMO_E_SIGNED_OUT},
	{"signed out since", signed_out_since, COSMO_E_SIGNED_OUT},
	{"locked", locked, COSMO_E_SIGNED_OUT},
	{"removed", removed, COSMO_E_SIGNED_OUT},
	{"refused by the IdP", refused_by_the_idp, COSMO_E_SIGNED_OUT},
	{"a role less", a_role_less, COSMO_E_SIGNED_OUT},
	{"a role more", a_role_more, COSMO_E_SIGNED_OUT},
	{"another person", another_person, COSMO_E_SIGNED_OUT},
	{"another uid", another_uid, COSMO_E_SIGNED_OUT},
	{"acr as demanded", acr_as_demanded, COSMO_OK},
	{"acr stronger", acr_stronger, COSMO_E_STEP_UP},
	{"acr not told", acr_not_told, COSMO_E_STEP_UP},
	{"amr as demanded", amr_as_demanded, COSMO_OK},
	{"amr, one lacks", amr_one_lacks, COSMO_E_STEP_UP},
	{"amr, half a word", amr_half_a_word, COSMO_E_STEP_UP},
	{"amr of two words", amr_of_two_words, COSMO_E_STEP_UP},
	{"amr not told", amr_not_told, COSMO_E_STEP_UP},
	{"max_age kept", max_age_kept, COSMO_OK},
	{"max_age over", max_age_over, COSMO_E_STEP_UP},
	{"max_age, not told", max_age_not_told, COSMO_E_STEP_UP},
};

/* case: recent: a sign-in counts for its time, boot, integration, person, roles and demands alone
 */
static void test_recent_check__one_thing_changed__its_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct world world;

		world_make(&world);
		rows[i].change(&world);
		print_message("%s\n", rows[i].name);
		assert_int_equal(recent_check(&world.marker, &world.question), rows[i].err);
	}
}

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

static void assert_same(const struct recent_marker *one, const struct recent_marker *other)
{
	assert_int_equal(one->name.stage, other->name.stage);
	assert_int_equal(one->name.uid, other->name.uid);
	assert_int_equal(one->name.pid, other->name.pid);
	assert_true(one->name.start == other->name.start);
	assert_memory_equal(one->boot, other->boot, RECENT_BOOT_BYTES);
	assert_memory_equal(one->integration, other->integration, INTEGRATION_BYTES);
	assert_string_equal(one->subject, other->subject);
	assert_string_equal(one->roles, other->roles);
	assert_int_equal(one->sign_outs, other->sign_outs);
	assert_true(one->signed_boot_ms == other->signed_boot_ms);
	assert_true(one->opened_boot_ms == other->opened_boot_ms);
	assert_true(one->auth_time_s == other->auth_time_s);
	assert_string_equal(one->acr, other->acr);
	assert_string_equal(one->amr, other->amr);
	assert_int_equal(one->opener, other->opener);
	assert_true(one->opener_start == other->opener_start);
	assert_int_equal(one->place.leader, other->place.leader);
	assert_true(one->place.leader_start == other->place.leader_start);
	assert_int_equal(one->place.terminal, other->place.terminal);
	assert_true(one->place.inode == other->place.inode);
	assert_string_equal(one->place.session, other->place.session);
}

static void test_recent_folder__saved__the_same_is_loaded(void **state)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *loaded = NULL;
	struct world world;
	struct recent_name other;

	(void)state;
	world_make(&world);
	world.marker.name.start = UINT64_MAX;
	world.marker.place.leader_start = UINT64_MAX;
	world.marker.place.inode = UINT64_MAX;
	world.marker.place.terminal = UINT32_MAX;
	assert_int_equal(recent_folder_save(scratch.fd, &world.marker), COSMO_OK);
	assert_int_equal(recent_folder_load(scratch.fd, &world.marker.name, &loaded), COSMO_OK);
	assert_same(loaded, &world.marker);
	for (int i = 0; i < 4; i++) {
		COSMO_AUTO(recent_marker_free) struct recent_marker *none = NULL;

		other = world.marker.name;
		other.stage = i == 0 ? RECENT_OPENED : other.stage;
		other.uid += i == 1;
		other.pid += i == 2;
		other.start -= i == 3;
		assert_int_equal(recent_folder_load(scratch.fd, &other, &none), COSMO_E_NOT_FOUND);
	}
}

static void test_recent_folder_take__twice__one_gets_it(void **state)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *first = NULL;
	COSMO_AUTO(recent_marker_free) struct recent_marker *second = NULL;
	struct world world;

	(void)state;
	world_make(&world);
	assert_int_equal(recent_folder_save(scratch.fd, &world.marker), COSMO_OK);
	assert_int_equal(recent_folder_take(scratch.fd, &world.marker.name, &first), COSMO_OK);
	assert_int_equal(
		recent_folder_take(scratch.fd, &world.marker.name, &second), COSMO_E_NOT_FOUND);
	assert_null(second);
}

static bool is_there(const struct recent_name *name)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;

	return recent_folder_load(scratch.fd, name, &marker) == COSMO_OK;
}

/* case: recent: with a change of the record the sign-in is gone for good, and nobody else's */
static void test_recent_folder_settle__record_changed__gone(void **state)
{
	struct world world;
	struct world other;
	const struct record *const records[] = {&other.record, &world.record};

	(void)state;
	world_make(&world);
	world_make(&other);
	other.record.uid += 2;
	other.marker.name.uid++;
	assert_int_equal(recent_folder_settle(scratch.fd, records, 2), COSMO_OK);
	assert_int_equal(recent_folder_save(scratch.fd, &world.marker), COSMO_OK);
	assert_int_equal(recent_folder_save(scratch.fd, &other.marker), COSMO_OK);
	assert_int_equal(recent_folder_settle(scratch.fd, records, 2), COSMO_OK);
	assert_true(is_there(&world.marker.name));
	world.record.role_count = 1;
	assert_int_equal(recent_folder_settle(scratch.fd, records, 2), COSMO_OK);
	world.record.role_count = 2;
	assert_false(is_there(&world.marker.name));
	assert_true(is_there(&other.marker.name));
	assert_int_equal(recent_folder_clear(scratch.fd), COSMO_OK);
	assert_false(is_there(&other.marker.name));
}

static char *text_of(const struct recent_marker *marker, size_t *ret_len)
{
	struct record_text text = {0};
	char *copy = NULL;

	assert_int_equal(recent_marker_format(marker, &text), COSMO_OK);
	copy = malloc(text.len);
	assert_non_null(copy);
	memcpy(copy, text.data, text.len);
	*ret_len = text.len;
	record_text_done(&text);
	return copy;
}

static enum cosmo_err parsed(const char *text, size_t len, const struct recent_name *name)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;

	return recent_marker_parse(text, len, name, &marker);
}

static void test_recent_marker_parse__any_byte_changed_or_cut__refused(void **state)
{
	COSMO_AUTO(free) char *text = NULL;
	struct world world;
	size_t len = 0;

	(void)state;
	world_make(&world);
	text = text_of(&world.marker, &len);
	assert_int_equal(parsed(text, len, &world.marker.name), COSMO_OK);
	for (size_t i = 0; i < len; i++) {
		text[i] ^= 1;
		assert_int_equal(parsed(text, len, &world.marker.name), COSMO_E_STORE_DAMAGED);
		text[i] ^= 1;
		assert_int_equal(parsed(text, i, &world.marker.name), COSMO_E_STORE_DAMAGED);
	}
}

/* What is in a file of another stage: a terminal's facts must be there, or must not. */
static void test_recent_marker_parse__of_another_stage__refused(void **state)
{
	COSMO_AUTO(free) char *bound = NULL;
	COSMO_AUTO(free) char *opened = NULL;
	struct world world;
	size_t len = 0;

	(void)state;
	world_make(&world);
	bound = text_of(&world.marker, &len);
	world.marker.name.stage = RECENT_OPENED;
	assert_int_equal(parsed(bound, len, &world.marker.name), COSMO_E_STORE_DAMAGED);
	opened = text_of(&world.marker, &len);
	assert_int_equal(parsed(opened, len, &world.marker.name), COSMO_OK);
	world.marker.name.stage = RECENT_BOUND;
	assert_int_equal(parsed(opened, len, &world.marker.name), COSMO_E_STORE_DAMAGED);
}

static void test_recent_folder_load__of_somebody_else_or_open_to_others__refused(void **state)
{
	COSMO_AUTO(recent_marker_free) struct recent_marker *marker = NULL;
	char name[RECENT_NAME_BYTES] = "";
	struct world world;
	COSMO_AUTO_FD int fd = -1;

	(void)state;
	world_make(&world);
	assert_int_equal(recent_folder_save(scratch.fd, &world.marker), COSMO_OK);
	fd = openat(scratch.fd, "recent", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	recent_name_format(&world.marker.name, name);
	assert_int_equal(fchmodat(fd, name, 0640, 0), 0);
	assert_int_equal(
		recent_folder_load(scratch.fd, &world.marker.name, &marker), COSMO_E_UNSAFE_FILE);
	assert_null(marker);
}

static void test_recent_name_parse__anything_else__refused(void **state)
{
	static const char *const wrong[] = {"", "bound", "bound.5", "bound.5.6", "bound.5.6.7.8",
		"bound.05.6.7", "bound.0.6.7", "bound.5.0.7", "bound.5.6.-7", "bound..5.6.7",
		"other.5.6.7", "Bound.5.6.7", "bound.5.6.7 ", "bound.0x5.6.7",
		"bound.5.6.18446744073709551616", "bound.4294967295.6.7",
		"bound.5.6.0000000000000000000000000000000000000000000000000000000000000007"};
	struct recent_name name = {0};

	(void)state;
	assert_true(recent_name_parse("bound.5.6.7", &name));
	assert_true(
		name.stage == RECENT_BOUND && name.uid == 5 && name.pid == 6 && name.start == 7);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(wrong); i++)
		if (recent_name_parse(wrong[i], &name))
			fail_msg("\"%s\" was taken", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recent_check__one_thing_changed__its_error),
		cmocka_unit_test_setup_teardown(
			test_recent_folder__saved__the_same_is_loaded, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			test_recent_folder_take__twice__one_gets_it, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_recent_folder_settle__record_changed__gone,
			make_folder, remove_folder),
		cmocka_unit_test(test_recent_marker_parse__any_byte_changed_or_cut__refused),
		cmocka_unit_test(test_recent_marker_parse__of_another_stage__refused),
		cmocka_unit_test_setup_teardown(
			test_recent_folder_load__of_somebody_else_or_open_to_others__refused,
			make_folder, remove_folder),
		cmocka_unit_test(test_recent_name_parse__anything_else__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
