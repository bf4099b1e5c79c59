/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/fetch/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/fetch/http_options.h"
#include "pam_cosmo_sso/fetch/reply_header.h"
#include "pam_cosmo_sso/fetch/system_trust.h"
#include "pam_cosmo_sso/fetch/transfer_error.h"

#define MAX_DETAIL_BYTES 512

struct http {
	CURLM *multi;
	CURL *easy;
	unsigned char *body;
	size_t body_len;
	size_t header_bytes;
	bool too_big;
	bool post;
	bool is_distrusted; /* the peer's certificate is by no authority that was looked up */
	bool by_folder;     /* the system's authorities are looked up one by one */
	unsigned int sendings;
	char error[CURL_ERROR_SIZE];
	char detail[MAX_DETAIL_BYTES];
};

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct http *http = user;
	size_t len = size * count;

	if (len > HTTP_MAX_BODY_BYTES - http->body_len) {
		http->too_big = true;
		return 0;
	}
	memcpy(http->body + http->body_len, data, len);
	http->body_len += len;
	return len;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's prototype */
static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	struct http *http = user;
	size_t len = size * count;

	(void)data;
	if (len > HTTP_MAX_BODY_BYTES - http->header_bytes) {
		http->too_big = true;
		return 0;
	}
	http->header_bytes += len;
	return len;
}

/* libcurl is about to send; it does so again by itself when a kept connection breaks. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's prototype */
static int on_send(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct http *http = user;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (http->post && http->sendings > 0)
		return CURL_PREREQFUNC_ABORT;
	http->sendings++;
	return CURL_PREREQFUNC_OK;
}

static bool set_callbacks(struct http *http)
{
	CURL *easy = http->easy;

	return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, http) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, http) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_send) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PREREQDATA, http) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error) == CURLE_OK;
}

/* Until the transfer has ended or the peer says anything. */
static enum cosmo_err drive(struct http *http, int peer_fd)
{
	int running = 1;

	while (curl_multi_perform(http->multi, &running) == CURLM_OK) {
		struct curl_waitfd peer = {.fd = peer_fd, .events = CURL_WAIT_POLLIN};

		if (running == 0)
			return COSMO_OK;
		if (curl_multi_poll(http->multi, &peer, 1, HTTP_MAX_TIMEOUT_MS, NULL) != CURLM_OK)
			return COSMO_E_INTERNAL;
		if (peer.revents)
			return COSMO_E_PEER_GONE;
	}
	return COSMO_E_INTERNAL;
}

static struct transfer_facts facts(struct http *http, const struct http_request *request)
{
	struct transfer_facts facts = {
		.proxied = request->proxy != NULL,
		.sent = http->sendings > 0,
		.too_big = http->too_big,
	};
	curl_off_t name_us = 0;
	long connect_status = 0;

	(void)curl_easy_getinfo(http->easy, CURLINFO_NAMELOOKUP_TIME_T, &name_us);
	(void)curl_easy_getinfo(http->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
	facts.resolved = name_us > 0;
	facts.tunnelled = facts.sent || connect_status / 100 == 2;
	return facts;
}

static enum cosmo_err transfer(struct http *http, const struct http_request *request, int peer_fd)
{
	int left = 0;
	struct CURLMsg *message = NULL;
	struct transfer_facts how_far = {0};
	CURLcode code = CURLE_FAILED_INIT;
	enum cosmo_err err = COSMO_OK;

	if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
		return COSMO_E_INTERNAL;
	err = drive(http, peer_fd);
	if (err == COSMO_E_PEER_GONE)
		return err;
	message = curl_multi_info_read(http->multi, &left);
	if (!err && message && message->msg == CURLMSG_DONE)
		code = message->data.result;
	http->is_distrusted = code == CURLE_PEER_FAILED_VERIFICATION;
	how_far = facts(http, request);
	(void)curl_multi_remove_handle(http->multi, http->easy);
	if (code)
		transfer_detail(http->error[0] ? http->error : curl_easy_strerror(code),
			http->detail, sizeof(http->detail));
	return transfer_error(code, &how_far);
}

/* The @index-th header line of that name, or NULL; borrowed until the next call. */
static const char *header(struct http *http, const char *name, size_t index)
{
	struct curl_header *found = NULL;

	if (curl_easy_header(http->easy, name, index, CURLH_HEADER, -1, &found) != CURLHE_OK)
		return NULL;
	return found->value;
}

static int64_t max_age_s(struct http *http)
{
	int64_t least = REPLY_HEADER_NONE;
	const char *value = NULL;

	for (size_t i = 0; (value = header(http, "Cache-Control", i)) != NULL; i++) {
		int64_t age_s = reply_header_max_age_s(value);

		if (age_s != REPLY_HEADER_NONE && (least == REPLY_HEADER_NONE || age_s < least))
			least = age_s;
	}
	return least;
}

static enum cosmo_err redirect(struct http *http, unsigned int status)
{
	const char *location = header(http, "Location", 0);
	char line[MAX_DETAIL_BYTES] = "";

	(void)snprintf(line, sizeof(line), "HTTP status %u, location %s", status,
		location ? location : "not given");
	transfer_detail(line, http->detail, sizeof(http->detail));
	return COSMO_E_IDP_REDIRECT;
}

static enum cosmo_err read_response(struct http *http, struct http_response *ret)
{
	long status = 0;
	int64_t now_s = fdio_now_s();

	if (curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
		status < 100 || status > 999)
		return COSMO_E_IDP_DROPPED;
	if (status >= 300 && status <= 399)
		return redirect(http, (unsigned int)status);
	*ret = (struct http_response){
		.status = (unsigned int)status,
		.body = http->body,
		.body_len = http->body_len,
		.date_s = reply_header_date_s(header(http, "Date", 0)),
		.retry_after_s = reply_header_retry_after_s(header(http, "Retry-After", 0), now_s),
		.max_age_s = max_age_s(http),
	};
	return COSMO_OK;
}

static enum cosmo_err exchange(struct http *http, const struct http_request *request, int peer_fd,
	struct http_response *ret)
{
	COSMO_AUTO(header_list_done) struct header_list headers = {0};
	enum cosmo_err err = COSMO_OK;

	http_forget(http);
	curl_easy_reset(http->easy);
	http->post = request->method == FETCH_POST;
	if (!set_callbacks(http))
		return COSMO_E_INTERNAL;
	err = http_options_set(http->easy, request, http->by_folder, &headers);
	if (!err)
		err = transfer(http, request, peer_fd);
	if (!err)
		err = read_response(http, ret);
	if (err != COSMO_E_PEER_GONE)
		curl_easy_reset(http->easy); /* what it points to ends here */
	return err;
}

/* An authority that stands in the system's file alone is trusted no less: from now on that is read,
 * in what is left of the time. Nothing was sent to whoever was not trusted. */
static bool goes_on_by_file(struct http *http, struct http_request *request, int64_t began_boot_ms)
{
	uint64_t took_ms = (uint64_t)(fdio_boot_ms() - began_boot_ms);

	if (!http->by_folder || request->ca_pem || !http->is_distrusted || http->sendings > 0)
		return false;
	http->by_folder = false;
	if (took_ms >= request->timeout_ms)
		return false;
	request->timeout_ms -= took_ms;
	return true;
}

enum cosmo_err http_exchange(struct http *http, const struct http_request *request, int peer_fd,
	struct http_response *ret)
{
	struct http_request again = *request;
	int64_t began_boot_ms = fdio_boot_ms();
	enum cosmo_err err = http_request_check(request);

	http_forget(http);
	if (err == COSMO_E_PROXY)
		transfer_detail("the proxy is not an http or https URL", http->detail,
			sizeof(http->detail));
	if (err)
		return err;
	err = exchange(http, request, peer_fd, ret);
	if (err && err != COSMO_E_PEER_GONE && goes_on_by_file(http, &again, began_boot_ms))
		err = exchange(http, &again, peer_fd, ret);
	return err;
}

const char *http_detail(const struct http *http)
{
	return http->detail;
}

void http_forget(struct http *http)
{
	explicit_bzero(http->body, http->body_len);
	http->body_len = 0;
	http->header_bytes = 0;
	http->too_big = false;
	http->post = false;
	http->is_distrusted = false;
	http->sendings = 0;
	http->error[0] = '\0';
	http->detail[0] = '\0';
}

enum cosmo_err http_new(struct http **ret)
{
	COSMO_AUTO(http_free) struct http *http = NULL;

	if (curl_global_init(CURL_GLOBAL_SSL) != CURLE_OK)
		return COSMO_E_NOMEM;
	http = calloc(1, sizeof(*http));
	if (!http)
		return COSMO_E_NOMEM;
	/* Whole at once: it never moves, so no copy stays behind; pages unused cost nothing. */
	http->body = calloc(1, HTTP_MAX_BODY_BYTES);
	http->multi = curl_multi_init();
	http->easy = curl_easy_init();
	if (!http->body || !http->multi || !http->easy)
		return COSMO_E_NOMEM;
	http->by_folder = system_trust_is_folder(curl_version_info(CURLVERSION_NOW)->capath);
	*ret = COSMO_STEAL(&http);
	return COSMO_OK;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	if (http->body)
		http_forget(http);
	curl_easy_cleanup(http->easy);
	(void)curl_multi_cleanup(http->multi);
	free(http->body);
	free(http);
	curl_global_cleanup();
}
