/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "common/base/reserved_names.h"

static void assert_all(const char *const *names, size_t count, bool reserved)
{
	for (size_t i = 0; i < count; i++) {
		print_message("%s\n", names[i]);
		assert_int_equal(reserved_names_has(names[i]), reserved);
	}
}

/* The base systems' own files, by hand, so that the test needs neither of them. */
static const char *const base_names[] = {
	/* Debian: passwd and group of base-passwd */
	"root",
	"daemon",
	"bin",
	"sys",
	"sync",
	"games",
	"man",
	"lp",
	"mail",
	"news",
	"uucp",
	"proxy",
	"www-data",
	"backup",
	"list",
	"irc",
	"_apt",
	"nobody",
	"adm",
	"tty",
	"disk",
	"kmem",
	"dialout",
	"fax",
	"voice",
	"cdrom",
	"floppy",
	"tape",
	"sudo",
	"audio",
	"dip",
	"operator",
	"src",
	"shadow",
	"utmp",
	"video",
	"sasl",
	"plugdev",
	"staff",
	"users",
	"nogroup",
	"gnats",
	/* Fedora: passwd and group of setup */
	"shutdown",
	"halt",
	"ftp",
	"mem",
	"wheel",
	"lock",
	/* systemd's sysusers */
	"input",
	"sgx",
	"kvm",
	"render",
	"systemd-journal",
	"systemd-network",
	"systemd-resolve",
	"systemd-timesync",
	"systemd-coredump",
	"systemd-oom",
	"messagebus",
	"dbus",
	"polkitd",
	"sshd",
	"tss",
	"crontab",
};

static const char *const root_equivalents[] = {
	"docker",
	"lxd",
	"lxc",
	"incus",
	"incus-admin",
	"libvirt",
	"libvirt-qemu",
	"podman",
	"microk8s",
	"admin",
	"wheel",
	"sudo",
	"disk",
	"shadow",
	"adm",
	"kvm",
	"google-sudoers",
};

static const char *const package_names[] = {
	/* alike for eight characters and more; the first and the last of the list */
	"clickhouse",
	"clickhouse-bridge",
	"cockpit-ws",
	"cockpit-wsinstance",
	"aws-kinesis-agent-user",
	"zookeeper",
	"postgres",
	"mysql",
	"nginx",
	"apache",
	"redis",
	"rabbitmq",
	"jenkins",
	"gitlab-runner",
	"prometheus",
	"grafana",
	"zabbix",
	"postfix",
	"dovecot",
	"bind",
	"named",
	"unbound",
	"ubuntu",
	"ec2-user",
	"vagrant",
};

static const char *const families[] = {
	"cosmo-admin",
	"cosmo-users",
	"cosmo-anything",
	"systemd-not-yet-made",
	"debian-exim",
};

static const char *const people[] = {
	"ada",
	"dev",
	"vic",
	"jonas",
	"rosa",
	"cosmo",
	"cosmosis",
	"systema",
	"roots",
	"roo",
	"z",
	"a",
	"clickhous",
	"clickhouse-",
	"clickhouse-bridges",
	"cockpit-w",
	"zookeepers",
	"postgresx",
	"dockery",
	"ada@example.com",
	"",
};

static void test_reserved_names_has__base_systems__yes(void **state)
{
	(void)state;
	assert_all(base_names, COSMO_ARRAY_LEN(base_names), true);
}

static void test_reserved_names_has__as_good_as_root__yes(void **state)
{
	(void)state;
	assert_all(root_equivalents, COSMO_ARRAY_LEN(root_equivalents), true);
}

static void test_reserved_names_has__packages_and_images__yes(void **state)
{
	(void)state;
	assert_all(package_names, COSMO_ARRAY_LEN(package_names), true);
}

static void test_reserved_names_has__families__yes(void **state)
{
	(void)state;
	assert_all(families, COSMO_ARRAY_LEN(families), true);
}

static void test_reserved_names_has__people__no(void **state)
{
	(void)state;
	assert_all(people, COSMO_ARRAY_LEN(people), false);
}

/* Whatever this distribution puts on every host is on the list. */
static void test_reserved_names_has__base_files_of_this_host__yes(void **state)
{
	static const char *const paths[] = {
		"/usr/share/base-passwd/passwd.master", "/usr/share/base-passwd/group.master"};
	char line[256];

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(paths); i++) {
		FILE *file = fopen(paths[i], "re");

		if (!file) {
			print_message("SKIPPED: no %s on this host\n", paths[i]);
			skip();
		}
		while (fgets(line, sizeof(line), file)) {
			line[strcspn(line, ":")] = '\0';
			print_message("%s\n", line);
			assert_true(reserved_names_has(line));
		}
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reserved_names_has__base_systems__yes),
		cmocka_unit_test(test_reserved_names_has__as_good_as_root__yes),
		cmocka_unit_test(test_reserved_names_has__packages_and_images__yes),
		cmocka_unit_test(test_reserved_names_has__families__yes),
		cmocka_unit_test(test_reserved_names_has__people__no),
		cmocka_unit_test(test_reserved_names_has__base_files_of_this_host__yes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
