/* SPDX-License-Identifier: MIT */
#include "ctl/doctor_place.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define MODE_BITS 07777
#define WRITERS   022

static int look_up(const struct doctor_place *place, struct stat *ret)
{
	if (place->type == S_IFDIR || place->doubt == DOCTOR_DOUBT_INSTALL)
		return stat(place->path, ret);
	return lstat(place->path, ret);
}

/* What stands in its place is kept. */
static void mend_kind(struct doctor_list *list, const struct doctor_place *place)
{
	const char *path = place->path;

	if (place->type == S_IFDIR || place->doubt == DOCTOR_DOUBT_RENEW)
		doctor_mend(list, "mv %s %s.old && %s", path, path,
			place->make ? place->make : place->renew);
	else
		doctor_mend(list, "mv %s %s.old. Afterwards: %s", path, path, place->make);
}

/* A copy in the link's place has an owner and a mode of its own. */
static void mend_link(struct doctor_list *list, const struct doctor_place *place)
{
	const char *path = place->path;
	struct stat st = {0};

	if (place->doubt == DOCTOR_DOUBT_RENEW || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		mend_kind(list, place);
	else
		doctor_mend(list,
			"Look at what it leads to. Then: mv %s %s.old && install -m %o %s.old %s",
			path, path, (unsigned int)place->mode, path, path);
}

static bool put_missing(struct doctor_list *list, const struct doctor_place *place)
{
	if (errno == ENOENT && !place->make)
		return true;
	if (errno == ENOENT) {
		doctor_wrong(list, "%s is missing", place->path);
		doctor_mend(list, "%s", place->make);
	} else {
		doctor_wrong(list, "%s cannot be looked at", place->path);
		mend_kind(list, place);
	}
	return false;
}

static void put_kind(struct doctor_list *list, const struct doctor_place *place, mode_t mode)
{
	if (S_ISLNK(mode)) {
		doctor_wrong(list, "%s is a link, which is not followed", place->path);
		mend_link(list, place);
		return;
	}
	doctor_wrong(list, "%s is no %s", place->path,
		place->type == S_IFDIR ? "folder" : "regular file");
	mend_kind(list, place);
}

/* Others could do to it what they must not. */
static void mend_doubt(struct doctor_list *list, const struct doctor_place *place)
{
	const char *path = place->path;
	unsigned int mode = place->mode;

	switch (place->doubt) {
	case DOCTOR_DOUBT_LOOK:
		doctor_mend(list,
			"Look at what %s, for others could write there. Then: chown root:root %s "
			"&& chmod %o %s",
			place->type == S_IFDIR ? "is in it" : "it says", path, mode, path);
		return;
	case DOCTOR_DOUBT_INSTALL:
		doctor_mend(list, "%s Then: chown root:root %s && chmod %o %s", place->make, path,
			mode, path);
		return;
	case DOCTOR_DOUBT_SECRET:
		doctor_mend(list,
			"chown root:root %s && chmod %o %s. Afterwards: make a new secret at the "
			"provider and write it there, for others may know this one.",
			path, mode, path);
		return;
	case DOCTOR_DOUBT_RENEW:
		doctor_mend(list, "%s", place->renew);
		return;
	}
}

/* A secret is lost when others could read it; all else is what nobody else wrote. */
static bool is_doubtful(const struct doctor_place *place, const struct stat *st)
{
	mode_t others = place->doubt == DOCTOR_DOUBT_SECRET ? place->forbidden : WRITERS;

	return st->st_uid != 0 || (st->st_mode & place->forbidden & others) != 0;
}

bool doctor_place_look(struct doctor_list *list, const struct doctor_place *place)
{
	struct stat st = {0};
	const char *path = place->path;

	if (look_up(place, &st) < 0)
		return put_missing(list, place);
	if ((st.st_mode & S_IFMT) != place->type) {
		put_kind(list, place, st.st_mode);
		return false;
	}
	if (st.st_uid != 0)
		doctor_wrong(list, "%s is not root's (owner %u)", path, (unsigned int)st.st_uid);
	else if ((st.st_mode & place->forbidden) || (st.st_mode & place->needed) != place->needed)
		doctor_wrong(list, "%s has mode %04o in place of %04o", path,
			(unsigned int)st.st_mode & MODE_BITS, (unsigned int)place->mode);
	else
		return true;
	if (is_doubtful(place, &st))
		mend_doubt(list, place);
	else
		doctor_mend(list, "chmod %o %s", (unsigned int)place->mode, path);
	return false;
}
