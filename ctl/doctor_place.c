/* SPDX-License-Identifier: MIT */
#include "ctl/doctor_place.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define MODE_BITS 07777

/* What stands in its place is kept. */
static void mend_kind(struct doctor_list *list, const struct doctor_place *place)
{
	doctor_mend(list, "mv %s %s.old%s%s", place->path, place->path, place->make ? " && " : "",
		place->make ? place->make : "");
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

bool doctor_place_look(struct doctor_list *list, const struct doctor_place *place)
{
	struct stat st = {0};
	const char *path = place->path;

	if (stat(path, &st) < 0)
		return put_missing(list, place);
	if ((st.st_mode & S_IFMT) != place->type) {
		doctor_wrong(list, "%s is no %s", path,
			place->type == S_IFDIR ? "folder" : "regular file");
		mend_kind(list, place);
		return false;
	}
	if (st.st_uid != 0) {
		doctor_wrong(list, "%s is not root's (owner %u)", path, (unsigned int)st.st_uid);
		doctor_mend(list, "chown root:root %s && chmod %o %s", path,
			(unsigned int)place->mode, path);
		return false;
	}
	if ((st.st_mode & place->forbidden) || (st.st_mode & place->needed) != place->needed) {
		doctor_wrong(list, "%s has mode %04o in place of %04o", path,
			(unsigned int)st.st_mode & MODE_BITS, (unsigned int)place->mode);
		doctor_mend(list, "chmod %o %s", (unsigned int)place->mode, path);
		return false;
	}
	return true;
}
