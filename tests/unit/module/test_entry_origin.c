/* SPDX-License-Identifier: MIT */
/* Whose a passwd entry is, by a store of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/uid_candidate.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/module/entry_origin.h"
#include "tests/unit/store/store_fixture.h"

#define CUSTOM_UID 5001U
#define RANGE_UID  0x70000500U /* in the range that holds unless configured */

struct place {
	char private_dir[128];
	struct enrollable_places places;
};

static void place_init(struct fixture *fixture, struct place *ret)
{
	snprintf(ret->private_dir, sizeof(ret->private_dir), "%s/private", fixture->state_dir);
	ret->places = (struct enrollable_places){
		.db = store_users_db(fixture->store),
		.gate = store_gate(fixture->store),
		.private_dir = ret->private_dir,
	};
}

static enum entry_origin origin(
	const struct place *place, const char *name, uint32_t uid, bool is_sshd)
{
	char buffer[64] = "";
	char star[] = "*";
	const struct passwd pw = {
		.pw_name = buffer, .pw_passwd = star, .pw_uid = uid, .pw_gid = uid};

	snprintf(buffer, sizeof(buffer), "%s", name);
	return entry_origin_find(&place->places, &pw, is_sshd);
}

static void register_uid(struct fixture *fixture, const char *name, uint32_t uid)
{
	uint32_t got = 0;

	assert_int_equal(uid_register_assign(fixture->store, name, uid, uid, uid, &got), COSMO_OK);
	assert_int_equal(got, uid);
}

static void test_entry_origin_find__registered__ours_in_whatever_range(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct place place;

	place_init(fixture, &place);
	register_uid(fixture, "ada", CUSTOM_UID);
	for (int is_sshd = 0; is_sshd <= 1; is_sshd++) {
		assert_int_equal(origin(&place, "ada", CUSTOM_UID, is_sshd), ORIGIN_OURS);
		assert_int_equal(origin(&place, "ada", CUSTOM_UID + 1, is_sshd), ORIGIN_OTHER);
		assert_int_equal(origin(&place, "eve", CUSTOM_UID, is_sshd), ORIGIN_OTHER);
		assert_int_equal(origin(&place, "eve", RANGE_UID, is_sshd), ORIGIN_OTHER);
	}
}

static void test_entry_origin_find__other_form__never_ours(void **state)
{
	struct fixture *fixture = fixture_of(state);
	char name[] = "ada";
	char locked[] = "x";
	char star[] = "*";
	struct passwd pw = {
		.pw_name = name, .pw_passwd = locked, .pw_uid = CUSTOM_UID, .pw_gid = CUSTOM_UID};
	struct place place;

	place_init(fixture, &place);
	register_uid(fixture, "ada", CUSTOM_UID);
	assert_int_equal(entry_origin_find(&place.places, &pw, true), ORIGIN_OTHER);
	pw.pw_passwd = star;
	assert_int_equal(entry_origin_find(&place.places, &pw, true), ORIGIN_OURS);
	pw.pw_gid = 100;
	assert_int_equal(entry_origin_find(&place.places, &pw, true), ORIGIN_OTHER);
}

/* What sshd was told a moment ago, though the gate is closed now and another has the uid. */
static void test_entry_origin_find__computed_for_sshd__ours_there_alone(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct place place;
	uint32_t uid = 0;

	place_init(fixture, &place);
	assert_int_equal(uid_candidate_pick(store_private_fd(fixture->store), "newbie",
				 fixture->config.uid_min, fixture->config.uid_max, &uid),
		COSMO_OK);
	assert_int_equal(origin(&place, "newbie", uid, true), ORIGIN_OURS);
	assert_int_equal(origin(&place, "newbie", uid, false), ORIGIN_OTHER);
	register_uid(fixture, "eve", uid);
	assert_int_equal(origin(&place, "newbie", uid, true), ORIGIN_OURS);
	register_uid(fixture, "newbie", CUSTOM_UID); /* enrolled by a uid_claim */
	assert_int_equal(origin(&place, "newbie", uid, true), ORIGIN_OURS);
}

static void test_entry_origin_find__nothing_can_be_read__by_the_usual_range(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct place place;

	place_init(fixture, &place);
	register_uid(fixture, "ada", CUSTOM_UID);
	assert_int_equal(chmod(place.private_dir, 0755), 0); /* not root's alone any more */
	assert_int_equal(origin(&place, "ada", RANGE_UID, false), ORIGIN_UNSURE);
	assert_int_equal(origin(&place, "ada", CUSTOM_UID, false), ORIGIN_OTHER);
	assert_int_equal(chmod(place.private_dir, 0700), 0);
	/* sshd's entry was computed by a range that cannot be told any more. */
	assert_int_equal(unlink(fixture->users_db), 0);
	assert_int_equal(origin(&place, "eve", RANGE_UID, true), ORIGIN_UNSURE);
	assert_int_equal(origin(&place, "eve", RANGE_UID, false), ORIGIN_OTHER);
	/* A host on which nobody was ever enrolled. */
	snprintf(place.private_dir, sizeof(place.private_dir), "%s/nowhere", fixture->state_dir);
	assert_int_equal(origin(&place, "eve", RANGE_UID, true), ORIGIN_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_READY_FIXTURE(test_entry_origin_find__registered__ours_in_whatever_range),
		WITH_READY_FIXTURE(test_entry_origin_find__other_form__never_ours),
		WITH_READY_FIXTURE(test_entry_origin_find__computed_for_sshd__ours_there_alone),
		WITH_READY_FIXTURE(test_entry_origin_find__nothing_can_be_read__by_the_usual_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
