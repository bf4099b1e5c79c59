/* SPDX-License-Identifier: MIT */
#include "tests/unit/nss/world.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/store.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "pam_cosmo_sso/helper/users_db_write.h"

#define CONFIG_HEAD "[integration]\nissuer = https://idp.example.org\nclient_id = host\n"
#define SKIPPED     77

/* What the last world_configure() said; a child has its parent's. */
static char config_text[4096] = "";

void world_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	_exit(1);
}

void world_write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	CHECK(file);
	CHECK(fputs(text, file) >= 0);
	CHECK(fclose(file) == 0);
}

static void mount_fresh(const char *path)
{
	CHECK(mount("cosmo-test", path, "tmpfs", 0, "mode=0755") == 0);
}

/* Builds may stand in /var/cache: what is there stays visible, what is written goes elsewhere. */
static void mount_over(const char *path, const char *work)
{
	char options[256] = "";
	char command[128] = "";

	snprintf(command, sizeof(command), "mkdir -p %s/upper %s/work", work, work);
	CHECK(system(command) == 0); /* NOLINT(cert-env33-c, concurrency-mt-unsafe): own test */
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", path,
		work, work);
	CHECK(mount("cosmo-test", path, "overlay", 0, options) == 0);
}

static void fill_etc(void)
{
	world_write_file("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
	world_write_file("/etc/passwd",
		"root:x:0:0:root:/root:/bin/bash\nlocal:x:1000:1000::/home/local:/bin/sh\n");
	world_write_file("/etc/group",
		"root:x:0:\ndialout:x:20:local\nlpadmin:x:21:\nplugdev:x:46:\nlocals:x:1000:\n");
	world_write_file(
		"/etc/nsswitch.conf", "passwd: files cosmo\ngroup: files [SUCCESS=merge] cosmo\n");
}

void world_enter(void)
{
	if (geteuid() != 0) {
		fprintf(stderr, "SKIPPED: needs root for a mount namespace of its own\n");
		exit(SKIPPED);
	}
	umask(022);
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	mount_fresh("/etc");
	mount_fresh("/run");
	mount_fresh("/var/lib");
	mount_over("/var/cache", "/run/over-var-cache");
	fill_etc();
	CHECK(access(NSS_MODULE_PATH, R_OK) == 0);
}

void world_clear(void)
{
	/* NOLINTNEXTLINE(cert-env33-c, concurrency-mt-unsafe): a test's own */
	CHECK(system("rm -rf /run/cosmo-sso /var/lib/cosmo-sso /var/cache/cosmo-sso") == 0);
	config_text[0] = '\0';
}

static struct store *open_store(void)
{
	struct store *store = NULL;

	CHECK(store_open(&store_default_paths, &store) == COSMO_OK);
	CHECK(store_lock(store, STORE_LOCK_MS) == COSMO_OK);
	return store;
}

static struct config *parse_config(void)
{
	struct config_problem problem = {0};
	struct config *config = NULL;

	if (config_parse(config_text, strlen(config_text), &config, &problem) == COSMO_OK)
		return config;
	fprintf(stderr, "line %u: %s\n", problem.line, problem.text);
	CHECK(false);
	return NULL;
}

static void connect_store(struct store *store)
{
	static const struct integration_partner idp = {
		.issuer = "https://idp.example.org", .client_id = "host", .offline_access = true};
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	CHECK(integration_connect(store, &idp, &integration) == COSMO_OK);
}

static bool is_connected(struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	return integration_load(store, &integration) == COSMO_OK;
}

void world_configure(const char *text, int provisional_on)
{
	COSMO_AUTO(store_free) struct store *store = open_store();
	COSMO_AUTO(config_free) struct config *config = NULL;

	snprintf(config_text, sizeof(config_text), CONFIG_HEAD "%s", text);
	config = parse_config();
	CHECK(integration_seed_ensure(store, NULL) == COSMO_OK);
	if (!is_connected(store))
		connect_store(store);
	CHECK(commit_settings(store, config, provisional_on) == COSMO_OK);
}

void world_connect(void)
{
	world_configure(WORLD_ROLES, 0);
}

void world_disconnect(void)
{
	COSMO_AUTO(store_free) struct store *store = open_store();

	CHECK(integration_disconnect(store, "test") == COSMO_OK);
}

void world_reconnect(void)
{
	COSMO_AUTO(store_free) struct store *store = open_store();

	connect_store(store);
}

static char *copy(const char *text)
{
	char *made = strdup(text);

	CHECK(made);
	return made;
}

static struct record *make_record(
	struct store *store, const struct config *config, const char *name, const char *roles)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	struct record *record = calloc(1, sizeof(*record));
	char *words = copy(roles);
	char *rest = NULL;
	char home[64] = "";

	CHECK(record);
	CHECK(integration_load(store, &integration) == COSMO_OK);
	memcpy(record->integration, integration->id, INTEGRATION_BYTES);
	snprintf(record->name, sizeof(record->name), "%s", name);
	snprintf(home, sizeof(home), "/home/%s", name);
	CHECK(uid_register_assign(store, name, config->uid_min, config->uid_max, 0, &record->uid) ==
		COSMO_OK);
	record->gid = record->uid;
	record->issuer = copy("https://idp.example.org");
	record->sub = copy(name);
	record->display_name = copy("Some Body");
	record->home = copy(home);
	record->shell = copy("/bin/bash");
	for (const char *role = strtok_r(words, ",", &rest); role;
		role = strtok_r(NULL, ",", &rest))
		record->roles[record->role_count++] = copy(role);
	free(words);
	return record;
}

uint32_t world_enrol_with(const char *name, const char *roles, uint32_t flags, int64_t confirmed_s)
{
	COSMO_AUTO(store_free) struct store *store = open_store();
	COSMO_AUTO(config_free) struct config *config = parse_config();
	COSMO_AUTO(record_free) struct record *record = make_record(store, config, name, roles);

	record->flags = flags;
	record->enrolled_s = record->signed_in_s = fdio_now_s();
	record->confirmed_s = confirmed_s;
	CHECK(commit_user(store, config, record) == COSMO_OK);
	return record->uid;
}

uint32_t world_enrol(const char *name, const char *roles)
{
	return world_enrol_with(name, roles, 0, fdio_now_s());
}

void world_put_raw(const struct users_db_user *user)
{
	COSMO_AUTO(store_free) struct store *store = open_store();
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;

	CHECK(users_db_file_open(store, &file) == COSMO_OK);
	CHECK(users_db_file_put(file, user) == COSMO_OK);
}

void world_change_settings(void (*change)(struct users_db_settings *settings))
{
	COSMO_AUTO(store_free) struct store *store = open_store();
	COSMO_AUTO(users_db_file_free) struct users_db_file *file = NULL;
	struct users_db_settings settings;

	CHECK(users_db_settings(store_users_db(store), &settings) == COSMO_OK);
	change(&settings);
	CHECK(users_db_file_open(store, &file) == COSMO_OK);
	CHECK(users_db_file_put_settings(file, &settings) == COSMO_OK);
}

bool world_run(void (*body)(void))
{
	int status = 0;
	pid_t pid = 0;

	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		body();
		exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		CHECK(errno == EINTR);
	if (WIFSIGNALED(status))
		fprintf(stderr, "the child died of signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#define LOAD(plugin, library, name)                                                                \
	do {                                                                                       \
		*(void **)&(plugin)->name = dlsym(library, "_nss_cosmo_" #name);                   \
		CHECK((plugin)->name);                                                             \
	} while (0)

static void load(struct world_plugin *plugin)
{
	void *library = dlopen(NSS_MODULE_PATH, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		fprintf(stderr, "%s\n", dlerror()); /* NOLINT(concurrency-mt-unsafe): one thread */
	CHECK(library);
	LOAD(plugin, library, getpwnam_r);
	LOAD(plugin, library, getpwuid_r);
	LOAD(plugin, library, setpwent);
	LOAD(plugin, library, getpwent_r);
	LOAD(plugin, library, endpwent);
	LOAD(plugin, library, getgrnam_r);
	LOAD(plugin, library, getgrgid_r);
	LOAD(plugin, library, setgrent);
	LOAD(plugin, library, getgrent_r);
	LOAD(plugin, library, endgrent);
	LOAD(plugin, library, initgroups_dyn);
}

const struct world_plugin *world_plugin(void)
{
	static struct world_plugin plugin;

	if (!plugin.getpwnam_r)
		load(&plugin);
	return &plugin;
}
