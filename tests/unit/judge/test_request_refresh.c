/* SPDX-License-Identifier: MIT */
/* What the judge does while the IdP is asked to refresh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/secret.h"
#include "pam_cosmo_sso/judge/provider.h"
#include "pam_cosmo_sso/judge/request.h"
#include "tests/unit/judge/fetch_stand_in.h"
#include "tests/unit/judge/signer.h"

static struct fetch_stand_in fetch;
static int prepared;

bool __real_provider_prepare(void *provider);
bool __wrap_provider_prepare(void *provider);

/* The IdP answers when the first key has been loaded, and not before. */
bool __wrap_provider_prepare(void *provider)
{
	COSMO_AUTO(message_free) struct message *asked = fetch_request(&fetch);
	bool is_loaded = __real_provider_prepare(provider);

	assert_non_null(asked);
	assert_string_equal(message_str(asked, FIELD_URL), FETCH_ISSUER "/token");
	assert_true(is_loaded);
	prepared++;
	fetch_lay_failure(&fetch, COSMO_E_IDP_DROPPED, NULL);
	return is_loaded;
}

static struct message *question(const char *jwks)
{
	COSMO_AUTO(secret_free) struct cosmo_secret *token = NULL;
	struct message *message = fetch_question();

	assert_int_equal(secret_new("first", 5, &token), COSMO_OK);
	message_put_secret(message, FIELD_REFRESH_TOKEN, token);
	message_put_bytes(message, FIELD_DISCOVERY, fetch_discovery, strlen(fetch_discovery));
	message_put_bytes(message, FIELD_JWKS, jwks, strlen(jwks));
	return message;
}

static void test_request_refresh__idp_is_waited_for__keys_are_loaded_meanwhile(void **state)
{
	COSMO_AUTO(EVP_PKEY_free) EVP_PKEY *key = signer_new_ec("P-256");
	COSMO_AUTO(free) char *jwk = signer_jwk(key, "\"kid\":\"one\"");
	COSMO_AUTO(free) char *jwks = signer_jwks(jwk, NULL);
	COSMO_AUTO(message_free) struct message *message = question(jwks);
	struct request request = {
		.peer = &fetch.dialogue, .fetch = &fetch.dialogue, .message = message};

	(void)state;
	assert_int_equal(request_refresh(&request), COSMO_E_IDP_DROPPED);
	assert_int_equal(prepared, 1); /* and no other: an answer that is there does not wait */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FETCH(
			test_request_refresh__idp_is_waited_for__keys_are_loaded_meanwhile, &fetch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
