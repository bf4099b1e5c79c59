/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/claim_path.h"

#define MAX_STEP_BYTES 255

/* Undo RFC 6901's "~1" for '/' and "~0" for '~', in place; false for any other '~'. */
static bool unescape(char *step)
{
	char *out = step;

	for (const char *in = step; *in; in++) {
		if (*in == '~') {
			in++;
			if (*in != '0' && *in != '1')
				return false;
			*out++ = *in == '0' ? '~' : '/';
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return true;
}

struct json_object *claim_path_follow(struct json_object *claims, const char *path)
{
	bool is_pointer = path[0] == '/';
	const char *separator = is_pointer ? "/" : ".";
	const char *at = is_pointer ? path + 1 : path;

	if (!is_pointer && !strchr(path, '.'))
		return NULL;
	while (claims) {
		char step[MAX_STEP_BYTES + 1] = "";
		size_t len = strcspn(at, separator);

		if (len == 0 || len > MAX_STEP_BYTES)
			return NULL;
		memcpy(step, at, len);
		if (is_pointer && !unescape(step))
			return NULL;
		claims = json_member(claims, step);
		if (at[len] == '\0')
			return claims;
		at += len + 1;
	}
	return NULL;
}
