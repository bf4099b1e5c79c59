/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/confirmation.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/show.h"

#define NOW 1800000000

static char folder[64];
static char passwd[96];
static char group[96];
static const struct enrol_files files = {.passwd = passwd, .group = group};
static struct config config;

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_config(void)
{
	static char home[] = "/home/%u";
	static char shell[] = "/bin/bash";
	static char extra[] = "service1";
	static char dialout[] = "dialout";

	config = (struct config){.uid_min = 1000,
		.uid_max = 60000,
		.home = home,
		.shell = shell,
		.users_gid = 2000,
		.role_count = 2};
	config.reserved.items[0] = extra;
	config.reserved.count = 1;
	strcpy(config.roles[0].name, "viewer");
	strcpy(config.roles[0].group, "cosmo-viewer");
	config.roles[0].gid = 2001;
	strcpy(config.roles[1].name, "admin");
	strcpy(config.roles[1].group, "wizards");
	config.roles[1].gid = 2002;
	config.roles[1].local_groups.items[0] = dialout;
	config.roles[1].local_groups.count = 1;
}

static int make_files(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/cosmo-enrol-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(passwd, sizeof(passwd), "%s/passwd", folder);
	(void)snprintf(group, sizeof(group), "%s/group", folder);
	put_file(passwd, "root:x:0:0::/root:/bin/sh\nlokal:x:1001:1001::/home/lokal:/bin/sh\n"
			 "padded:x: 01002:7::/:/bin/sh\nlast:x:1003:1::/:");
	put_file(group, "root:x:0:\ngruppe:x:1500:lokal\n");
	make_config();
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	unlink(passwd);
	unlink(group);
	return rmdir(folder);
}

/* case: claim: the name of a local user, a local group, a role group or a reserved name is refused
 */
static void test_enrol_check_name__table__first_reason(void **state)
{
	static const struct {
		const char *name;
		enum cosmo_err expected;
	} rows[] = {
		{"ada", COSMO_OK},
		{"lok", COSMO_OK},
		{"lokal2", COSMO_OK},
		{"lokal", COSMO_E_NAME_RESERVED},
		{"last", COSMO_E_NAME_RESERVED},
		{"gruppe", COSMO_E_NAME_RESERVED},
		{"root", COSMO_E_NAME_RESERVED},
		{"sudo", COSMO_E_NAME_RESERVED},
		{"service1", COSMO_E_NAME_RESERVED},
		{"cosmo-viewer", COSMO_E_NAME_RESERVED},
		{"cosmo-users", COSMO_E_NAME_RESERVED},
		{"wizards", COSMO_E_NAME_RESERVED},
		{"dialout", COSMO_E_NAME_RESERVED},
		{"Ada", COSMO_E_NAME_FORM},
		{"", COSMO_E_NAME_FORM},
		{"a:b", COSMO_E_NAME_FORM},
		{"../ada", COSMO_E_NAME_FORM},
		{"ada@example.org", COSMO_E_NAME_FORM},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i].name);
		assert_int_equal(enrol_check_name(&config, &files, rows[i].name), rows[i].expected);
	}
}

static void test_enrol_check_name__no_local_file__refused(void **state)
{
	(void)state;
	unlink(group);
	assert_int_not_equal(enrol_check_name(&config, &files, "ada"), COSMO_OK);
	assert_int_not_equal(enrol_check_uid(&config, &files, 1234), COSMO_OK);
	unlink(passwd);
	assert_int_not_equal(enrol_check_known_name(&files, "ada"), COSMO_OK);
}

static void test_enrol_check_known_name__table__local_users_only(void **state)
{
	(void)state;
	assert_int_equal(enrol_check_known_name(&files, "ada"), COSMO_OK);
	assert_int_equal(enrol_check_known_name(&files, "gruppe"), COSMO_OK);
	assert_int_equal(enrol_check_known_name(&files, "lokal"), COSMO_E_NAME_RESERVED);
}

static void test_enrol_check_uid__table__nobody_elses(void **state)
{
	static const struct {
		uint32_t uid;
		enum cosmo_err expected;
	} rows[] = {
		{1000, COSMO_OK},
		{60000, COSMO_OK},
		{0, COSMO_E_UID},
		{999, COSMO_E_UID},
		{60001, COSMO_E_UID},
		{UINT32_MAX, COSMO_E_UID},
		{1001, COSMO_E_UID},
		{1002, COSMO_E_UID},
		{1003, COSMO_E_UID},
		{1500, COSMO_E_UID},
		{2000, COSMO_E_UID},
		{2001, COSMO_E_UID},
		{2002, COSMO_E_UID},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%u\n", rows[i].uid);
		assert_int_equal(enrol_check_uid(&config, &files, rows[i].uid), rows[i].expected);
	}
}

static void test_enrol_check_home__table__own_directory_or_none(void **state)
{
	char home[128] = "";

	(void)state;
	(void)snprintf(home, sizeof(home), "%s/ada", folder);
	assert_int_equal(enrol_check_home(home, 1234), COSMO_OK);
	assert_int_equal(mkdir(home, 0700), 0);
	assert_int_equal(enrol_check_home(home, getuid()), COSMO_OK);
	assert_int_equal(enrol_check_home(home, getuid() + 1), COSMO_E_HOME_FOREIGN);
	assert_int_equal(rmdir(home), 0);
	assert_int_equal(symlink("/", home), 0);
	assert_int_equal(enrol_check_home(home, getuid()), COSMO_E_HOME_FOREIGN);
	assert_int_equal(unlink(home), 0);
	put_file(home, "");
	assert_int_equal(enrol_check_home(home, getuid()), COSMO_E_HOME_FOREIGN);
	assert_int_equal(unlink(home), 0);
}

static struct message *token_message(const char *token)
{
	struct message *message = NULL;

	assert_int_equal(message_new(MESSAGE_JUDGE_IDENTITY, &message), COSMO_OK);
	if (token)
		message_put_bytes(message, FIELD_REFRESH_TOKEN, token, strlen(token));
	return message;
}

static void apply(struct record *record, struct identity *who, uint64_t roles, int64_t now_s)
{
	static const unsigned char id[INTEGRATION_BYTES] = {9};
	const struct confirmation confirmation = {.config = &config,
		.identity = who,
		.integration = id,
		.roles = roles,
		.now_s = now_s};

	assert_int_equal(confirmation_apply(&confirmation, record), COSMO_OK);
	assert_memory_equal(record->integration, id, sizeof(id));
}

static void test_confirmation_apply__second_time__replaces_whole(void **state)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	COSMO_AUTO(message_free) struct message *first = token_message("token-1");
	COSMO_AUTO(message_free) struct message *second = token_message(NULL);
	struct identity who = {.issuer = "https://idp.example",
		.sub = "1000",
		.username = "ada",
		.display_name = "Ada:\nLovelace",
		.acr = "strong",
		.auth_time_s = 77,
		.idp_time_s = NOW - 400,
		.refresh_expires_in_s = 60,
		.message = first};

	(void)state;
	assert_int_equal(enrol_record_new(&config, "ada", 1234, NOW, &record), COSMO_OK);
	assert_string_equal(record->home, "/home/ada");
	assert_int_equal(record->gid, 1234);
	apply(record, &who, 3, NOW);
	assert_int_equal(record->role_count, 2);
	assert_string_equal(record->roles[1], "admin");
	assert_string_equal(record->display_name, "Ada ?Lovelace");
	assert_int_equal(record->confirmed_s, NOW - 100);
	assert_int_equal(record->refresh_expires_s, NOW + 60);
	assert_string_equal(secret_peek(record->refresh_token), "token-1");

	record->reason = COSMO_E_INVALID_GRANT;
	who = (struct identity){.issuer = "https://idp.example",
		.sub = "1000",
		.username = "ada",
		.message = second};
	apply(record, &who, 1, NOW + 5);
	assert_int_equal(record->role_count, 1);
	assert_string_equal(record->roles[0], "viewer");
	assert_null(record->roles[1]);
	assert_null(record->refresh_token);
	assert_null(record->acr);
	assert_string_equal(record->display_name, "");
	assert_int_equal(record->refresh_expires_s, 0);
	assert_int_equal(record->auth_time_s, 0);
	assert_int_equal(record->confirmed_s, NOW + 5);
	assert_int_equal(record->signed_in_s, NOW + 5);
	assert_int_equal(record->enrolled_s, NOW);
	assert_int_equal(record->reason, COSMO_OK);
}

static void test_confirmation_refresh__roles__are_all_that_is_replaced(void **state)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	COSMO_AUTO(message_free) struct message *message = token_message("token-1");
	static const unsigned char id[INTEGRATION_BYTES] = {9};
	struct identity who = {.issuer = "https://idp.example",
		.sub = "1000",
		.username = "ada",
		.display_name = "Ada",
		.acr = "strong",
		.auth_time_s = 77,
		.idp_time_s = NOW,
		.message = message};
	struct identity later = {.issuer = "https://idp.example",
		.sub = "1000",
		.username = "",
		.acr = "weak",
		.auth_time_s = 99,
		.idp_time_s = NOW + 50};
	const struct confirmation refresh = {.config = &config,
		.identity = &later,
		.integration = id,
		.roles = 1,
		.now_s = NOW + 60};

	(void)state;
	assert_int_equal(enrol_record_new(&config, "ada", 1234, NOW, &record), COSMO_OK);
	record->refresh_asked_s = NOW - 1;
	apply(record, &who, 3, NOW);
	assert_int_equal(record->refresh_asked_s, 0); /* it was about another token */
	record->refresh_asked_s = NOW + 55;
	assert_int_equal(confirmation_refresh(&refresh, record), COSMO_OK);
	assert_int_equal(record->role_count, 1);
	assert_string_equal(record->roles[0], "viewer");
	assert_null(record->roles[1]);
	assert_int_equal(record->confirmed_s, NOW + 60);
	assert_int_equal(record->refresh_asked_s, 0);
	assert_int_equal(record->signed_in_s, NOW);
	assert_int_equal(record->auth_time_s, 77);
	assert_string_equal(record->acr, "strong");
	assert_string_equal(record->display_name, "Ada");
	assert_string_equal(secret_peek(record->refresh_token), "token-1");

	confirmation_refuse(record, COSMO_E_INVALID_GRANT);
	assert_int_equal(record->role_count, 0);
	assert_null(record->roles[0]);
	assert_int_equal(record->reason, COSMO_E_INVALID_GRANT);
	assert_int_equal(record->confirmed_s, NOW + 60);
}

static void test_confirmation_time__table__never_ahead_of_the_idp(void **state)
{
	(void)state;
	assert_int_equal(confirmation_time_s(NOW, 0), NOW);
	assert_int_equal(confirmation_time_s(NOW, NOW), NOW);
	assert_int_equal(confirmation_time_s(NOW, NOW + 9999), NOW);
	assert_int_equal(confirmation_time_s(NOW, NOW - 300), NOW);
	assert_int_equal(confirmation_time_s(NOW, NOW - 301), NOW - 1);
}

static void test_show_is_local__table__console_alone(void **state)
{
	static const struct {
		const char *rhost, *tty;
		bool expected;
	} rows[] = {
		{NULL, "/dev/tty1", true},
		{"", "tty1", true},
		{NULL, "ttyS0", false},
		{NULL, ":0", true},
		{NULL, "pts/3", false},
		{NULL, "/dev/pts/3", false},
		{NULL, NULL, false},
		{NULL, "", false},
		{NULL, "tty", false},
		{NULL, ":", false},
		{"192.0.2.1", "tty1", false},
		{NULL, "ssh", false},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("%s\n", rows[i].tty ? rows[i].tty : "-");
		assert_int_equal(show_is_local(rows[i].rhost, rows[i].tty), rows[i].expected);
	}
}

static void test_show_issuer_host__table__host_alone(void **state)
{
	char host[16] = "";

	(void)state;
	show_issuer_host("https://idp.example/realms/x", host, sizeof(host));
	assert_string_equal(host, "idp.example");
	show_issuer_host("https://idp:8443", host, sizeof(host));
	assert_string_equal(host, "idp:8443");
	show_issuer_host("https://a-very-long-name.example/", host, sizeof(host));
	assert_string_equal(host, "a-very-long-nam");
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, make_files, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILES(test_enrol_check_name__table__first_reason),
		WITH_FILES(test_enrol_check_name__no_local_file__refused),
		WITH_FILES(test_enrol_check_known_name__table__local_users_only),
		WITH_FILES(test_enrol_check_uid__table__nobody_elses),
		WITH_FILES(test_enrol_check_home__table__own_directory_or_none),
		WITH_FILES(test_confirmation_apply__second_time__replaces_whole),
		WITH_FILES(test_confirmation_refresh__roles__are_all_that_is_replaced),
		cmocka_unit_test(test_confirmation_time__table__never_ahead_of_the_idp),
		cmocka_unit_test(test_show_is_local__table__console_alone),
		cmocka_unit_test(test_show_issuer_host__table__host_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
