/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/pack.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define PASSWORD_NONE "*" /* "x" would send pam_unix to shadow, "" would let everybody in */

struct text_space {
	char *at;
	size_t left;
};

/* Would @c, or the UTF-8 control character it begins, break a line of passwd or a terminal? */
static bool is_unfit(const char *c)
{
	unsigned char byte = (unsigned char)c[0];
	unsigned char next = (unsigned char)c[1];

	if (byte < 0x20 || byte == 0x7f || byte == ':')
		return true;
	return byte == 0xc2 && next >= 0x80 && next <= 0x9f;
}

/* Copy @text, which ends within @max bytes, checking every character on the way. */
static enum cosmo_err put_bytes(
	struct text_space *space, const char *text, size_t max, char **ret_text)
{
	size_t len = strnlen(text, max);

	if (len == max)
		return COSMO_E_STORE_DAMAGED;
	for (size_t i = 0; i < len; i++)
		if (is_unfit(text + i))
			return COSMO_E_STORE_DAMAGED;
	if (len >= space->left)
		return COSMO_E_RANGE;
	memcpy(space->at, text, len + 1);
	*ret_text = space->at;
	space->at += len + 1;
	space->left -= len + 1;
	return COSMO_OK;
}

#define EACH(byte) (0x0101010101010101ULL * (byte))

/* High bits where a character of @word is NUL or another below 0x20, above 0x7e or ':'. Carries
 * start at such alone, so the first one is right. */
static uint64_t doubts(uint64_t word)
{
	return ((word - EACH(0x20)) | (word + EACH(1)) | word | ((word ^ EACH(':')) - EACH(1))) &
	       EACH(0x80);
}

/* The same for @text in an array of @max bytes, eight characters at once for as long as they are
 * plain and there is room for eight: what every hit does five times. */
static enum cosmo_err put(struct text_space *space, const char *text, size_t max, char **ret_text)
{
	uint64_t doubt = 0;
	size_t len = 0;

	while (!doubt) {
		uint64_t word = 0;

		if (len + sizeof(word) > max || len + sizeof(word) > space->left)
			return put_bytes(space, text, max, ret_text);
		memcpy(&word, text + len, sizeof(word));
		memcpy(space->at + len, &word, sizeof(word));
		doubt = doubts(le64toh(word));
		len += doubt ? (size_t)__builtin_ctzll(doubt) / 8 : sizeof(word);
	}
	if (text[len])
		return put_bytes(space, text, max, ret_text);
	*ret_text = space->at;
	space->at += len + 1;
	space->left -= len + 1;
	return COSMO_OK;
}

static enum cosmo_err put_path(
	struct text_space *space, const char *path, size_t max, char **ret_path)
{
	return path[0] == '/' ? put(space, path, max, ret_path) : COSMO_E_STORE_DAMAGED;
}

static enum cosmo_err put_name(
	struct text_space *space, const char *name, size_t max, char **ret_name)
{
	return name[0] ? put(space, name, max, ret_name) : COSMO_E_STORE_DAMAGED;
}

/* That of a group or a member stands anywhere, and nothing behind its end is read. */
static enum cosmo_err put_group_name(struct text_space *space, const char *name, char **ret_name)
{
	return name[0] ? put_bytes(space, name, COSMO_MAX_NAME_BYTES + 1, ret_name)
		       : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err pack_passwd(
	const struct users_db_user *user, char *buffer, size_t buffer_size, struct passwd *ret)
{
	struct text_space space = {.left = buffer_size};
	struct passwd pw = {.pw_uid = user->uid, .pw_gid = user->gid};
	enum cosmo_err err = COSMO_OK;

	if (user->uid == 0 || user->gid == 0)
		return COSMO_E_STORE_DAMAGED;
	space.at = buffer;
	err = put_name(&space, user->name, sizeof(user->name), &pw.pw_name);
	if (!err)
		err = put(&space, PASSWORD_NONE, sizeof(PASSWORD_NONE), &pw.pw_passwd);
	if (!err)
		err = put(&space, user->gecos, sizeof(user->gecos), &pw.pw_gecos);
	if (!err)
		err = put_path(&space, user->home, sizeof(user->home), &pw.pw_dir);
	if (!err)
		err = put_path(&space, user->shell, sizeof(user->shell), &pw.pw_shell);
	if (!err)
		*ret = pw;
	return err;
}

/* What lies between the texts and the array of pointers. */
static struct text_space space_of(const struct pack_group *group)
{
	return (struct text_space){
		.at = group->text,
		.left = (size_t)((char *)group->members - group->text),
	};
}

/* One pointer more at the lower end of the array. */
static enum cosmo_err push(struct pack_group *group, char *member)
{
	if (space_of(group).left < sizeof(char *))
		return COSMO_E_RANGE;
	*--group->members = member;
	return COSMO_OK;
}

enum cosmo_err pack_group_begin(
	struct pack_group *group, const char *name, uint32_t gid, char *buffer, size_t buffer_size)
{
	struct text_space space = {0};
	size_t unaligned = ((uintptr_t)buffer + buffer_size) % _Alignof(char *);
	enum cosmo_err err = COSMO_OK;

	if (gid == 0)
		return COSMO_E_STORE_DAMAGED;
	if (buffer_size < unaligned)
		return COSMO_E_RANGE;
	group->gid = gid;
	group->text = buffer;
	group->members = (char **)(void *)(buffer + (buffer_size - unaligned));
	err = push(group, NULL);
	if (err)
		return err;
	space = space_of(group);
	err = put_group_name(&space, name, &group->name);
	if (!err)
		err = put(&space, PASSWORD_NONE, sizeof(PASSWORD_NONE), &group->password);
	group->text = space.at;
	return err;
}

enum cosmo_err pack_group_member(struct pack_group *group, const char *name)
{
	struct text_space space = {0};
	char *member = NULL;
	enum cosmo_err err = COSMO_OK;

	space = space_of(group);
	err = put_group_name(&space, name, &member);
	if (err)
		return err;
	group->text = space.at;
	return push(group, member);
}

void pack_group_end(const struct pack_group *group, struct group *ret)
{
	*ret = (struct group){
		.gr_name = group->name,
		.gr_passwd = group->password,
		.gr_gid = group->gid,
		.gr_mem = group->members,
	};
}
