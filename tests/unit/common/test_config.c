/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config.h"

#define CONNECTED "[integration]\nissuer = https://idp.example\nclient_id = host\n"
#define RULE      "[rules]\nadmin = admins\n"

static struct config *parsed(const char *text)
{
	struct config *config = NULL;
	struct config_problem problem = {.line = 0};
	enum cosmo_err err = config_parse(text, strlen(text), &config, &problem);

	if (err)
		print_message("line %u: %s\n", problem.line, problem.text);
	assert_int_equal(err, COSMO_OK);
	return config;
}

static void test_config__nothing_given__is_all_defaults(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed("");

	(void)state;
	assert_false(config_is_connected(config));
	assert_null(config->issuer);
	assert_null(config->client_id);
	assert_null(config->client_secret_file);
	assert_null(config->ca_file);
	assert_null(config->proxy);
	assert_null(config->audience);
	assert_null(config->uid_claim);
	assert_null(config->value_strip_prefix);
	assert_int_equal(config->client_auth, CLIENT_AUTH_NONE);
	assert_string_equal(config->scopes, "openid profile");
	assert_string_equal(config->claim, "ssoGroups");
	assert_string_equal(config->username_claim, "preferred_username");
	assert_string_equal(config->subject_claim, "sub");
	assert_string_equal(config->name_claim, "name");
	assert_int_equal(config->strip_domain.count, 0);
	assert_false(config->keep_domains);
	assert_int_equal(config->algs.count, 10);
	assert_string_equal(config->algs.items[0], "RS256");
	assert_string_equal(config->algs.items[9], "PS512");
	assert_int_equal(config->skew_s, 60);
}

static void test_config__nothing_given__enrolment_and_roles_have_defaults(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed("");

	(void)state;
	assert_int_equal(config->enroll, CONFIG_ENROLL_AUTO);
	assert_int_equal(config->uid_min, 0x70000400);
	assert_int_equal(config->uid_max, 0x7ffdffff);
	assert_string_equal(config->home, "/home/%u");
	assert_string_equal(config->shell, "/bin/bash");
	assert_int_equal(config->reserved.count, 0);
	assert_string_equal(config->sshd_paths.items[0], "/usr/sbin/sshd");
	assert_false(config->no_match_deny);
	assert_false(config->no_claim_viewer);
	assert_int_equal(config->refresh_after_s, 900);
	assert_int_equal(config->role_lease_s, 86400);
	assert_int_equal(config->refresh_timeout_s, 5);
	assert_int_equal(config->users_gid, 0x70000000);
	assert_int_equal(config->rule_count, 0);
	assert_int_equal(config->qr, CONFIG_QR_UTF8);
	assert_int_equal(config->complete_uri, CONFIG_COMPLETE_URI_ALWAYS);
	assert_int_equal(config->unknown_flows, 2);
	assert_int_equal(config->unknown_per_source_hour, 6);
	assert_int_equal(config->unknown_per_host_hour, 30);
	assert_true(config->user_flows >= 1);
	assert_true(config->user_per_hour >= config->user_flows);
	assert_true(config->host_flows >= config->user_flows);
	assert_int_equal(config->session_max_s, 14 * 86400);
}

static void test_config__built_in_roles__have_fixed_places_groups_and_gids(void **state)
{
	static const struct {
		const char *name;
		const char *group;
		uint32_t gid;
	} roles[] = {
		{"viewer", "cosmo-viewer", 0x70000001},
		{"developer", "cosmo-developer", 0x70000002},
		{"admin", "cosmo-admin", 0x70000003},
	};
	COSMO_AUTO(config_free) struct config *config = parsed("[role admin]\n[role viewer]\n");

	(void)state;
	assert_int_equal(config->role_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(config->roles[i].name, roles[i].name);
		assert_string_equal(config->roles[i].group, roles[i].group);
		assert_int_equal(config->roles[i].gid, roles[i].gid);
		assert_false(config->roles[i].allow_privileged);
		assert_int_equal(config_role_index(config, roles[i].name), i);
	}
	assert_int_equal(config_role_index(config, "view"), -1);
	assert_int_equal(config_role_index(config, ""), -1);
}

/* Fleets rely on these numbers: they depend on nothing but the name. */
static void test_config__declared_roles__have_gids_by_their_names(void **state)
{
	COSMO_AUTO(config_free)
	struct config *config = parsed("[role operator]\n[role auditor]\n[role dba]\n"
				       "gid = 0x70000123\ngroup = databases\n");
	const struct config_role *roles = config->roles + 3;

	(void)state;
	assert_int_equal(config->role_count, 6);
	assert_string_equal(roles[0].group, "cosmo-operator");
	assert_int_equal(roles[0].gid, 0x70000201);
	assert_int_equal(roles[1].gid, 0x70000374);
	assert_string_equal(roles[2].group, "databases");
	assert_int_equal(roles[2].gid, 0x70000123);
}

static void test_config__every_integration_option__lands_in_its_place(void **state)
{
	COSMO_AUTO(config_free)
	struct config *config = parsed(
		"[integration]\nissuer = https://idp.example:8443/realms/x/\nclient_id = a b\n"
		"client_secret_file = /etc/cosmo-sso/secret\nclient_auth = post\n"
		"ca_file = /etc/ca.pem\nproxy = http://user:pass@proxy.example:3128\n"
		"scopes = openid email groups\naudience = https://api.example\n"
		"claim = https://example.com/groups\nusername_claim = upn\nsubject_claim = oid\n"
		"name_claim = display\nvalue_strip_prefix = /hosts/\nstrip_domain = example.com, example.org\n"
		"keep_domains = yes\nalgs = ES256\tEdDSA\nskew = 2m\n" RULE);

	(void)state;
	assert_true(config_is_connected(config));
	assert_string_equal(config->issuer, "https://idp.example:8443/realms/x/");
	assert_string_equal(config->client_id, "a b");
	assert_string_equal(config->client_secret_file, "/etc/cosmo-sso/secret");
	assert_int_equal(config->client_auth, CLIENT_AUTH_POST);
	assert_string_equal(config->ca_file, "/etc/ca.pem");
	assert_string_equal(config->proxy, "http://user:pass@proxy.example:3128");
	assert_string_equal(config->scopes, "openid email groups");
	assert_string_equal(config->audience, "https://api.example");
	assert_string_equal(config->claim, "https://example.com/groups");
	assert_string_equal(config->username_claim, "upn");
	assert_string_equal(config->subject_claim, "oid");
	assert_string_equal(config->name_claim, "display");
	assert_string_equal(config->value_strip_prefix, "/hosts/");
	assert_int_equal(config->strip_domain.count, 2);
	assert_string_equal(config->strip_domain.items[1], "example.org");
	assert_true(config->keep_domains);
	assert_int_equal(config->algs.count, 2);
	assert_string_equal(config->algs.items[1], "EdDSA");
	assert_int_equal(config->skew_s, 120);
}

static void test_config__every_other_option__lands_in_its_place(void **state)
{
	COSMO_AUTO(config_free)
	struct config *config = parsed(
		"[enroll]\nmode = listed\nuid_min = 70000\nuid_max = 0x1ffff\nuid_claim = uid\n"
		"home = /srv/%u/home\nshell = /bin/zsh\nreserved = ci bot\n"
		"sshd_paths = /opt/sshd\n"
		"[roles]\nno_match = deny\nno_claim = viewer\nrefresh_after = 5m\n"
		"role_lease = 8h\nrefresh_timeout = 3s\nusers_gid = 4000\n"
		"group_members = omit\n"
		"[prompt]\nqr = ascii-inverse\ncomplete_uri = local\n"
		"[limits]\nunknown_flows = 0\nunknown_per_source_hour = 1\n"
		"unknown_per_host_hour = 2\nuser_flows = 3\nuser_per_hour = 4\nhost_flows = 5\n"
		"session_max = 1d\n");

	(void)state;
	assert_int_equal(config->enroll, CONFIG_ENROLL_LISTED);
	assert_int_equal(config->uid_min, 70000);
	assert_int_equal(config->uid_max, 0x1ffff);
	assert_string_equal(config->uid_claim, "uid");
	assert_string_equal(config->home, "/srv/%u/home");
	assert_string_equal(config->shell, "/bin/zsh");
	assert_int_equal(config->reserved.count, 2);
	assert_string_equal(config->sshd_paths.items[0], "/opt/sshd");
	assert_true(config->no_match_deny);
	assert_true(config->no_claim_viewer);
	assert_int_equal(config->refresh_after_s, 300);
	assert_int_equal(config->role_lease_s, 8 * 3600);
	assert_int_equal(config->refresh_timeout_s, 3);
	assert_int_equal(config->users_gid, 4000);
	assert_true(config->omit_members);
	assert_int_equal(config->qr, CONFIG_QR_ASCII_INVERSE);
	assert_int_equal(config->complete_uri, CONFIG_COMPLETE_URI_LOCAL);
	assert_int_equal(config->unknown_flows, 0);
	assert_int_equal(config->unknown_per_source_hour, 1);
	assert_int_equal(config->unknown_per_host_hour, 2);
	assert_int_equal(config->user_flows, 3);
	assert_int_equal(config->user_per_hour, 4);
	assert_int_equal(config->host_flows, 5);
	assert_int_equal(config->session_max_s, 86400);
}

static void test_config__client_auth__follows_the_secret(void **state)
{
	COSMO_AUTO(config_free)
	struct config *with = parsed("[integration]\nclient_secret_file = /s\n");
	COSMO_AUTO(config_free)
	struct config *automatic =
		parsed("[integration]\nclient_auth = auto\nclient_secret_file = /s\n");
	COSMO_AUTO(config_free) struct config *none = parsed("[integration]\nclient_auth = none\n");

	(void)state;
	assert_int_equal(with->client_auth, CLIENT_AUTH_BASIC);
	assert_int_equal(automatic->client_auth, CLIENT_AUTH_BASIC);
	assert_int_equal(none->client_auth, CLIENT_AUTH_NONE);
}

/* case: rule: backslashes and equals signs stand for themselves behind the first equals sign */
static void test_config__rules__keep_order_line_and_every_character(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} rules[] = {
		{"admin = platform ; admins # all", 5},
		{"admin = ~^(cn=ops,ou=x|a:b)\\.\\d+$", 6},
		{"viewer = a = b", 7},
		{"operator = /Groups/\303\234bung", 8},
		{"admin = ~x y", 9},
	};
	COSMO_AUTO(config_free)
	struct config *config = parsed(CONNECTED "[rules]\n"
						 "admin=platform ; admins # all\n"
						 "\tadmin =\t~^(cn=ops,ou=x|a:b)\\.\\d+$  \n"
						 "viewer = a = b\n"
						 "operator = /Groups/\303\234bung\n"
						 "admin = ~  x y\n"
						 "[role operator]\n");

	(void)state;
	assert_int_equal(config->rule_count, COSMO_ARRAY_LEN(rules));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rules); i++) {
		assert_string_equal(config->rules[i].text, rules[i].text);
		assert_int_equal(config->rules[i].line, rules[i].line);
	}
}

static void test_config__unconnected_file__may_lack_rules_or_have_them(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed(RULE);

	(void)state;
	assert_false(config_is_connected(config));
	assert_int_equal(config->rule_count, 1);
}

/* case: rule: a privileged local group needs allow_privileged in so many words */
static void test_config__privileged_groups__are_allowed_in_so_many_words(void **state)
{
	COSMO_AUTO(config_free)
	struct config *config = parsed("[role admin]\nlocal_groups = sudo docker dialout\n"
				       "allow_privileged = yes\n"
				       "[role developer]\nlocal_groups = dialout, _ssh\n");

	(void)state;
	assert_int_equal(config->roles[2].local_groups.count, 3);
	assert_true(config->roles[2].allow_privileged);
	assert_string_equal(config->roles[1].local_groups.items[1], "_ssh");
}

static void test_config_free__null__is_allowed(void **state)
{
	(void)state;
	config_free(NULL);
}

/* A file of root's in a folder of its own; skipped for others. */
static enum cosmo_err load(const char *text, mode_t mode, struct config_problem *ret_problem)
{
	char path[] = "/tmp/cosmo-config-XXXXXX";
	COSMO_AUTO(config_free) struct config *config = NULL;
	COSMO_AUTO_FD int fd = mkstemp(path);
	enum cosmo_err err = COSMO_OK;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	err = config_load(path, &config, ret_problem);
	unlink(path);
	return err;
}

static void test_config_load__file_of_root__is_read(void **state)
{
	struct config_problem problem = {.line = 0};
	COSMO_AUTO(config_free) struct config *config = NULL;

	(void)state;
	assert_int_equal(config_load("/nonexistent/file", &config, &problem), COSMO_E_CONFIG);
	assert_null(config);
	assert_int_equal(problem.line, 0);
	assert_string_equal(problem.text, "there is no such file");
	if (geteuid() != 0) {
		print_message("SKIPPED: needs root\n");
		skip();
	}
	assert_int_equal(load(CONNECTED RULE, 0644, &problem), COSMO_OK);
	assert_int_equal(load(CONNECTED RULE, 0600, &problem), COSMO_OK);
	assert_int_equal(load(CONNECTED RULE, 0664, &problem), COSMO_E_UNSAFE_FILE);
	assert_int_equal(load(CONNECTED RULE, 0646, &problem), COSMO_E_UNSAFE_FILE);
	assert_int_equal(load("[integration]\n\nx = y\n", 0644, &problem), COSMO_E_CONFIG);
	assert_int_equal(problem.line, 3);
}

static void test_config_load__somebody_else_s_or_large__is_refused(void **state)
{
	char path[] = "/tmp/cosmo-config-XXXXXX";
	COSMO_AUTO_FD int fd = mkstemp(path);
	struct config_problem problem = {.line = 0};
	COSMO_AUTO(config_free) struct config *config = NULL;
	enum cosmo_err large = COSMO_OK;
	enum cosmo_err theirs = COSMO_OK;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIPPED: needs root\n");
		skip();
	}
	assert_int_equal(ftruncate(fd, (off_t)CONFIG_MAX_BYTES + 1), 0);
	large = config_load(path, &config, &problem);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(fchown(fd, 65534, 65534), 0);
	theirs = config_load(path, &config, &problem);
	unlink(path);
	assert_int_equal(large, COSMO_E_TOO_BIG);
	assert_int_equal(theirs, COSMO_E_UNSAFE_FILE);
	assert_null(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config__nothing_given__is_all_defaults),
		cmocka_unit_test(test_config__nothing_given__enrolment_and_roles_have_defaults),
		cmocka_unit_test(test_config__built_in_roles__have_fixed_places_groups_and_gids),
		cmocka_unit_test(test_config__declared_roles__have_gids_by_their_names),
		cmocka_unit_test(test_config__every_integration_option__lands_in_its_place),
		cmocka_unit_test(test_config__every_other_option__lands_in_its_place),
		cmocka_unit_test(test_config__client_auth__follows_the_secret),
		cmocka_unit_test(test_config__rules__keep_order_line_and_every_character),
		cmocka_unit_test(test_config__unconnected_file__may_lack_rules_or_have_them),
		cmocka_unit_test(test_config__privileged_groups__are_allowed_in_so_many_words),
		cmocka_unit_test(test_config_free__null__is_allowed),
		cmocka_unit_test(test_config_load__file_of_root__is_read),
		cmocka_unit_test(test_config_load__somebody_else_s_or_large__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
