/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/fetch/http_options.h"

#include <stdlib.h>
#include <string.h>

#include "pam_cosmo_sso/fetch/http.h"
#include "paths.h"

#define AUTHORIZATION "Authorization: "

/* A handle being set up; the first option that it refuses is remembered. */
struct options {
	CURL *easy;
	CURLcode failure;
};

void header_list_done(struct header_list list)
{
	if (list.authorization)
		explicit_bzero(list.authorization, strlen(list.authorization));
	free(list.authorization);
}

static void set_long(struct options *options, CURLoption option, long value)
{
	if (!options->failure)
		options->failure = curl_easy_setopt(options->easy, option, value);
}

/* Not the macro of that name, which warns of any pointer but the option's own type. */
static void set_pointer(struct options *options, CURLoption option, const void *value)
{
	if (!options->failure)
		options->failure = (curl_easy_setopt)(options->easy, option, value);
}

/* What no request can change. Some repeat libcurl's defaults, for which we do not vouch. */
static void set_rules(struct options *options)
{
	set_pointer(options, CURLOPT_PROTOCOLS_STR, "https");
	set_pointer(options, CURLOPT_DEFAULT_PROTOCOL, "https");
	set_long(options, CURLOPT_FOLLOWLOCATION, 0);
	set_long(options, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_long(options, CURLOPT_SSL_VERIFYPEER, 1);
	set_long(options, CURLOPT_SSL_VERIFYHOST, 2);
	set_long(options, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	set_long(options, CURLOPT_PROXY_SSL_VERIFYPEER, 1);
	set_long(options, CURLOPT_PROXY_SSL_VERIFYHOST, 2);
	set_long(options, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
	set_long(options, CURLOPT_NETRC, CURL_NETRC_IGNORED);
	set_long(options, CURLOPT_NOSIGNAL, 1);
	/* A look-up that hangs must not be waited for once its time is over. */
	set_long(options, CURLOPT_QUICK_EXIT, 1);
	set_pointer(options, CURLOPT_USERAGENT, "cosmo-sso/" COSMO_VERSION);
	/* Our headers are not for the proxy, nor its headers for us. */
	set_long(options, CURLOPT_HEADEROPT, CURLHEADER_SEPARATE);
	set_long(options, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
	if (!options->failure)
		options->failure = curl_easy_setopt(
			options->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HTTP_MAX_BODY_BYTES);
}

/* The file that has all of the system's is read whole, whatever the folder has. */
static void set_system_trust(struct options *options, bool by_folder)
{
	if (!by_folder)
		return;
	set_pointer(options, CURLOPT_CAINFO, NULL);
	set_pointer(options, CURLOPT_PROXY_CAINFO, NULL);
}

/* Given certificates replace the system's: libcurl would go on looking into its folder. */
static void set_trust(struct options *options, const struct http_request *request, bool by_folder)
{
	struct curl_blob blob = {.len = request->ca_pem_len, .flags = CURL_BLOB_NOCOPY};

	if (!request->ca_pem) {
		set_system_trust(options, by_folder);
		return;
	}
	memcpy(&blob.data, &request->ca_pem, sizeof(blob.data));
	set_pointer(options, CURLOPT_CAINFO, NULL);
	set_pointer(options, CURLOPT_CAPATH, NULL);
	set_pointer(options, CURLOPT_CAINFO_BLOB, &blob);
	set_pointer(options, CURLOPT_PROXY_CAINFO, NULL);
	set_pointer(options, CURLOPT_PROXY_CAPATH, NULL);
	set_pointer(options, CURLOPT_PROXY_CAINFO_BLOB, &blob);
}

/* Checked here because libcurl's own complaint repeats the whole text, password included. */
static bool proxy_is_valid(const char *proxy)
{
	CURLU *url = curl_url();
	char *scheme = NULL;
	bool ok = url && curl_url_set(url, CURLUPART_URL, proxy, 0) == CURLUE_OK &&
		  curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		  (streq(scheme, "http") || streq(scheme, "https"));

	curl_free(scheme);
	curl_url_cleanup(url);
	return ok;
}

static bool request_is_valid(const struct http_request *request)
{
	const unsigned char *text = request->authorization;

	for (size_t i = 0; text && i < request->authorization_len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	if (request->method != FETCH_GET && request->method != FETCH_POST)
		return false;
	if (request->body && request->method != FETCH_POST)
		return false;
	return request->connect_timeout_ms > 0 && request->timeout_ms > 0 &&
	       request->connect_timeout_ms <= HTTP_MAX_TIMEOUT_MS &&
	       request->timeout_ms <= HTTP_MAX_TIMEOUT_MS;
}

static void add_header(struct header_list *list, char *line)
{
	struct curl_slist *node = &list->nodes[list->count];

	node->data = line;
	if (list->count++ > 0)
		list->nodes[list->count - 2].next = node;
}

static enum cosmo_err add_authorization(
	struct header_list *list, const struct http_request *request)
{
	size_t prefix_len = strlen(AUTHORIZATION);

	if (!request->authorization)
		return COSMO_OK;
	list->authorization = calloc(1, prefix_len + request->authorization_len + 1);
	if (!list->authorization)
		return COSMO_E_NOMEM;
	memcpy(list->authorization, AUTHORIZATION, prefix_len);
	memcpy(list->authorization + prefix_len, request->authorization,
		request->authorization_len);
	add_header(list, list->authorization);
	return COSMO_OK;
}

static void set_method(struct options *options, const struct http_request *request)
{
	if (request->method == FETCH_GET) {
		set_long(options, CURLOPT_HTTPGET, 1);
		return;
	}
	set_long(options, CURLOPT_POST, 1);
	set_pointer(options, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	set_long(options, CURLOPT_POSTFIELDSIZE, request->body ? (long)request->body_len : 0);
}

static enum cosmo_err set_headers(
	struct options *options, const struct http_request *request, struct header_list *headers)
{
	static char accept[] = "Accept: application/json";
	static char no_expect[] = "Expect:";
	static char form[] = "Content-Type: application/x-www-form-urlencoded";
	enum cosmo_err err = add_authorization(headers, request);

	if (err)
		return err;
	add_header(headers, accept);
	add_header(headers, no_expect);
	if (request->method == FETCH_POST)
		add_header(headers, form);
	set_pointer(options, CURLOPT_HTTPHEADER, &headers->nodes[0]);
	return COSMO_OK;
}

enum cosmo_err http_request_check(const struct http_request *request)
{
	if (!request_is_valid(request))
		return COSMO_E_INVALID;
	if (request->proxy && !proxy_is_valid(request->proxy))
		return COSMO_E_PROXY;
	return COSMO_OK;
}

enum cosmo_err http_options_set(
	CURL *easy, const struct http_request *request, bool by_folder, struct header_list *headers)
{
	struct options options = {.easy = easy};
	enum cosmo_err err = set_headers(&options, request, headers);

	if (err)
		return err;
	set_rules(&options);
	set_trust(&options, request, by_folder);
	set_method(&options, request);
	set_pointer(&options, CURLOPT_URL, request->url);
	/* Set even if none, or libcurl would ask the environment. */
	set_pointer(&options, CURLOPT_PROXY, request->proxy ? request->proxy : "");
	set_pointer(&options, CURLOPT_NOPROXY, "");
	set_long(&options, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
	set_long(&options, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	return options.failure ? COSMO_E_INTERNAL : COSMO_OK;
}
