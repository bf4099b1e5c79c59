/* SPDX-License-Identifier: MIT */
#include "common/https_url.h"

#include <string.h>
#include <strings.h>

bool https_url_is_usable(const char *url)
{
	static const char scheme[] = "https://";
	const char *host = NULL;
	size_t host_len = 0;

	if (strncasecmp(url, scheme, strlen(scheme)) != 0)
		return false;
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("\"'<>\\^`{|}", *c))
			return false;
	host = url + strlen(scheme);
	host_len = strcspn(host, "/?#");
	return host_len > 0 && host[0] != ':' && !memchr(host, '@', host_len);
}
