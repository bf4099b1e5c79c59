/* SPDX-License-Identifier: MIT */
/* [role NAME]: what is built in, what is declared, what may not be. */
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"
#include "common/base/siphash.h"
#include "common/base/users_db_settings.h"
#include "common/config_reader.h"

#define GROUP_PREFIX       "cosmo-"
#define BUILTIN_GID        0x70000001u /* viewer, then the others */
#define DECLARED_GID       0x70000010u
#define DECLARED_GID_COUNT 0x3f0u

static const char *const builtin_roles[] = {
	[ROLE_VIEWER] = "viewer", [ROLE_DEVELOPER] = "developer", [ROLE_ADMIN] = "admin"};

/* Whoever is in one of these is root, can become root, or reads what root alone should. */
static const char *const privileged_groups[] = {"adm", "admin", "backup", "bin", "daemon", "disk",
	"docker", "dockerroot", "google-sudoers", "google_sudoers", "haclient", "incus",
	"incus-admin", "input", "kmem", "kvm", "libvirt", "libvirt-qemu", "libvirtd", "lpadmin",
	"lxd", "mem", "microk8s", "operator", "podman", "shadow", "snap_microk8s", "ssh_keys",
	"ssl-cert", "staff", "sudo", "sudoers", "sys", "systemd-journal", "tty", "wheel"};

bool config_group_is_privileged(const char *group)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(privileged_groups); i++)
		if (streq(group, privileged_groups[i]))
			return true;
	return false;
}

int config_role_index(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->role_count; i++)
		if (streq(config->roles[i].name, name))
			return (int)i;
	return -1;
}

static struct config_role *role_add(struct config *config, const char *name)
{
	struct config_role *role = &config->roles[config->role_count++];

	memcpy(role->name, name, strlen(name) + 1);
	return role;
}

void config_roles_init(struct config *config)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(builtin_roles); i++)
		role_add(config, builtin_roles[i])->gid = BUILTIN_GID + (uint32_t)i;
}

void config_roles_list(const struct config *config, char *ret, size_t ret_size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < config->role_count && used < ret_size; i++) {
		int len = snprintf(
			ret + used, ret_size - used, "%s%s", i ? ", " : "", config->roles[i].name);

		used += len > 0 ? (size_t)len : 0;
	}
}

enum cosmo_err config_roles_open(
	struct config_reader *reader, const struct ini_line *line, void **ret)
{
	struct config *config = reader->config;
	const char *name = line->argument;
	int index = config_role_index(config, name);

	if (!group_name_is_valid(name) || streq(name, "any") || streq(name, "deny"))
		return config_wrong(reader, line->number,
			"\"%.64s\" cannot be a role; a role's name is %s, at most %d bytes, and "
			"neither any nor deny",
			name, config_form_group.expects, COSMO_MAX_NAME_BYTES);
	if (index >= 0 && config->roles[index].line)
		return config_wrong(reader, line->number, "[role %s] stands already in line %u",
			name, config->roles[index].line);
	if (index < 0 && config->role_count == CONFIG_MAX_ROLES)
		return config_wrong(reader, line->number,
			"[role %s] is one too many; %d roles are allowed, the built-in ones included",
			name, CONFIG_MAX_ROLES);
	if (index < 0) {
		role_add(config, name);
		index = (int)config->role_count - 1;
	}
	config->roles[index].line = line->number;
	*ret = &config->roles[index];
	return COSMO_OK;
}

static enum cosmo_err fill_role(struct config_reader *reader, size_t index)
{
	static const unsigned char no_key[SIPHASH_KEY_BYTES] = {0};
	struct config_role *role = &reader->config->roles[index];
	size_t room = sizeof(role->group) - sizeof(GROUP_PREFIX);

	if (role->gid == 0)
		role->gid = DECLARED_GID +
			    (uint32_t)(siphash24(no_key, role->name, strlen(role->name)) %
				       DECLARED_GID_COUNT);
	if (role->group[0])
		return COSMO_OK;
	if (strlen(role->name) > room)
		return config_wrong(reader, reader->config->roles[index].line,
			"[role %s] needs a group of its own (group = NAME); \"%s%s\" is longer than "
			"%d bytes",
			role->name, GROUP_PREFIX, role->name, COSMO_MAX_NAME_BYTES);
	memcpy(role->group, GROUP_PREFIX, sizeof(GROUP_PREFIX) - 1);
	memcpy(role->group + sizeof(GROUP_PREFIX) - 1, role->name, strlen(role->name) + 1);
	return COSMO_OK;
}

static enum cosmo_err check_gid(
	struct config_reader *reader, unsigned int line, const char *whose, uint32_t gid)
{
	const struct config *config = reader->config;

	if (gid >= config->uid_min && gid <= config->uid_max)
		return config_wrong(reader, line,
			"%s = 0x%x lies between uid_min and uid_max; each user's own group has its "
			"gid there",
			whose, gid);
	if (gid >= CONFIG_DYNAMIC_IDS_MIN && gid <= CONFIG_DYNAMIC_IDS_MAX)
		return config_wrong(reader, line,
			"%s = %u lies between %u and %u, which systemd and nobody use", whose, gid,
			CONFIG_DYNAMIC_IDS_MIN, CONFIG_DYNAMIC_IDS_MAX);
	return COSMO_OK;
}

static enum cosmo_err check_group(
	struct config_reader *reader, size_t index, const char *group, const char *key)
{
	const struct config_role *role = &reader->config->roles[index];
	unsigned int line = reader->config->roles[index].line;

	if (streq(group, "root"))
		return config_wrong(reader, line,
			"[role %s] %s names the group root, which no role may have", role->name,
			key);
	if (config_group_is_privileged(group) && !role->allow_privileged)
		return config_wrong(reader, line,
			"[role %s] %s names the group %s, whose members can become root or read "
			"what only root should; if that is meant, add allow_privileged = yes there",
			role->name, key, group);
	return COSMO_OK;
}

/* Of two roles that clash, the later one is told; @one may be built in and have no line. */
static enum cosmo_err check_pair(struct config_reader *reader, size_t one, size_t other)
{
	const struct config_role *a = &reader->config->roles[one];
	const struct config_role *b = &reader->config->roles[other];
	unsigned int a_line = reader->config->roles[one].line;
	unsigned int b_line = reader->config->roles[other].line;
	unsigned int line = a_line > b_line ? a_line : b_line;

	if (streq(a->group, b->group))
		return config_wrong(reader, line,
			"roles %s and %s have the same group %s; give one another (group = NAME)",
			a->name, b->name, a->group);
	if (a->gid == b->gid)
		return config_wrong(reader, line,
			"roles %s and %s have the same gid 0x%x; give one another (gid = NUMBER)",
			a->name, b->name, a->gid);
	return COSMO_OK;
}

static enum cosmo_err check_role(struct config_reader *reader, size_t index)
{
	const struct config *config = reader->config;
	const struct config_role *role = &config->roles[index];
	unsigned int line = reader->config->roles[index].line;
	enum cosmo_err err = check_gid(reader, line, "gid", role->gid);

	if (!err && (streq(role->group, USERS_DB_USERS_GROUP) || role->gid == config->users_gid))
		err = config_wrong(reader, line,
			"[role %s] has the group or the gid of %s (0x%x), in which everybody is; "
			"give it another",
			role->name, USERS_DB_USERS_GROUP, config->users_gid);
	if (!err)
		err = check_group(reader, index, role->group, "group");
	for (size_t i = 0; i < role->local_groups.count && !err; i++)
		err = check_group(reader, index, role->local_groups.items[i], "local_groups");
	for (size_t other = 0; other < index && !err; other++)
		err = check_pair(reader, other, index);
	return err;
}

/* Is the group of role @index, item @item, named before by any role? */
static bool is_repeated(const struct config *config, size_t index, size_t item)
{
	const char *group = config->roles[index].local_groups.items[item];

	for (size_t i = 0; i < index; i++)
		for (size_t j = 0; j < config->roles[i].local_groups.count; j++)
			if (streq(config->roles[i].local_groups.items[j], group))
				return true;
	return false;
}

static enum cosmo_err check_conferred(struct config_reader *reader)
{
	const struct config *config = reader->config;
	size_t different = 0;

	for (size_t i = 0; i < config->role_count; i++) {
		for (size_t j = 0; j < config->roles[i].local_groups.count; j++)
			different += !is_repeated(config, i, j);
		if (different > USERS_DB_MAX_CONFERRED)
			return config_wrong(reader, reader->config->roles[i].line,
				"the roles confer more than %d different local groups together",
				USERS_DB_MAX_CONFERRED);
	}
	return COSMO_OK;
}

enum cosmo_err config_roles_finish(struct config_reader *reader)
{
	size_t count = reader->config->role_count;
	enum cosmo_err err = check_gid(reader, config_line(reader, SECTION_ROLES, "users_gid"),
		"users_gid", reader->config->users_gid);

	for (size_t i = 0; i < count && !err; i++)
		err = fill_role(reader, i);
	for (size_t i = 0; i < count && !err; i++)
		err = check_role(reader, i);
	return err ? err : check_conferred(reader);
}
