/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/auto.h"
#include "pam_cosmo_sso/fetch/transfer_error.h"

static const struct transfer_facts direct = {.resolved = true};
static const struct transfer_facts before_tunnel = {.resolved = true, .proxied = true};
static const struct transfer_facts behind_tunnel = {
	.resolved = true, .proxied = true, .tunnelled = true};

static void test_transfer_error__each_code__its_meaning(void **state)
{
	static const struct {
		CURLcode code;
		enum cosmo_err err;
	} rows[] = {
		{CURLE_OK, COSMO_OK},
		{CURLE_OUT_OF_MEMORY, COSMO_E_NOMEM},
		{CURLE_UNSUPPORTED_PROTOCOL, COSMO_E_INVALID},
		{CURLE_URL_MALFORMAT, COSMO_E_INVALID},
		{CURLE_LOGIN_DENIED, COSMO_E_INVALID},
		{CURLE_COULDNT_RESOLVE_HOST, COSMO_E_DNS},
		{CURLE_COULDNT_RESOLVE_PROXY, COSMO_E_PROXY},
		{CURLE_PROXY, COSMO_E_PROXY},
		{CURLE_COULDNT_CONNECT, COSMO_E_CONNECT},
		{CURLE_SSL_CONNECT_ERROR, COSMO_E_TLS},
		{CURLE_SSL_CIPHER, COSMO_E_TLS},
		{CURLE_PEER_FAILED_VERIFICATION, COSMO_E_TLS_TRUST},
		{CURLE_SSL_CACERT_BADFILE, COSMO_E_TLS_TRUST},
		{CURLE_SSL_ISSUER_ERROR, COSMO_E_TLS_TRUST},
		{CURLE_OPERATION_TIMEDOUT, COSMO_E_IDP_TIMEOUT},
		{CURLE_PARTIAL_FILE, COSMO_E_IDP_DROPPED},
		{CURLE_GOT_NOTHING, COSMO_E_IDP_DROPPED},
		{CURLE_SEND_ERROR, COSMO_E_IDP_DROPPED},
		{CURLE_RECV_ERROR, COSMO_E_IDP_DROPPED},
		{CURLE_HTTP2_STREAM, COSMO_E_IDP_DROPPED},
		{CURLE_WEIRD_SERVER_REPLY, COSMO_E_IDP_DROPPED},
		{CURLE_ABORTED_BY_CALLBACK, COSMO_E_IDP_DROPPED},
		{CURLE_FILESIZE_EXCEEDED, COSMO_E_IDP_BODY_TOO_BIG},
		{CURLE_TOO_MANY_REDIRECTS, COSMO_E_IDP_REDIRECT},
		{CURLE_WRITE_ERROR, COSMO_E_INTERNAL},
		{CURLE_FAILED_INIT, COSMO_E_INTERNAL},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		print_message("row: %s\n", curl_easy_strerror(rows[i].code));
		assert_int_equal(transfer_error(rows[i].code, &direct), rows[i].err);
	}
}

static void test_transfer_error__any_failure__never_ok(void **state)
{
	(void)state;
	for (int code = 1; code < 2 * CURL_LAST; code++) {
		assert_int_not_equal(transfer_error((CURLcode)code, &direct), COSMO_OK);
		assert_int_not_equal(transfer_error((CURLcode)code, &before_tunnel), COSMO_OK);
	}
}

static void test_transfer_error__body_refused__too_big(void **state)
{
	static const struct transfer_facts too_big = {.resolved = true, .too_big = true};

	(void)state;
	assert_int_equal(transfer_error(CURLE_WRITE_ERROR, &too_big), COSMO_E_IDP_BODY_TOO_BIG);
	assert_int_equal(transfer_error(CURLE_OK, &too_big), COSMO_OK);
}

static void test_transfer_error__before_the_tunnel__the_proxys(void **state)
{
	static const CURLcode codes[] = {CURLE_COULDNT_CONNECT, CURLE_RECV_ERROR, CURLE_GOT_NOTHING,
		CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(codes); i++) {
		assert_int_equal(transfer_error(codes[i], &before_tunnel), COSMO_E_PROXY);
		assert_int_not_equal(transfer_error(codes[i], &behind_tunnel), COSMO_E_PROXY);
	}
	assert_int_equal(
		transfer_error(CURLE_OPERATION_TIMEDOUT, &before_tunnel), COSMO_E_IDP_TIMEOUT);
}

static void test_transfer_error__timeout_in_look_up__dns(void **state)
{
	static const struct transfer_facts unresolved = {0};
	static const struct transfer_facts kept = {.sent = true};

	(void)state;
	assert_int_equal(transfer_error(CURLE_OPERATION_TIMEDOUT, &unresolved), COSMO_E_DNS);
	assert_int_equal(transfer_error(CURLE_OPERATION_TIMEDOUT, &kept), COSMO_E_IDP_TIMEOUT);
}

static void test_transfer_detail__foreign_text__harmless(void **state)
{
	static const struct {
		const char *text, *detail;
	} rows[] = {
		{NULL, ""},
		{"", ""},
		{"Could not resolve host: idp.example", "Could not resolve host: idp.example"},
		{"to https://a.example/b?code=secret now", "to https://a.example/b now"},
		{"to https://a.example/b#secret", "to https://a.example/b"},
		{"'https://a.example/?a' \"/?b\"", "'https://a.example/' \"/\""},
		{"proxy http://me:pw@p.example:1", "proxy p.example:1"},
		{"proxy http://me:p?w#@x@p.example", "proxy p.example"},
		{"bell\a escape\x1b[2J utf8 \xc3\xa4", "bell? escape?[2J utf8 ?"},
		{"two\r\nlines", "two??lines"},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		char detail[512] = "";

		print_message("row: %zu\n", i);
		transfer_detail(rows[i].text, detail, sizeof(detail));
		assert_string_equal(detail, rows[i].detail);
	}
}

static void test_transfer_detail__long_text__cut(void **state)
{
	char text[5000] = "";
	char detail[16] = "";
	char roomy[4096] = "";

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	transfer_detail(text, detail, sizeof(detail));
	assert_string_equal(detail, "xxxxxxxxxxxx...");
	transfer_detail(text, roomy, sizeof(roomy));
	assert_int_equal(strlen(roomy), 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transfer_error__each_code__its_meaning),
		cmocka_unit_test(test_transfer_error__any_failure__never_ok),
		cmocka_unit_test(test_transfer_error__body_refused__too_big),
		cmocka_unit_test(test_transfer_error__before_the_tunnel__the_proxys),
		cmocka_unit_test(test_transfer_error__timeout_in_look_up__dns),
		cmocka_unit_test(test_transfer_detail__foreign_text__harmless),
		cmocka_unit_test(test_transfer_detail__long_text__cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
