/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/config.h"

enum {
	VIEWER = 1,
	DEVELOPER = 2,
	ADMIN = 4,
	ALL = 7,
};

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

static struct config_service service_of(const struct config *config, const char *name)
{
	struct config_service service;

	memset(&service, 0xee, sizeof(service));
	config_service(config, name, &service);
	return service;
}

static void test_config_service__unlisted__is_skipped_and_open_to_any_role(void **state)
{
	static const char *const names[] = {"cron", "", "sud", "sudoo", "ssh", "sshd2", "SUDO"};
	COSMO_AUTO(config_free) struct config *config = parsed("");

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		struct config_service service = service_of(config, names[i]);

		print_message("%s\n", names[i]);
		assert_string_equal(service.name, names[i]);
		assert_int_equal(service.auth, CONFIG_AUTH_SKIP);
		assert_false(service.has_auth);
		assert_int_equal(service.access, CONFIG_ACCESS_ANY);
		assert_false(service.names_viewer);
		assert_int_equal(service.deadline_s, 300);
		assert_null(service.acr);
		assert_int_equal(service.amr.count, 0);
		assert_int_equal(service.max_age_s, 0);
	}
}

static void test_config_service__ways_to_root__are_admin_s_even_unlisted(void **state)
{
	static const char *const names[] = {"sudo", "sudo-i", "su", "su-l", "polkit-1", "doas"};
	COSMO_AUTO(config_free) struct config *config = parsed("[access]\ncron = any\n");

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(names); i++) {
		struct config_service service = service_of(config, names[i]);

		print_message("%s\n", names[i]);
		assert_int_equal(service.access, CONFIG_ACCESS_ROLES);
		assert_int_equal(service.access_roles, ADMIN);
		assert_false(service.names_viewer);
		assert_int_equal(service.auth, CONFIG_AUTH_SKIP);
	}
}

static void test_config_service__sshd_and_login__sign_in_by_device(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed("");
	struct config_service sshd = service_of(config, "sshd");
	struct config_service login = service_of(config, "login");

	(void)state;
	assert_int_equal(sshd.auth, CONFIG_AUTH_DEVICE);
	assert_int_equal(login.auth, CONFIG_AUTH_DEVICE);
	assert_true(sshd.has_auth && login.has_auth);
	assert_int_equal(sshd.deadline_s, 110);
	assert_int_equal(login.deadline_s, 50);
	assert_int_equal(sshd.access, CONFIG_ACCESS_ROLES);
	assert_int_equal(sshd.access_roles, ALL);
	assert_int_equal(login.access_roles, ALL);
	assert_true(sshd.names_viewer && login.names_viewer);
}

static void test_config_service__section__changes_only_what_it_gives(void **state)
{
	COSMO_AUTO(config_free)
	struct config *config =
		parsed("[service sudo]\nauth = recent:15m\n"
		       "[service sshd]\nacr = urn:mfa\namr = mfa, hwk\nmax_age = 1h\n"
		       "require_first = publickey hostbased\n"
		       "[service gdm-password]\nauth = device\ndeadline = 90s\n"
		       "[service su]\nauth = deny\n");
	struct config_service sudo = service_of(config, "sudo");
	struct config_service sshd = service_of(config, "sshd");
	struct config_service gdm = service_of(config, "gdm-password");

	(void)state;
	assert_int_equal(sudo.auth, CONFIG_AUTH_RECENT);
	assert_int_equal(sudo.recent_s, 900);
	assert_true(sudo.has_auth);
	assert_int_equal(sudo.access_roles, ADMIN);
	assert_int_equal(sshd.auth, CONFIG_AUTH_DEVICE);
	assert_int_equal(sshd.deadline_s, 110);
	assert_string_equal(sshd.acr, "urn:mfa");
	assert_int_equal(sshd.amr.count, 2);
	assert_string_equal(sshd.amr.items[1], "hwk");
	assert_int_equal(sshd.max_age_s, 3600);
	assert_int_equal(sshd.require_first.count, 2);
	assert_string_equal(sshd.require_first.items[0], "publickey");
	assert_int_equal(sudo.require_first.count, 0);
	assert_int_equal(sshd.access_roles, ALL);
	assert_int_equal(gdm.auth, CONFIG_AUTH_DEVICE);
	assert_int_equal(gdm.deadline_s, 90);
	assert_int_equal(gdm.access, CONFIG_ACCESS_ANY);
	assert_int_equal(service_of(config, "su").auth, CONFIG_AUTH_DENY);
}

static void test_config_service__access__replaces_what_is_built_in(void **state)
{
	/* Roles may be declared behind their use. */
	COSMO_AUTO(config_free)
	struct config *config = parsed("[access]\nsshd = developer admin operator\n"
				       "sudo = any\nsu = deny\ncron = viewer,\n"
				       "login = admin\n[role operator]\n"
				       "[service login]\ndeadline = 40s\n");
	struct config_service sshd = service_of(config, "sshd");
	struct config_service cron = service_of(config, "cron");
	struct config_service login = service_of(config, "login");

	(void)state;
	assert_int_equal(sshd.access, CONFIG_ACCESS_ROLES);
	assert_int_equal(sshd.access_roles, DEVELOPER | ADMIN | 8);
	assert_false(sshd.names_viewer);
	assert_int_equal(sshd.auth, CONFIG_AUTH_DEVICE);
	assert_int_equal(service_of(config, "sudo").access, CONFIG_ACCESS_ANY);
	assert_int_equal(service_of(config, "sudo").access_roles, 0);
	assert_int_equal(service_of(config, "su").access, CONFIG_ACCESS_DENY);
	assert_int_equal(cron.access_roles, VIEWER);
	assert_true(cron.names_viewer);
	assert_int_equal(login.access_roles, ADMIN);
	assert_int_equal(login.deadline_s, 40);
}

/* "any" is any confirmed role: a demoted user is not let in by it. */
static void test_config_service__any_for_sshd__no_longer_names_viewer(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed("[access]\nsshd = any\n");

	(void)state;
	assert_int_equal(service_of(config, "sshd").access, CONFIG_ACCESS_ANY);
	assert_false(service_of(config, "sshd").names_viewer);
}

static void test_config_service__name_of_any_length__is_safe(void **state)
{
	COSMO_AUTO(config_free) struct config *config = parsed("");
	char name[200] = "";

	(void)state;
	memset(name, 's', sizeof(name) - 1);
	assert_int_equal(strlen(service_of(config, name).name), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_service__unlisted__is_skipped_and_open_to_any_role),
		cmocka_unit_test(test_config_service__ways_to_root__are_admin_s_even_unlisted),
		cmocka_unit_test(test_config_service__sshd_and_login__sign_in_by_device),
		cmocka_unit_test(test_config_service__section__changes_only_what_it_gives),
		cmocka_unit_test(test_config_service__access__replaces_what_is_built_in),
		cmocka_unit_test(test_config_service__any_for_sshd__no_longer_names_viewer),
		cmocka_unit_test(test_config_service__name_of_any_length__is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
