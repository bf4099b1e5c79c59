/* SPDX-License-Identifier: MIT */
/*
 * The module, from PAM's entry points on, with a helper that says whatever it likes: in its own
 * process, on a clock of its own (see scripted_peer.h), as often as COSMO_FUZZ_COUNT says.
 */
#include <fcntl.h>
#include <security/pam_appl.h>
#include <security/pam_modules.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/utf8.h"
#include "common/config.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/module/ours.h"
#include "tests/fuzz/heard.h"
#include "tests/fuzz/scripted_peer.h"
#include "tests/unit/open_descriptors.h"

#ifndef SEQUENCES
#define SEQUENCES 100000
#endif

#define URI        "https://idp.example.org/device"
#define SSHD_MS    ((int64_t)115 * 1000)
#define OTHER_MS   ((int64_t)330 * 1000)
#define ACCOUNT_MS ((int64_t)60 * 1000)
#define SLACK_MS   ((int64_t)5 * 1000)
#define LONGEST_S  1800
#define ENTER_MS   ((int64_t)20 * 1000)

enum cosmo_err __wrap_spawn_program(const char *path, const char *argument, int peer_fd,
	int second_fd, struct spawn_child *ret_child);
enum cosmo_err __wrap_ours_find(const char *name, bool is_sshd, struct ours *ret);
bool __wrap_log_send(const char *ident, int priority, const char *line, int64_t wait_ms);

/* What is played, and what has been seen of it. */
static struct {
	struct dice dice;
	bool is_plain;
	bool is_sign_in;
	bool prompt_fails;
	struct peer *helper; /* NULL: not started */
	size_t prompts;
	int64_t answered_ms; /* when the person answered last */
	struct draft_list list;
} play;

static struct heard heard;

static const void *speak(unsigned int type, unsigned int field, struct dice *dice, size_t *ret_len)
{
	static const char *const uris[] = {URI, URI, URI, "https://idp.example.org/\x1b[2J", ""};
	const char *text = NULL;
	uint64_t number = UINT64_MAX;
	unsigned char bytes[8] = {0};

	(void)type;
	if (field == FIELD_VERIFICATION_URI)
		text = dice_chance(dice, 95) ? URI : uris[dice_below(dice, 5)];
	else if (field == FIELD_VERIFICATION_URI_COMPLETE)
		text = URI "?user_code=WDJB-MJHT";
	else if (field == FIELD_USER_CODE)
		text = "WDJB-MJHT";
	else if (field == FIELD_HOST || field == FIELD_ISSUER)
		text = dice_chance(dice, 95) ? "web1" : "web\x1b[2J\xff";
	else if (field == FIELD_TEXT && dice_chance(dice, 50))
		text = "No.\x1b[2J\nPassword:\xe2\x80\xae";
	else if (field == FIELD_EXPIRES_IN_S && dice_chance(dice, 90))
		number = 600;
	else if (field == FIELD_QR_MODE) /* drawing is slow */
		number = dice_chance(dice, 95) ? CONFIG_QR_OFF : dice_below(dice, 8);
	else if (field == FIELD_ERR)
		number = dice_chance(dice, 70) ? 0 : dice_below(dice, COSMO_E_SERVICE + 3);
	if (text) {
		*ret_len = strlen(text) + 1;
		return draft_keep(text, *ret_len);
	}
	if (number == UINT64_MAX)
		return NULL;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
	*ret_len = sizeof(bytes);
	return draft_keep(bytes, sizeof(bytes));
}

enum cosmo_err __wrap_spawn_program(const char *path, const char *argument, int peer_fd,
	int second_fd, struct spawn_child *ret_child)
{
	(void)path;
	CAMPAIGN_ASSERT(streq(argument, "pam") && second_fd == -1 && !play.helper);
	*ret_child = (struct spawn_child){.pid = -1, .pid_fd = -1};
	play.helper = peer_adopt(dup(peer_fd));
	draft_list_begin(&play.list, speak);
	if (play.is_sign_in && dice_chance(&play.dice, 75))
		draft_add(&play.list, MESSAGE_SHOW, &play.dice);
	draft_add(&play.list, MESSAGE_RESULT, &play.dice);
	if (play.is_plain) {
		peer_say(play.helper, &play.list);
		return COSMO_OK;
	}
	for (size_t faults = dice_below(&play.dice, 4); faults > 0; faults--)
		draft_spoil(&play.list, &play.dice);
	peer_say_oddly(play.helper, &play.list, &play.dice);
	return COSMO_OK;
}

enum cosmo_err __wrap_ours_find(const char *name, bool is_sshd, struct ours *ret)
{
	(void)is_sshd;
	CAMPAIGN_ASSERT(streq(name, "ada"));
	*ret = (struct ours){.kind = OURS_ENROLLED};
	return COSMO_OK;
}

bool __wrap_log_send(const char *ident, int priority, const char *line, int64_t wait_ms)
{
	(void)ident;
	(void)priority;
	(void)wait_ms;
	for (; *line; line++)
		CAMPAIGN_ASSERT(*line >= ' ' && *line <= '~');
	return true;
}

/* Letters, new lines, and the blocks of a QR code. */
static bool is_fit_for_a_terminal(const char *text)
{
	for (; *text; text++) {
		bool is_block = strncmp(text, "\u2580", 3) == 0 ||
				strncmp(text, "\u2584", 3) == 0 || strncmp(text, "\u2588", 3) == 0;

		if (is_block)
			text += 2;
		else if (*text != '\n' && (*text < ' ' || *text > '~'))
			return false;
	}
	return true;
}

static int converse(
	int count, const struct pam_message **messages, struct pam_response **ret, void *context)
{
	(void)context;
	CAMPAIGN_ASSERT(count == 1 && is_fit_for_a_terminal(messages[0]->msg));
	if (messages[0]->msg_style == PAM_PROMPT_ECHO_ON) {
		/* Each prompt costs the person a key press, and the module up to 20 s. */
		CAMPAIGN_ASSERT(++play.prompts < 2 + (LONGEST_S + 5) * 1000 / ENTER_MS);
		if (!play.is_plain && dice_chance(&play.dice, 30))
			peers_pass_ms((int64_t)dice_below(&play.dice, 700) * 1000);
		play.answered_ms = peers_now_ms();
		play.prompt_fails = !play.is_plain && dice_chance(&play.dice, 10);
	}
	*ret = play.prompt_fails ? NULL : calloc(1, sizeof(**ret));
	if (!*ret)
		return PAM_CONV_ERR;
	if (messages[0]->msg_style == PAM_PROMPT_ECHO_ON)
		(*ret)->resp = strdup("typed");
	return PAM_SUCCESS;
}

static bool is_plain_text(const char *text)
{
	if (!text || !*text)
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* By docs/protocol.md and what the person was shown: may the module let him in? */
static bool is_yes(bool is_mute, int64_t *ret_last_ms, int64_t limit_ms)
{
	const struct peer *helper = play.helper;
	size_t offset = 0;

	*ret_last_ms = limit_ms;
	if (!helper || !heard_next(helper->said, helper->said_len, &offset, &heard))
		return false;
	if (play.is_sign_in && heard.type == MESSAGE_SHOW) {
		uint64_t told_s = heard_u64(&heard, FIELD_EXPIRES_IN_S, 0);

		*ret_last_ms =
			-((int64_t)(told_s < LONGEST_S ? told_s : LONGEST_S) * 1000 + SLACK_MS);
		if (is_mute || !is_plain_text(heard_str(&heard, FIELD_VERIFICATION_URI)) ||
			!is_plain_text(heard_str(&heard, FIELD_USER_CODE)))
			return false;
		if (!heard_next(helper->said, helper->said_len, &offset, &heard))
			return false;
	}
	return heard.type == MESSAGE_RESULT && heard_u64(&heard, FIELD_ERR, 1) == 0;
}

/* Only about the very question, and only first, may the helper pass the user on. */
static bool may_ignore(void)
{
	size_t offset = 0;

	return play.is_sign_in && play.helper &&
	       heard_next(play.helper->said, play.helper->said_len, &offset, &heard) &&
	       heard.type == MESSAGE_RESULT && heard_u64(&heard, FIELD_ERR, 0) == COSMO_E_NOT_OURS;
}

struct door {
	const char *service;
	const char *tty;
	bool is_mute;
	int64_t limit_ms;
	pam_handle_t *pamh;
};

static struct door doors[] = {
	{"sshd", "ssh", false, SSHD_MS, NULL},
	{"login", "/dev/null", false, OTHER_MS, NULL},
	{"gdm", ":0", false, OTHER_MS, NULL},
	{"cron", "cron", true, OTHER_MS, NULL},
};

static bool one_sequence(const struct campaign *campaign, size_t number)
{
	int (*entry)(pam_handle_t *, int, int, const char **) = pam_sm_authenticate;
	const struct door *door = NULL;
	int64_t limit_ms = 0;
	int64_t last_ms = 0;
	int64_t began_ms = 0;
	int64_t end_ms = 0;
	int status = 0;
	bool yes = false;

	peers_begin();
	play.dice = campaign_dice(campaign, number);
	play.helper = NULL;
	play.prompts = 0;
	play.answered_ms = 0;
	play.prompt_fails = false;
	play.is_plain = dice_chance(&play.dice, 10);
	play.is_sign_in = dice_chance(&play.dice, 70);
	door = &doors[dice_below(&play.dice, COSMO_ARRAY_LEN(doors))];
	if (!play.is_sign_in)
		entry = dice_chance(&play.dice, 50) ? pam_sm_acct_mgmt : pam_sm_open_session;
	limit_ms = play.is_sign_in ? door->limit_ms : ACCOUNT_MS;
	began_ms = peers_now_ms();
	status = entry(door->pamh, 0, 0, NULL);
	end_ms = peers_now_ms();
	peers_end();

	yes = is_yes(door->is_mute, &last_ms, limit_ms);
	CAMPAIGN_ASSERT(status != PAM_SUCCESS || (yes && !play.prompt_fails));
	CAMPAIGN_ASSERT(!play.is_plain || !yes || status == PAM_SUCCESS);
	CAMPAIGN_ASSERT(status != PAM_IGNORE || may_ignore());
	if (last_ms < 0) /* from when it was shown, which is by the first limit */
		last_ms = limit_ms - last_ms;
	CAMPAIGN_ASSERT(end_ms <= began_ms + last_ms || end_ms <= play.answered_ms);
	return status == PAM_SUCCESS;
}

/* case: peer: whatever a false helper says in 100,000 sequences, the module takes only the one
 * well-formed yes for a yes, and ends in time */
static void test_false_helper__whatever_it_says__no_success_but_the_one_yes(void **state)
{
	size_t descriptors = open_descriptors();

	(void)state;
	campaign_run("false helper, module", SEQUENCES, one_sequence, "were a yes and let in");
	assert_int_equal(open_descriptors(), descriptors);
}

static const struct pam_conv conversation = {converse, NULL};

static int open_doors(void **state)
{
	static char folder[] = "/tmp/cosmo-sso-doors.XXXXXX";
	char path[64] = "";
	FILE *file = NULL;

	*state = folder;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/other", folder);
	file = fopen(path, "w");
	if (!file || fputs("auth required pam_deny.so\n", file) < 0 || fclose(file))
		return -1;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(doors); i++)
		if (pam_start_confdir(doors[i].service, "ada", &conversation, folder,
			    &doors[i].pamh) != PAM_SUCCESS ||
			pam_set_item(doors[i].pamh, PAM_TTY, doors[i].tty) != PAM_SUCCESS)
			return -1;
	return 0;
}

static int close_doors(void **state)
{
	char path[64] = "";

	for (size_t i = 0; i < COSMO_ARRAY_LEN(doors); i++)
		(void)pam_end(doors[i].pamh, PAM_SUCCESS);
	(void)snprintf(path, sizeof(path), "%s/other", (const char *)*state);
	(void)unlink(path);
	return rmdir(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_false_helper__whatever_it_says__no_success_but_the_one_yes, open_doors,
			close_doors),
	};

	if (geteuid() != 0) {
		print_message("SKIPPED: the module starts a helper for root alone\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
