/* SPDX-License-Identifier: MIT */
#include "nss_cosmo/gid_list.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

static bool has(const struct gid_list *list, gid_t gid)
{
	if (gid == list->primary)
		return true;
	for (long i = 0; i < *list->count; i++)
		if ((*list->gids)[i] == gid)
			return true;
	return false;
}

static enum cosmo_err grow(struct gid_list *list)
{
	long size = *list->size > 0 ? *list->size : 8;
	gid_t *gids = NULL;

	if (size > LONG_MAX / 2 / (long)sizeof(gid_t))
		return COSMO_E_NOMEM;
	size *= 2;
	if (list->limit > 0 && size > list->limit)
		size = list->limit;
	gids = realloc(*list->gids, (size_t)size * sizeof(gid_t));
	if (!gids)
		return COSMO_E_NOMEM;
	*list->gids = gids;
	*list->size = size;
	return COSMO_OK;
}

enum cosmo_err gid_list_add(struct gid_list *list, gid_t gid)
{
	if (has(list, gid))
		return COSMO_OK;
	if (list->limit > 0 && *list->count >= list->limit)
		return COSMO_OK;
	if (*list->count >= *list->size) {
		enum cosmo_err err = grow(list);

		if (err)
			return err;
	}
	(*list->gids)[(*list->count)++] = gid;
	return COSMO_OK;
}
