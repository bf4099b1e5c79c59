/* SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_fixture.h"

#include <ftw.h>
#include <linux/magic.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/home_template.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

#define MEMORY_DIR "/dev/shm"
#define REMOVE_FDS 16

/* Memory of this process and its children alone: nobody else tidies it up while it is in use, and
 * nothing is left in it, however the process ends. Who may not mount shares what is there. */
static void take_own_memory(void)
{
	static bool is_taken = false;

	if (is_taken)
		return;
	is_taken = true;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("cosmo-store", MEMORY_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0)
		print_message("the stores lie where everybody's memory is\n");
}

static const char *memory_dir(void)
{
	struct statfs fs = {0};
	bool has = false;

	take_own_memory();
	has = statfs(MEMORY_DIR, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
	return has ? MEMORY_DIR : "/tmp";
}

static char *copy(const char *text)
{
	char *made = strdup(text);

	assert_non_null(made);
	return made;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void name_role(struct config_role *role, const char *name, uint32_t gid)
{
	snprintf(role->name, sizeof(role->name), "%s", name);
	snprintf(role->group, sizeof(role->group), "cosmo-%s", name);
	role->gid = gid;
}

static void make_config(struct config *config)
{
	static char home[] = "/home/%u";
	static char shell[] = "/bin/bash";
	static char sshd[] = "/usr/sbin/sshd";

	config->home = home;
	config->shell = shell;
	config->sshd_paths.items[0] = sshd;
	config->sshd_paths.count = 1;
	config->uid_min = FIXTURE_UID_MIN;
	config->uid_max = FIXTURE_UID_MAX;
	config->users_gid = 1879048300;
	config->role_lease_s = 86400;
	name_role(&config->roles[0], "viewer", 1879048301);
	name_role(&config->roles[1], "developer", 1879048302);
	name_role(&config->roles[2], "admin", 1879048303);
	config->role_count = 3;
}

static int setup_below(void **state, const char *base)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	if (!fixture)
		return -1;
	snprintf(fixture->dir, sizeof(fixture->dir), "%s/cosmo-store.XXXXXX", base);
	if (!mkdtemp(fixture->dir))
		return -1;
	snprintf(fixture->state_dir, sizeof(fixture->state_dir), "%s/state", fixture->dir);
	snprintf(fixture->cache_dir, sizeof(fixture->cache_dir), "%s/cache", fixture->dir);
	snprintf(fixture->run_dir, sizeof(fixture->run_dir), "%s/run", fixture->dir);
	snprintf(fixture->machine_id, sizeof(fixture->machine_id), "%s/machine-id", fixture->dir);
	snprintf(fixture->users_db, sizeof(fixture->users_db), "%s/users.1.db", fixture->state_dir);
	snprintf(fixture->gate, sizeof(fixture->gate), "%s/gate", fixture->run_dir);
	write_file(fixture->machine_id, "0123456789abcdef0123456789abcdef\n");
	fixture->paths = (struct store_paths){
		.state_dir = fixture->state_dir,
		.cache_dir = fixture->cache_dir,
		.run_dir = fixture->run_dir,
		.machine_id_path = fixture->machine_id,
	};
	make_config(&fixture->config);
	if (geteuid() != 0)
		return 0;
	return store_open(&fixture->paths, &fixture->store) == COSMO_OK ? 0 : -1;
}

int fixture_setup(void **state)
{
	return setup_below(state, "/tmp");
}

int fixture_setup_bare(void **state)
{
	struct fixture *fixture = NULL;

	if (setup_below(state, memory_dir()))
		return -1;
	fixture = *state;
	store_free(COSMO_STEAL(&fixture->store));
	return 0;
}

static int make_ready(struct fixture *fixture)
{
	if (!fixture->store)
		return 0;
	if (store_lock(fixture->store, STORE_LOCK_MS) ||
		integration_seed_ensure(fixture->store, NULL) ||
		commit_settings(fixture->store, &fixture->config, -1))
		return -1;
	return 0;
}

int fixture_setup_ready(void **state)
{
	return fixture_setup(state) ? -1 : make_ready(*state);
}

int fixture_setup_in_memory(void **state)
{
	return setup_below(state, memory_dir()) ? -1 : make_ready(*state);
}

struct fixture *fixture_of(void **state)
{
	struct fixture *fixture = *state;

	if (!fixture->store) {
		print_message("SKIPPED: the files of a store are root's, and this is not root\n");
		skip();
	}
	return fixture;
}

static int remove_visited(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int remove_below(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return where->level > 0 ? remove_visited(path, st, type, where) : 0;
}

void fixture_empty(const char *dir)
{
	assert_int_equal(nftw(dir, remove_below, REMOVE_FDS, FTW_DEPTH | FTW_PHYS), 0);
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;
	int status = 0;

	if (!fixture)
		return 0;
	store_free(fixture->store);
	status = nftw(fixture->dir, remove_visited, REMOVE_FDS, FTW_DEPTH | FTW_PHYS);
	free(fixture);
	return status;
}

struct record *fixture_person(const struct config *config, const char *name)
{
	struct record *record = calloc(1, sizeof(*record));
	char home[USERS_DB_MAX_TEXT] = "";
	char sub[64] = "";

	assert_non_null(record);
	snprintf(record->name, sizeof(record->name), "%s", name);
	snprintf(sub, sizeof(sub), "sub-of-%s", name);
	assert_int_equal(home_template_expand(config->home, name, home, sizeof(home)), COSMO_OK);
	record->issuer = copy("https://idp.example");
	record->sub = copy(sub);
	record->display_name = copy("Ada Lovelace");
	record->home = copy(home);
	record->shell = copy(config->shell);
	record->roles[0] = copy("admin");
	record->role_count = 1;
	memset(record->integration, 7, sizeof(record->integration));
	record->enrolled_s = 1800000000;
	record->signed_in_s = 1800000001;
	record->confirmed_s = 1800000002;
	return record;
}

struct record *fixture_record(struct fixture *fixture, const char *name)
{
	struct record *record = fixture_person(&fixture->config, name);

	assert_int_equal(uid_register_assign(fixture->store, name, fixture->config.uid_min,
				 fixture->config.uid_max, 0, &record->uid),
		COSMO_OK);
	record->gid = record->uid;
	return record;
}

void fixture_enrol(struct fixture *fixture, const char *name)
{
	COSMO_AUTO(record_free) struct record *record = fixture_record(fixture, name);

	assert_int_equal(commit_user(fixture->store, &fixture->config, record), COSMO_OK);
}

static void replace(char **text, const char *value)
{
	free(*text);
	*text = copy(value);
}

/* Version 0, 4, 8 ... have a home too long for a slot. */
static void version_texts(uint32_t version, char *ret_gecos, char *ret_home)
{
	snprintf(ret_gecos, USERS_DB_MAX_TEXT, "version %u", version);
	snprintf(ret_home, USERS_DB_MAX_TEXT, "/home/%s%u",
		version % 4 ? "" : "a/rather/long/way/to/the/very/last/folder/of/", version);
}

void fixture_version(struct record *record, uint32_t version)
{
	char gecos[USERS_DB_MAX_TEXT] = "";
	char home[USERS_DB_MAX_TEXT] = "";
	static const char *const roles[] = {"viewer", "developer", "admin"};

	version_texts(version, gecos, home);
	replace(&record->display_name, gecos);
	replace(&record->home, home);
	replace(&record->roles[0], roles[version % 3]);
	record->role_count = 1;
	record->signed_in_s = version + 1000000000LL;
	record->confirmed_s = version + 2000000000LL;
	for (size_t i = 0; i < INTEGRATION_BYTES; i++)
		record->integration[i] = (unsigned char)(version >> (8 * (i % 4)));
	record->flags = version % 2 ? USERS_DB_LOCKED : 0;
	record->reason = version % 5 ? COSMO_OK : COSMO_E_INVALID_GRANT;
}

uint32_t fixture_version_of(const struct users_db_user *user)
{
	char gecos[USERS_DB_MAX_TEXT] = "";
	char home[USERS_DB_MAX_TEXT] = "";
	int64_t number = user->confirmed_s - 2000000000LL;
	uint32_t version = (uint32_t)number;

	if (number < 0 || number >= UINT32_MAX || user->signed_in_s != number + 1000000000LL)
		return UINT32_MAX;
	for (size_t i = 0; i < INTEGRATION_BYTES; i++)
		if (user->integration[i] != (unsigned char)(version >> (8 * (i % 4))))
			return UINT32_MAX;
	version_texts(version, gecos, home);
	if (strcmp(gecos, user->gecos) != 0 || strcmp(home, user->home) != 0)
		return UINT32_MAX;
	if (user->roles != 1ULL << version % 3 || user->flags != version % 2 ||
		user->reason != (version % 5 ? COSMO_OK : COSMO_E_INVALID_GRANT))
		return UINT32_MAX;
	return version;
}

uint64_t fixture_generation(const struct fixture *fixture)
{
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;

	assert_int_equal(users_db_file_open(fixture->store, &file), COSMO_OK);
	return users_db_file_map(file)->header.generation;
}
