/* SPDX-License-Identifier: MIT */
/* What needs no server that answers; the rest is tests/integration/test_fetch.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "pam_cosmo_sso/fetch/http.h"

struct fixture {
	struct http *http;
	int peer[2];
	int server; /* takes connections when it listens, says nothing */
	char url[64];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*state = fixture;
	if (!fixture || http_new(&fixture->http) != COSMO_OK)
		return -1;
	fixture->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fixture->peer) < 0 ||
		bind(fixture->server, (struct sockaddr *)&address, len) < 0 ||
		getsockname(fixture->server, (struct sockaddr *)&address, &len) < 0)
		return -1;
	(void)snprintf(fixture->url, sizeof(fixture->url), "https://127.0.0.1:%u/x?code=secret",
		ntohs(address.sin_port));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	http_free(fixture->http);
	close(fixture->peer[0]);
	close(fixture->peer[1]);
	close(fixture->server);
	free(fixture);
	return 0;
}

static struct http_request request_to(const struct fixture *fixture)
{
	return (struct http_request){
		.method = FETCH_GET,
		.url = fixture->url,
		.connect_timeout_ms = HTTP_MAX_TIMEOUT_MS,
		.timeout_ms = HTTP_MAX_TIMEOUT_MS,
	};
}

static enum cosmo_err exchange(const struct fixture *fixture, const struct http_request *request)
{
	struct http_response untouched = {.status = 4711};
	enum cosmo_err err = http_exchange(fixture->http, request, fixture->peer[0], &untouched);

	assert_int_equal(untouched.status, 4711);
	return err;
}

static void test_http_exchange__nobody_listens__connect(void **state)
{
	struct http_request request = request_to(*state);
	struct fixture *fixture = *state;

	assert_int_equal(exchange(fixture, &request), COSMO_E_CONNECT);
	assert_non_null(strstr(http_detail(fixture->http), "127.0.0.1"));
	assert_null(strstr(http_detail(fixture->http), "secret"));
	request.proxy = "http://me:secret@127.0.0.1:1";
	assert_int_equal(exchange(fixture, &request), COSMO_E_PROXY);
	assert_null(strstr(http_detail(fixture->http), "secret"));
}

static void test_http_exchange__peer_ends_or_speaks__peer_gone(void **state)
{
	struct http_request request = request_to(*state);
	struct fixture *fixture = *state;

	assert_int_equal(listen(fixture->server, 1), 0);
	assert_int_equal(write(fixture->peer[1], "x", 1), 1);
	assert_int_equal(exchange(fixture, &request), COSMO_E_PEER_GONE);
}

static void test_http_exchange__bad_request__invalid(void **state)
{
	struct fixture *fixture = *state;
	struct http_request post = request_to(*state);
	struct http_request body_of_get = request_to(*state);
	struct http_request no_time = request_to(*state);
	struct http_request two_lines = request_to(*state);
	struct http_request plain = request_to(*state);

	post.method = (enum fetch_method)(FETCH_POST + 1);
	body_of_get.body = "a=b";
	body_of_get.body_len = 3;
	no_time.timeout_ms = 0;
	two_lines.authorization = "Bearer x\r\ny: z";
	two_lines.authorization_len = strlen("Bearer x\r\ny: z");
	plain.url = "http://127.0.0.1/";
	assert_int_equal(exchange(fixture, &post), COSMO_E_INVALID);
	assert_int_equal(exchange(fixture, &body_of_get), COSMO_E_INVALID);
	assert_int_equal(exchange(fixture, &no_time), COSMO_E_INVALID);
	assert_int_equal(exchange(fixture, &two_lines), COSMO_E_INVALID);
	assert_int_equal(exchange(fixture, &plain), COSMO_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_http_exchange__nobody_listens__connect, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_http_exchange__peer_ends_or_speaks__peer_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_http_exchange__bad_request__invalid, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
