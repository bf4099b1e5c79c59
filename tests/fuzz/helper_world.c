/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/helper_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "common/claim_state.h"
#include "common/config.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/serve.h"
#include "pam_cosmo_sso/helper/store.h"
#include "tests/unit/store/store_fixture.h"

#define CONFIG_TEXT                                                                                \
	"[integration]\nissuer = " HELPER_WORLD_ISSUER "\nclient_id = host\n"                      \
	"[rules]\nadmin = admins\ndeveloper = devs\n[limits]\nuser_per_hour = 1000\n"              \
	"[service sshd]\ndeadline = 110s\n"

#define MAX_FILE_BYTES ((size_t)4 * 1024 * 1024)

enum cosmo_err __wrap_spawn_program(const char *path, const char *argument, int peer_fd,
	int second_fd, struct spawn_child *ret_child);
enum cosmo_err __real_store_open(const struct store_paths *paths, struct store **ret);
enum cosmo_err __wrap_store_open(const struct store_paths *paths, struct store **ret);
enum cosmo_err __wrap_config_load(
	const char *path, struct config **ret, struct config_problem *ret_problem);
bool __wrap_log_send(const char *ident, int priority, const char *line, int64_t wait_ms);

static struct fixture *fixture;
static struct helper_world *now;

enum cosmo_err __wrap_store_open(const struct store_paths *paths, struct store **ret)
{
	return __real_store_open(fixture ? &fixture->paths : paths, ret);
}

enum cosmo_err __wrap_config_load(
	const char *path, struct config **ret, struct config_problem *ret_problem)
{
	(void)path;
	return config_parse(CONFIG_TEXT, strlen(CONFIG_TEXT), ret, ret_problem);
}

bool __wrap_log_send(const char *ident, int priority, const char *line, int64_t wait_ms)
{
	(void)ident;
	(void)priority;
	(void)wait_ms;
	CAMPAIGN_ASSERT(!strstr(line, HELPER_WORLD_TOKEN));
	for (; *line; line++)
		CAMPAIGN_ASSERT(*line >= ' ' && *line <= '~');
	return true;
}

/* Fetch is nobody; the judge is the test's, and is told nothing but what it may know. */
enum cosmo_err __wrap_spawn_program(const char *path, const char *argument, int peer_fd,
	int second_fd, struct spawn_child *ret_child)
{
	CAMPAIGN_ASSERT(!argument);
	*ret_child = (struct spawn_child){.pid = -1, .pid_fd = -1};
	if (second_fd < 0) {
		CAMPAIGN_ASSERT(strstr(path, "fetch"));
		return COSMO_OK;
	}
	CAMPAIGN_ASSERT(strstr(path, "judge") && !now->judge);
	now->judge = peer_adopt(dup(peer_fd));
	now->judge_plays(now);
	return COSMO_OK;
}

static const char *word_of(unsigned int field, struct dice *dice)
{
	static const char *const others[] = {"bob", "Ada", "ada ", "", "root", "ad", "adaa"};
	static const char *const roles[] = {"admin", "developer", "viewer", "admin", "wheel", ""};
	bool is_true = !dice_chance(dice, 6);

	switch (field) {
	case FIELD_ISSUER:
		return is_true ? HELPER_WORLD_ISSUER : HELPER_WORLD_ISSUER "/";
	case FIELD_SUB:
		return is_true ? HELPER_WORLD_SUB : "1001";
	case FIELD_USERNAME:
	case FIELD_USER:
		return is_true ? "ada" : others[dice_below(dice, COSMO_ARRAY_LEN(others))];
	case FIELD_ROLE:
		return roles[dice_below(dice, is_true ? 3 : COSMO_ARRAY_LEN(roles))];
	case FIELD_DISPLAY_NAME:
		return is_true ? "Ada Lovelace" : "Ada:0:0\n\x1b[2J";
	case FIELD_SERVICE:
		return is_true ? "sshd" : "cron";
	case FIELD_VERIFICATION_URI:
		return HELPER_WORLD_ISSUER "/device";
	case FIELD_USER_CODE:
		return "WDJB-MJHT";
	case FIELD_REFRESH_TOKEN:
		return HELPER_WORLD_TOKEN;
	default:
		return NULL;
	}
}

const void *helper_world_speak(
	unsigned int type, unsigned int field, struct dice *dice, size_t *ret_len)
{
	const char *word = word_of(field, dice);
	bool has_number = field == FIELD_CLAIM_STATE || field == FIELD_EXPIRES_IN_S ||
			  field == FIELD_INTERACTIVE || field == FIELD_UID ||
			  field == FIELD_AUTH_TIME_S || field == FIELD_IDP_TIME_S;
	unsigned char bytes[8] = {0};

	(void)type;
	*ret_len = sizeof(bytes);
	if (word) {
		*ret_len = strlen(word) + (grammar_field(field)->kind == GRAMMAR_STR);
		return draft_keep(word, *ret_len);
	}
	if (!has_number || dice_chance(dice, 6))
		return NULL;
	if (field == FIELD_INTERACTIVE)
		bytes[0] = 1;
	else if (field == FIELD_EXPIRES_IN_S)
		bytes[0] = 200;
	return draft_keep(bytes, sizeof(bytes));
}

static void begin(struct helper_world *world, int *ret_theirs)
{
	peers_begin();
	now = world;
	world->judge = NULL;
	world->module = peer_new(ret_theirs);
	world->module_plays(world);
}

void helper_world_run(struct helper_world *world)
{
	int theirs = -1;
	int64_t began_ms = 0;

	begin(world, &theirs);
	began_ms = peers_now_ms();
	(void)!serve(theirs, CHANNEL_MODULE_HELPER);
	world->took_ms = peers_now_ms() - began_ms;
	close(theirs);
	peers_end();
}

static uint64_t state_number;

static void add_to_state(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t word = 0;

	for (size_t i = 0; i < len; i += sizeof(word)) {
		word = 0;
		memcpy(&word, at + i, len - i < sizeof(word) ? len - i : sizeof(word));
		state_number = (state_number ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		state_number ^= state_number >> 29;
	}
}

static int add_file(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	static unsigned char bytes[MAX_FILE_BYTES];
	ssize_t len = 0;
	int fd = -1;

	(void)where;
	add_to_state(path, strlen(path));
	if (kind != FTW_F || status->st_size == 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = read(fd, bytes, sizeof(bytes));
	close(fd);
	if (len != status->st_size)
		return -1;
	add_to_state(bytes, (size_t)len);
	return 0;
}

uint64_t helper_world_state(void)
{
	state_number = 1;
	assert_int_equal(nftw(fixture->state_dir, add_file, 8, FTW_PHYS), 0);
	return state_number;
}

struct record *helper_world_record(void)
{
	struct record *record = NULL;

	CAMPAIGN_ASSERT(record_load(fixture->store, "ada", &record) == COSMO_OK);
	return record;
}

void helper_world_put_record(const struct record *record)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};

	CAMPAIGN_ASSERT(
		config_parse(CONFIG_TEXT, strlen(CONFIG_TEXT), &config, &problem) == COSMO_OK);
	CAMPAIGN_ASSERT(store_lock(fixture->store, STORE_LOCK_MS) == COSMO_OK);
	CAMPAIGN_ASSERT(commit_user(fixture->store, config, record) == COSMO_OK);
	store_unlock(fixture->store);
}

bool helper_world_identity(const struct helper_world *world, struct heard *ret)
{
	const struct peer *judge = world->judge;
	size_t offset = 0;
	size_t cached = 0;
	bool shown = false;

	while (judge && heard_next(judge->said, judge->said_len, &offset, ret)) {
		if (ret->type == MESSAGE_JUDGE_CACHE && cached++ < 8)
			continue;
		if (ret->type == MESSAGE_JUDGE_SHOW && !shown) {
			shown = true;
			continue;
		}
		return ret->type == MESSAGE_JUDGE_IDENTITY && shown;
	}
	return false;
}

enum cosmo_err helper_world_answer(const struct helper_world *world)
{
	static struct heard heard;
	const struct peer *module = world->module;
	size_t offset = 0;

	if (module->told_len == 0)
		return COSMO_E_PEER_GONE;
	CAMPAIGN_ASSERT(heard_next(module->told, module->told_len, &offset, &heard));
	if (heard.type == MESSAGE_SHOW) {
		if (offset == module->told_len)
			return COSMO_E_PEER_GONE;
		CAMPAIGN_ASSERT(heard_next(module->told, module->told_len, &offset, &heard));
	}
	CAMPAIGN_ASSERT(heard.type == MESSAGE_RESULT && offset == module->told_len);
	return (enum cosmo_err)heard_u64(&heard, FIELD_ERR, COSMO_E_PROTOCOL);
}

static void be_asked(struct helper_world *world)
{
	struct draft *question = NULL;

	draft_list_begin(&world->module_list, helper_world_speak);
	question = draft_add(&world->module_list, MESSAGE_SIGN_IN, &world->dice);
	draft_set_str(question, FIELD_USER, "ada");
	draft_set_str(question, FIELD_SERVICE, "sshd");
	draft_set_u64(question, FIELD_INTERACTIVE, 1);
	for (unsigned int field = FIELD_FROZEN_UID; field <= FIELD_FROZEN_SHELL; field++)
		draft_remove(question, field);
	peer_say(world->module, &world->module_list);
}

static void know_ada(struct helper_world *world)
{
	struct draft *identity = NULL;

	world->judge_list.speaker = helper_world_speak;
	world->judge_list.count = 0;
	draft_add(&world->judge_list, MESSAGE_JUDGE_SHOW, &world->dice);
	identity = draft_add(&world->judge_list, MESSAGE_JUDGE_IDENTITY, &world->dice);
	draft_set_str(identity, FIELD_ISSUER, HELPER_WORLD_ISSUER);
	draft_set_str(identity, FIELD_SUB, HELPER_WORLD_SUB);
	draft_set_str(identity, FIELD_USERNAME, "ada");
	draft_set_str(identity, FIELD_ROLE, "admin");
	draft_set_u64(identity, FIELD_CLAIM_STATE, CLAIM_PRESENT);
	for (unsigned int field = FIELD_AUTH_TIME_S; field <= FIELD_UID; field++)
		draft_remove(identity, field);
	peer_say(world->judge, &world->judge_list);
}

const struct helper_world helper_world_honest = {.module_plays = be_asked, .judge_plays = know_ada};

static int connect_and_enrol(void)
{
	static const struct integration_partner idp = {
		.issuer = HELPER_WORLD_ISSUER, .client_id = "host", .offline_access = true};
	static struct helper_world world;
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};

	if (config_parse(CONFIG_TEXT, strlen(CONFIG_TEXT), &config, &problem)) {
		print_message("line %u: %s\n", problem.line, problem.text);
		return -1;
	}
	if (commit_settings(fixture->store, config, -1) ||
		integration_connect(fixture->store, &idp, &integration))
		return -1;
	store_unlock(fixture->store);
	world = helper_world_honest;
	helper_world_run(&world);
	return helper_world_answer(&world) == COSMO_OK ? 0 : -1;
}

int helper_world_start(void **state)
{
	int status = fixture_setup_in_memory(state);

	fixture = *state;
	return status ? status : connect_and_enrol();
}

int helper_world_stop(void **state)
{
	fixture = NULL;
	return fixture_teardown(state);
}
