/* SPDX-License-Identifier: MIT */
/*
 * The helper's whole account phase with a judge that says whatever it likes of a refresh: in its
 * own process, on a clock of its own (see scripted_peer.h), as often as COSMO_FUZZ_COUNT says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "common/claim_state.h"
#include "pam_cosmo_sso/helper/refresh.h"
#include "tests/fuzz/helper_world.h"

#ifndef SEQUENCES
#define SEQUENCES 10000
#endif

#define MAX_CACHED 8
/* refresh_timeout as shipped. */
#define REFRESH_MS ((int64_t)5 * 1000)
/* To read what has begun by then. */
#define MESSAGE_MS ((int64_t)10 * 1000)

static struct helper_world world;

/* What the judge has said that counts, by docs/protocol.md. */
static struct heard told_token;
static struct heard told_end; /* identity or failure */

static void module_plays(struct helper_world *played)
{
	struct draft *question = NULL;

	draft_list_begin(&played->module_list, helper_world_speak);
	question = draft_add(&played->module_list, MESSAGE_ACCOUNT, &played->dice);
	draft_set_str(question, FIELD_USER, "ada");
	draft_set_str(question, FIELD_SERVICE, "sshd");
	draft_remove(question, FIELD_LOOKS_ONLY);
	peer_say(played->module, &played->module_list);
}

static void add_end(struct draft_list *list, struct dice *dice)
{
	struct draft *failure = NULL;

	if (dice_chance(dice, 70)) {
		draft_add(list, MESSAGE_JUDGE_IDENTITY, dice);
		return;
	}
	failure = draft_add(list, MESSAGE_JUDGE_FAILED, dice);
	if (dice_chance(dice, 50))
		draft_set_u64(failure, FIELD_ERR, COSMO_E_INVALID_GRANT);
	else
		draft_set_u64(failure, FIELD_ERR, dice_below(dice, cosmo_err_count() + 2));
}

static void judge_plays(struct helper_world *played)
{
	struct draft_list *list = &played->judge_list;
	struct dice *dice = &played->dice;

	list->speaker = helper_world_speak;
	list->count = 0;
	for (size_t n = dice_chance(dice, 3) ? 9 : dice_below(dice, 3); n > 0; n--)
		draft_add(list, MESSAGE_JUDGE_CACHE, dice);
	if (dice_chance(dice, 70))
		draft_add(list, MESSAGE_JUDGE_TOKEN, dice);
	for (size_t n = dice_below(dice, 3); n > 0; n--)
		draft_add(list, MESSAGE_JUDGE_CACHE, dice);
	add_end(list, dice);
	if (played->is_plain) {
		peer_say(played->judge, list);
		return;
	}
	for (size_t faults = dice_below(dice, 4); faults > 0; faults--)
		draft_spoil(list, dice);
	peer_say_oddly(played->judge, list, dice);
}

static void listen_to_judge(void)
{
	const struct peer *judge = world.judge;
	struct heard *next = &told_end;
	size_t offset = 0;
	size_t cached = 0;

	told_token.type = told_end.type = MESSAGE_NONE;
	while (judge && heard_next(judge->said, judge->said_len, &offset, next)) {
		if (next->type == MESSAGE_JUDGE_CACHE && cached++ < MAX_CACHED)
			continue;
		if (next->type == MESSAGE_JUDGE_TOKEN && told_token.type == MESSAGE_NONE) {
			told_token = *next;
			continue;
		}
		if (next->type == MESSAGE_JUDGE_IDENTITY || next->type == MESSAGE_JUDGE_FAILED)
			return;
		break;
	}
	told_end.type = MESSAGE_NONE;
}

/* A role the rules have not taken away is a developer's. */
static void set_out(void)
{
	COSMO_AUTO(record_free) struct record *record = helper_world_record();

	for (uint32_t i = 0; i < record->role_count; i++)
		free(COSMO_STEAL(&record->roles[i]));
	record->roles[0] = strdup("developer");
	record->role_count = 1;
	record->signed_in_s = record->confirmed_s = fdio_now_s() - 3600;
	record->reason = COSMO_OK;
	record->refresh_asked_s = 0;
	record->refresh_expires_s = 0;
	secret_free(COSMO_STEAL(&record->refresh_token));
	CAMPAIGN_ASSERT(secret_new("first", 5, &record->refresh_token) == COSMO_OK);
	helper_world_put_record(record);
}

static bool is_token(const struct record *record, const void *token, size_t len)
{
	return record->refresh_token && secret_len(record->refresh_token) == len &&
	       memcmp(secret_peek(record->refresh_token), token, len) == 0;
}

static bool is_told_token(const struct record *record)
{
	size_t len = 0;
	const unsigned char *token = heard_bytes(&told_token, FIELD_REFRESH_TOKEN, &len);

	return told_token.type != MESSAGE_NONE && token && is_token(record, token, len);
}

static bool is_about_ada(void)
{
	return told_end.type == MESSAGE_JUDGE_IDENTITY &&
	       heard_is(&told_end, FIELD_ISSUER, HELPER_WORLD_ISSUER) &&
	       heard_is(&told_end, FIELD_SUB, HELPER_WORLD_SUB) &&
	       (heard_is(&told_end, FIELD_USERNAME, "ada") ||
		       heard_is(&told_end, FIELD_USERNAME, ""));
}

static bool has_role(const struct record *record, const char *role)
{
	for (uint32_t i = 0; i < record->role_count; i++)
		if (streq(record->roles[i], role))
			return true;
	return false;
}

/* Exactly those that were said; none is a viewer. */
static void check_roles(const struct record *record)
{
	bool any = false;

	for (size_t i = 0; i < told_end.field_count; i++) {
		if (told_end.fields[i].field != FIELD_ROLE)
			continue;
		any = true;
		CAMPAIGN_ASSERT(has_role(record, (const char *)told_end.fields[i].value));
	}
	CAMPAIGN_ASSERT(any || (record->role_count == 1 && has_role(record, "viewer")));
	CAMPAIGN_ASSERT(record->role_count <= told_end.field_count);
}

static void check_refusal(const struct record *record)
{
	bool is_failure = told_end.type == MESSAGE_JUDGE_FAILED;

	CAMPAIGN_ASSERT(record->role_count == 0);
	if (record->reason == COSMO_E_INVALID_GRANT)
		CAMPAIGN_ASSERT(
			is_failure && heard_u64(&told_end, FIELD_ERR, 0) == COSMO_E_INVALID_GRANT);
	else if (record->reason == COSMO_E_CLAIM_MISSING)
		CAMPAIGN_ASSERT(is_about_ada() &&
				heard_u64(&told_end, FIELD_CLAIM_STATE, 0) == CLAIM_MISSING);
	else
		CAMPAIGN_ASSERT((record->reason == COSMO_E_OTHER_SUBJECT ||
					record->reason == COSMO_E_RENAMED) &&
				told_end.type == MESSAGE_JUDGE_IDENTITY && !is_about_ada());
}

/* As far as the judge has read. */
static bool was_asked(void)
{
	static struct heard question;
	const struct peer *judge = world.judge;
	size_t offset = 0;

	return judge && judge->told &&
	       heard_next(judge->told, judge->told_len, &offset, &question) &&
	       question.type == MESSAGE_JUDGE_REFRESH &&
	       heard_count(&question, FIELD_REFRESH_TOKEN) == 1;
}

/* The record is as before, or as said. */
static void check_record(const struct record *record, int64_t confirmed_before_s)
{
	CAMPAIGN_ASSERT(streq(record->sub, HELPER_WORLD_SUB));
	CAMPAIGN_ASSERT(record->signed_in_s == confirmed_before_s);
	CAMPAIGN_ASSERT(is_token(record, "first", 5) || is_told_token(record) ||
			(record->reason && !record->refresh_token));
	/* Shown to the IdP, the first one is no longer beyond doubt until something is known. */
	if (was_asked() && is_token(record, "first", 5) && !record->reason &&
		record->confirmed_s == confirmed_before_s)
		CAMPAIGN_ASSERT(record->refresh_asked_s > 0 ||
				told_end.type == MESSAGE_JUDGE_FAILED || is_told_token(record));
	if (record->reason) {
		check_refusal(record);
		return;
	}
	if (record->confirmed_s == confirmed_before_s) {
		CAMPAIGN_ASSERT(record->role_count == 1 && has_role(record, "developer"));
		return;
	}
	CAMPAIGN_ASSERT(is_about_ada());
	CAMPAIGN_ASSERT(heard_u64(&told_end, FIELD_CLAIM_STATE, CLAIM_MISSING) != CLAIM_MISSING);
	check_roles(record);
}

static bool one_judge(const struct campaign *campaign, size_t number)
{
	COSMO_AUTO(record_free) struct record *before = NULL;
	COSMO_AUTO(record_free) struct record *after = NULL;
	enum cosmo_err answer = COSMO_E_INTERNAL;

	world.dice = campaign_dice(campaign, number);
	world.is_plain = dice_chance(&world.dice, 10);
	set_out();
	before = helper_world_record();
	helper_world_run(&world);
	listen_to_judge();
	answer = helper_world_answer(&world);
	after = helper_world_record();
	CAMPAIGN_ASSERT(world.took_ms <= REFRESH_MS + REFRESH_LATE_MS + MESSAGE_MS);
	check_record(after, before->confirmed_s);
	/* Late, the lease has let in who is refused from now on. */
	CAMPAIGN_ASSERT(answer == COSMO_OK || answer == after->reason);
	CAMPAIGN_ASSERT(!world.is_plain || answer == after->reason);
	return after->confirmed_s != before->confirmed_s;
}

/* case: peer: whatever a false judge says of a refresh, the helper stores a token and roles as said
 * of the enrolled person alone, in time */
static void test_false_refresh__whatever_it_says__only_what_was_said_of_ada_is_stored(void **state)
{
	(void)state;
	world = helper_world_honest;
	world.module_plays = module_plays;
	world.judge_plays = judge_plays;
	campaign_run("false judge, refresh", SEQUENCES, one_judge, "told of ada and were stored");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_false_refresh__whatever_it_says__only_what_was_said_of_ada_is_stored,
			helper_world_start, helper_world_stop),
	};

	if (geteuid() != 0) {
		print_message("SKIPPED: the store is root's, and this is not root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
