/* SPDX-License-Identifier: MIT */
/* HTTPS exchanges, one after the other, over kept connections: all that is done with libcurl. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/fetch_method.h"

/* Largest body of an answer, and largest sum of its header lines. */
#define HTTP_MAX_BODY_BYTES ((size_t)256 * 1024)

/* Longest timeout that may be asked for. */
#define HTTP_MAX_TIMEOUT_MS 300000

struct http;

/* All of it is borrowed for the time of the exchange. NULL: not given. */
struct http_request {
	enum fetch_method method;
	const char *url;    /* https only, without a user name */
	const void *ca_pem; /* these alone are trusted; NULL: the system's */
	size_t ca_pem_len;
	const char *proxy;         /* http:// or https:// URL; NULL: none, whatever else says so */
	const void *authorization; /* value of the Authorization header */
	size_t authorization_len;
	const void *body; /* application/x-www-form-urlencoded, with FETCH_POST */
	size_t body_len;
	uint64_t connect_timeout_ms; /* 1 to HTTP_MAX_TIMEOUT_MS, as the next */
	uint64_t timeout_ms;         /* for all of it, name look-up and connecting included */
};

/* -1 in a *_s: the server does not tell. */
struct http_response {
	unsigned int status; /* never 3xx */
	const void *body;    /* borrowed until the next exchange or http_forget() */
	size_t body_len;
	int64_t date_s;
	int64_t retry_after_s;
	int64_t max_age_s;
};

/* Initializes libcurl; one per process, before there are threads. The caller owns it. Errors:
 * COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err http_new(struct http **ret);

/* Wipes the last answer, ends the connections; may wait for a name look-up. NULL is allowed. */
void http_free(struct http *http);
COSMO_AUTO_DEFINE(struct http *, http_free);

/*
 * Send @request, wait for the whole answer. TLS 1.2 or later with certificate and name checked,
 * always; no redirect, cookie, .netrc or environment. A POST goes out at most once: a kept
 * connection that breaks under it is COSMO_E_IDP_DROPPED, never sent again, for a refresh token
 * works only once.
 *
 * @peer_fd  anything to be read from it, its end above all, gives the exchange up
 *
 * Errors: COSMO_E_PEER_GONE (@http can then only be left to exit), COSMO_E_INVALID (the request),
 * COSMO_E_DNS, COSMO_E_CONNECT, COSMO_E_TLS, COSMO_E_TLS_TRUST, COSMO_E_PROXY, COSMO_E_IDP_TIMEOUT,
 * COSMO_E_IDP_DROPPED, COSMO_E_IDP_REDIRECT, COSMO_E_IDP_BODY_TOO_BIG, COSMO_E_NOMEM,
 * COSMO_E_INTERNAL.
 */
COSMO_MUST_USE enum cosmo_err http_exchange(struct http *http, const struct http_request *request,
	int peer_fd, struct http_response *ret);

/* Why the last exchange failed, for administrators: filtered, free of queries and passwords, never
 * NULL. Borrowed until the next. */
const char *http_detail(const struct http *http);

/* Wipe the last answer. libcurl's own copies cannot be reached: they go with the process. */
void http_forget(struct http *http);
