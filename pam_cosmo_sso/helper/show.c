/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/show.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCHEME "https://"
#define DEV    "/dev/"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool show_is_local(const char *rhost, const char *tty)
{
	if ((rhost && rhost[0]) || !tty)
		return false;
	if (strncmp(tty, DEV, strlen(DEV)) == 0)
		tty += strlen(DEV);
	if (tty[0] == ':')
		return is_digit(tty[1]);
	return strncmp(tty, "tty", 3) == 0 && is_digit(tty[3]);
}

void show_host(char *ret)
{
	ret[HOST_NAME_MAX] = '\0';
	if (gethostname(ret, HOST_NAME_MAX) < 0)
		ret[0] = '\0';
}

void show_issuer_host(const char *issuer, char *ret, size_t ret_size)
{
	const char *host = issuer;

	if (strncmp(host, SCHEME, strlen(SCHEME)) == 0)
		host += strlen(SCHEME);
	(void)snprintf(ret, ret_size, "%.*s", (int)strcspn(host, "/?#"), host);
}

static bool may_show_complete(const struct exchange *exchange)
{
	switch (exchange->config->complete_uri) {
	case CONFIG_COMPLETE_URI_ALWAYS:
		return true;
	case CONFIG_COMPLETE_URI_LOCAL:
		return show_is_local(exchange->line.rhost, exchange->line.tty);
	}
	return false;
}

static uint64_t expires_in_s(const struct message *told, int64_t left_ms)
{
	uint64_t code_s = message_u64(told, FIELD_EXPIRES_IN_S, 0);
	uint64_t left_s = left_ms > 0 ? (uint64_t)left_ms / 1000 : 0;

	return code_s < left_s ? code_s : left_s;
}

enum cosmo_err show_make(const struct exchange *exchange, const struct message *told,
	int64_t left_ms, struct message **ret)
{
	COSMO_AUTO(message_free) struct message *shown = NULL;
	char host[HOST_NAME_MAX + 1] = "";
	char issuer[256] = "";
	enum cosmo_err err = message_new(MESSAGE_SHOW, &shown);

	if (err)
		return err;
	show_host(host);
	show_issuer_host(exchange->config->issuer, issuer, sizeof(issuer));
	message_put_str(shown, FIELD_VERIFICATION_URI, message_str(told, FIELD_VERIFICATION_URI));
	if (may_show_complete(exchange))
		message_put_str(shown, FIELD_VERIFICATION_URI_COMPLETE,
			message_str(told, FIELD_VERIFICATION_URI_COMPLETE));
	message_put_str(shown, FIELD_USER_CODE, message_str(told, FIELD_USER_CODE));
	message_put_u64(shown, FIELD_EXPIRES_IN_S, expires_in_s(told, left_ms));
	message_put_u64(shown, FIELD_QR_MODE, (uint64_t)exchange->config->qr);
	message_put_str(shown, FIELD_HOST, host);
	message_put_str(shown, FIELD_ISSUER, issuer);
	*ret = COSMO_STEAL(&shown);
	return COSMO_OK;
}
