/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/fetch/transfer_error.h"

#include <string.h>

#include "common/base/log.h"

#define MAX_TEXT_BYTES 1024

/* An int, for a later libcurl has more codes than the header we are built with. */
static enum cosmo_err code_error(int code)
{
	switch (code) {
	case CURLE_OK:
		return COSMO_OK;
	case CURLE_OUT_OF_MEMORY:
		return COSMO_E_NOMEM;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED: /* a user name in the URL */
		return COSMO_E_INVALID;
	case CURLE_COULDNT_RESOLVE_HOST:
		return COSMO_E_DNS;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return COSMO_E_PROXY;
	case CURLE_COULDNT_CONNECT:
	case CURLE_INTERFACE_FAILED:
	case CURLE_NO_CONNECTION_AVAILABLE:
		return COSMO_E_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CLIENTCERT:
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_SHUTDOWN_FAILED:
		return COSMO_E_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return COSMO_E_TLS_TRUST;
	case CURLE_OPERATION_TIMEDOUT:
		return COSMO_E_IDP_TIMEOUT;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_ABORTED_BY_CALLBACK: /* a second sending that we refused */
		return COSMO_E_IDP_DROPPED;
	case CURLE_FILESIZE_EXCEEDED:
		return COSMO_E_IDP_BODY_TOO_BIG;
	case CURLE_TOO_MANY_REDIRECTS:
		return COSMO_E_IDP_REDIRECT;
	default:
		return COSMO_E_INTERNAL;
	}
}

/* Before the tunnel stands, whoever refused, broke off or could not prove itself was the proxy. */
static bool is_of_proxy(enum cosmo_err err, const struct transfer_facts *facts)
{
	if (!facts->proxied || facts->tunnelled)
		return false;
	return err == COSMO_E_CONNECT || err == COSMO_E_IDP_DROPPED || err == COSMO_E_TLS ||
	       err == COSMO_E_TLS_TRUST;
}

enum cosmo_err transfer_error(CURLcode code, const struct transfer_facts *facts)
{
	enum cosmo_err err = code_error((int)code);

	if (!err)
		return COSMO_OK;
	if (facts->too_big)
		return COSMO_E_IDP_BODY_TOO_BIG;
	if (is_of_proxy(err, facts))
		return COSMO_E_PROXY;
	if (err == COSMO_E_IDP_TIMEOUT && !facts->resolved && !facts->sent)
		return COSMO_E_DNS;
	return err;
}

/* Append to @ret what may be shown of one word; the user part may hold any character, so it goes
 * first. */
static void append_word(const char *word, size_t len, char *ret)
{
	const char *at = memrchr(word, '@', len);

	if (at) {
		len -= (size_t)(at + 1 - word);
		word = at + 1;
	}
	for (size_t i = 0; i < len && word[i] != '?' && word[i] != '#'; i++)
		strncat(ret, word + i, 1);
}

void transfer_detail(const char *text, char *ret, size_t ret_size)
{
	static const char breaks[] = " \t\r\n'\"<>()";
	char clean[MAX_TEXT_BYTES + 1] = "";
	const char *p = text ? text : "";
	const char *end = p + strnlen(p, MAX_TEXT_BYTES);

	while (p < end) {
		size_t len = strcspn(p, breaks);

		if (len > (size_t)(end - p))
			len = (size_t)(end - p);
		append_word(p, len, clean);
		p += len;
		if (p < end)
			strncat(clean, p++, 1);
	}
	log_filter(clean, false, ret, ret_size);
}
