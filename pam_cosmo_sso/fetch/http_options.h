/* SPDX-License-Identifier: MIT */
/* A request and our rules, as libcurl's options. */
#pragma once

#include <curl/curl.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "pam_cosmo_sso/fetch/http.h"

/* Authorization, Accept, Expect, Content-Type. */
#define HTTP_MAX_HEADERS 4

/* The lines we add to a request; libcurl only reads the list. */
struct header_list {
	struct curl_slist nodes[HTTP_MAX_HEADERS];
	size_t count;
	char *authorization; /* owned, wiped */
};

void header_list_done(struct header_list list);
COSMO_AUTO_DEFINE(struct header_list, header_list_done);

/* May this request be tried? Errors: COSMO_E_INVALID, COSMO_E_PROXY (not a URL of a proxy). */
COSMO_MUST_USE enum cosmo_err http_request_check(const struct http_request *request);

/*
 * Set everything but the callbacks on @easy, fresh or reset; it borrows from @request and @headers
 * (empty before). @by_folder: of the system's authorities those alone are trusted that its folder
 * has. Errors: COSMO_E_NOMEM, COSMO_E_INTERNAL (libcurl lacks what we need).
 */
COSMO_MUST_USE enum cosmo_err http_options_set(CURL *easy, const struct http_request *request,
	bool by_folder, struct header_list *headers);
