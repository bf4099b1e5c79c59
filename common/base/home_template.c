/* SPDX-License-Identifier: MIT */
#include "common/base/home_template.h"

#include <string.h>

enum cosmo_err home_template_expand(
	const char *template, const char *name, char *ret_home, size_t home_size)
{
	size_t name_len = strlen(name);
	size_t len = 0;

	if (template[0] != '/')
		return COSMO_E_INVALID;
	for (const char *at = template; *at; at++) {
		bool is_name = *at == '%';
		size_t piece_len = is_name ? name_len : 1;

		if (is_name && *++at != 'u')
			return COSMO_E_INVALID;
		if (piece_len >= home_size - len)
			return COSMO_E_RANGE;
		memcpy(ret_home + len, is_name ? name : at, piece_len);
		len += piece_len;
	}
	ret_home[len] = '\0';
	return COSMO_OK;
}
