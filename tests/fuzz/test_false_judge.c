/* SPDX-License-Identifier: MIT */
/*
 * The helper's whole exchange with a judge, or a module, that says whatever it likes: in its own
 * process, on a clock of its own (see scripted_peer.h), as often as COSMO_FUZZ_COUNT says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/claim_state.h"
#include "tests/fuzz/helper_world.h"

#ifndef SEQUENCES
#define SEQUENCES 100000
#endif
#ifndef MODULE_SEQUENCES
#define MODULE_SEQUENCES 20000
#endif

/* What the module may take for its question, and each side to read one more message. */
#define MESSAGE_MS ((int64_t)10 * 1000)

/* The place of viewer in the table of roles. */
#define ROLE_VIEWER 1U

static struct helper_world world;
static struct heard identity;
static uint64_t before;

/* One exchange in the world; what the helper answered, and the state it left. */
static enum cosmo_err exchange(const struct campaign *campaign, size_t number, uint64_t *ret_after)
{
	world.dice = campaign_dice(campaign, number);
	world.is_plain = dice_chance(&world.dice, 10);
	helper_world_run(&world);
	*ret_after = helper_world_state();
	return helper_world_answer(&world);
}

static void play_falsely(struct peer *peer, struct draft_list *list)
{
	if (world.is_plain) {
		peer_say(peer, list);
		return;
	}
	for (size_t faults = dice_below(&world.dice, 4); faults > 0; faults--)
		draft_spoil(list, &world.dice);
	peer_say_oddly(peer, list, &world.dice);
}

static void judge_plays(struct helper_world *played)
{
	struct draft_list *list = &played->judge_list;
	struct dice *dice = &played->dice;

	list->speaker = helper_world_speak;
	list->count = 0;
	for (size_t n = dice_below(dice, 3); n > 0; n--)
		draft_add(list, MESSAGE_JUDGE_CACHE, dice);
	draft_add(list, MESSAGE_JUDGE_SHOW, dice);
	for (size_t n = dice_chance(dice, 3) ? 9 : dice_below(dice, 2); n > 0; n--)
		draft_add(list, MESSAGE_JUDGE_CACHE, dice);
	draft_add(
		list, dice_chance(dice, 90) ? MESSAGE_JUDGE_IDENTITY : MESSAGE_JUDGE_FAILED, dice);
	play_falsely(played->judge, list);
}

/* The roles said, as bits; false where one of them is none of ours. */
static bool roles_said(unsigned int *ret)
{
	static const char *const names[] = {"viewer", "developer", "admin"};
	unsigned int roles = 0;

	for (size_t i = 0; i < identity.field_count; i++) {
		const char *name = (const char *)identity.fields[i].value;
		size_t role = 0;

		if (identity.fields[i].field != FIELD_ROLE)
			continue;
		while (role < COSMO_ARRAY_LEN(names) && !streq(name, names[role]))
			role++;
		if (role == COSMO_ARRAY_LEN(names))
			return false;
		roles |= 1U << role;
	}
	*ret = roles;
	return true;
}

static unsigned int roles_stored(const struct record *record)
{
	unsigned int roles = 0;

	for (uint32_t i = 0; i < record->role_count; i++)
		roles |= streq(record->roles[i], "viewer")      ? 1U
			 : streq(record->roles[i], "developer") ? 2U
			 : streq(record->roles[i], "admin")     ? 4U
								: 8U;
	return roles;
}

/* Has it been said, well-formed and in order, that this was ada? */
static bool is_about_ada(void)
{
	return helper_world_identity(&world, &identity) &&
	       heard_is(&identity, FIELD_ISSUER, HELPER_WORLD_ISSUER) &&
	       heard_is(&identity, FIELD_USERNAME, "ada") &&
	       heard_is(&identity, FIELD_SUB, HELPER_WORLD_SUB);
}

static void assert_committed_as_said(enum cosmo_err answer)
{
	COSMO_AUTO(record_free) struct record *record = helper_world_record();
	uint64_t claim = heard_u64(&identity, FIELD_CLAIM_STATE, CLAIM_MISSING);
	size_t token_len = 0;
	const unsigned char *token = heard_bytes(&identity, FIELD_REFRESH_TOKEN, &token_len);
	unsigned int roles = 8;

	CAMPAIGN_ASSERT(roles_said(&roles));
	CAMPAIGN_ASSERT(claim == CLAIM_PRESENT || roles == 0);
	/* Nothing said of roles takes them away and lets nobody in; none said is a viewer. */
	CAMPAIGN_ASSERT(claim != CLAIM_MISSING || answer == COSMO_E_CLAIM_MISSING);
	CAMPAIGN_ASSERT(claim == CLAIM_MISSING || answer == COSMO_OK);
	if (claim != CLAIM_MISSING && roles == 0)
		roles = ROLE_VIEWER;
	CAMPAIGN_ASSERT(roles_stored(record) == roles);
	CAMPAIGN_ASSERT(streq(record->sub, HELPER_WORLD_SUB));
	CAMPAIGN_ASSERT(streq(record->issuer, HELPER_WORLD_ISSUER));
	CAMPAIGN_ASSERT(!strpbrk(record->display_name, ":\n\x1b"));
	CAMPAIGN_ASSERT((token != NULL) == (record->refresh_token != NULL));
	if (token)
		CAMPAIGN_ASSERT(secret_len(record->refresh_token) == token_len &&
				memcmp(secret_peek(record->refresh_token), token, token_len) == 0);
}

static bool one_judge(const struct campaign *campaign, size_t number)
{
	uint64_t after = 0;
	enum cosmo_err answer = exchange(campaign, number, &after);

	CAMPAIGN_ASSERT(world.took_ms <= HELPER_WORLD_DEADLINE_MS);
	CAMPAIGN_ASSERT(answer != COSMO_E_NOT_OURS);
	if (answer == COSMO_OK)
		CAMPAIGN_ASSERT(is_about_ada());
	if (answer == COSMO_OK || after != before) {
		CAMPAIGN_ASSERT(is_about_ada());
		assert_committed_as_said(answer);
	}
	before = after;
	return answer == COSMO_OK;
}

/* case: peer: whatever a false judge says in 100,000 sequences, the helper stores and grants only a
 * whole identity of the enrolled person, as said, in time */
static void test_false_judge__whatever_it_says__only_what_was_said_of_ada_is_stored(void **state)
{
	(void)state;
	world = helper_world_honest;
	world.judge_plays = judge_plays;
	before = helper_world_state();
	campaign_run("false judge, helper", SEQUENCES, one_judge, "told of ada and let her in");
}

static void module_plays(struct helper_world *played)
{
	static const unsigned int questions[] = {MESSAGE_SIGN_IN, MESSAGE_SIGN_IN, MESSAGE_SIGN_IN,
		MESSAGE_ACCOUNT, MESSAGE_OPEN_SESSION, MESSAGE_CLOSE_SESSION};
	struct draft_list *list = &played->module_list;
	struct dice *dice = &played->dice;
	struct draft *question = NULL;

	draft_list_begin(list, helper_world_speak);
	question = draft_add(list, questions[dice_below(dice, COSMO_ARRAY_LEN(questions))], dice);
	if (dice_chance(dice, 70))
		for (unsigned int field = FIELD_FROZEN_UID; field <= FIELD_FROZEN_SHELL; field++)
			draft_remove(question, field);
	play_falsely(played->module, list);
}

static bool one_module(const struct campaign *campaign, size_t number)
{
	uint64_t after = 0;
	enum cosmo_err answer = exchange(campaign, number, &after);
	size_t offset = 0;
	bool asked = false;

	asked = heard_next(world.module->said, world.module->said_len, &offset, &identity) &&
		identity.type <= MESSAGE_CLOSE_SESSION;
	CAMPAIGN_ASSERT(world.took_ms <= MESSAGE_MS + HELPER_WORLD_DEADLINE_MS);
	CAMPAIGN_ASSERT(asked || answer == COSMO_E_PEER_GONE);
	CAMPAIGN_ASSERT(asked || !world.judge);
	if (answer == COSMO_OK)
		CAMPAIGN_ASSERT(heard_is(&identity, FIELD_USER, "ada"));
	if (after != before)
		CAMPAIGN_ASSERT(identity.type == MESSAGE_SIGN_IN &&
				heard_is(&identity, FIELD_USER, "ada") &&
				heard_u64(&identity, FIELD_INTERACTIVE, 0) != 0);
	before = after;
	return answer == COSMO_OK;
}

/* case: peer: whatever a false module says, the helper answers whole questions alone and writes
 * only the record of who signed in */
static void test_false_module__whatever_it_says__only_whole_questions_are_answered(void **state)
{
	(void)state;
	world = helper_world_honest;
	world.module_plays = module_plays;
	before = helper_world_state();
	campaign_run("false module, helper", MODULE_SEQUENCES, one_module,
		"asked for ada and were granted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_false_judge__whatever_it_says__only_what_was_said_of_ada_is_stored,
			helper_world_start, helper_world_stop),
		cmocka_unit_test_setup_teardown(
			test_false_module__whatever_it_says__only_whole_questions_are_answered,
			helper_world_start, helper_world_stop),
	};

	if (geteuid() != 0) {
		print_message("SKIPPED: the store is root's, and this is not root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
