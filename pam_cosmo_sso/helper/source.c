/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/source.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/auto.h"

#define PREFIX_BYTES 8 /* of an IPv6 address: /64 */
#define SCOPE_MARK   '%'

static void read_ipv4(const void *bytes, struct source *ret)
{
	char text[INET_ADDRSTRLEN] = "";

	(void)inet_ntop(AF_INET, bytes, text, sizeof(text));
	(void)snprintf(ret->exact, sizeof(ret->exact), "4:%s", text);
	memcpy(ret->place, ret->exact, sizeof(ret->place));
}

/* @scope: "%eth0" behind a link-local address, or "". */
static void read_ipv6(const struct in6_addr *address, const char *scope, struct source *ret)
{
	struct in6_addr prefix = *address;
	char text[INET6_ADDRSTRLEN] = "";

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		read_ipv4(address->s6_addr + sizeof(*address) - sizeof(struct in_addr), ret);
		return;
	}
	(void)inet_ntop(AF_INET6, address, text, sizeof(text));
	(void)snprintf(ret->exact, sizeof(ret->exact), "6:%s%s", text, scope);
	memset(prefix.s6_addr + PREFIX_BYTES, 0, sizeof(prefix) - PREFIX_BYTES);
	(void)inet_ntop(AF_INET6, &prefix, text, sizeof(text));
	(void)snprintf(ret->place, sizeof(ret->place), "6:%s%s/64", text, scope);
}

static void read_name(const char *rhost, struct source *ret)
{
	(void)snprintf(ret->exact, sizeof(ret->exact), "n:%s", rhost);
	for (char *c = ret->exact; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	memcpy(ret->place, ret->exact, sizeof(ret->place));
}

static void read_remote(const char *rhost, struct source *ret)
{
	char text[INET6_ADDRSTRLEN] = "";
	size_t len = strcspn(rhost, (const char[]){SCOPE_MARK, '\0'});
	struct in_addr ipv4 = {0};
	struct in6_addr ipv6 = {0};

	if (len < sizeof(text))
		memcpy(text, rhost, len);
	if (inet_pton(AF_INET, rhost, &ipv4) == 1)
		read_ipv4(&ipv4, ret);
	else if (inet_pton(AF_INET6, text, &ipv6) == 1)
		read_ipv6(&ipv6, rhost + len, ret);
	else
		read_name(rhost, ret);
}

void source_read(const char *rhost, uint32_t ruid, struct source *ret)
{
	const bool is_local = ruid != 0 || !rhost || !rhost[0];

	*ret = (struct source){.is_local = is_local};
	if (!is_local) {
		read_remote(rhost, ret);
		return;
	}
	(void)snprintf(ret->exact, sizeof(ret->exact), "u:%" PRIu32, ruid);
	memcpy(ret->place, ret->exact, sizeof(ret->place));
}
