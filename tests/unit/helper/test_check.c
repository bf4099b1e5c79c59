/* SPDX-License-Identifier: MIT */
/* What follows from answers over time; the answers themselves are in
 * tests/integration/test_check.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/check.h"
#include "tests/unit/store/store_fixture.h"

#define NOW    1800000000
#define MINUTE 60

static const unsigned char ours[INTEGRATION_BYTES] = {7};
static const unsigned char newer[INTEGRATION_BYTES] = {8};
static const struct check_rule rule = {.refusals = 3, .period_s = 600};

static enum check_step at(struct check_state *state, int64_t boot_s, enum cosmo_err answer)
{
	const struct check_moment moment = {.boot_s = boot_s, .now_s = NOW + boot_s};

	return check_advance(state, &rule, ours, answer, &moment);
}

/* Exactly these are the IdP's word. */
static bool is_definite(enum cosmo_err err)
{
	return err == COSMO_E_IDP_CLIENT || err == COSMO_E_IDP_GRANT_TYPE ||
	       err == COSMO_E_IDP_GONE || err == COSMO_E_IDP_ISSUER;
}

static void test_check_advance__an_hour_of_each_answer__definite_ones_alone_disconnect(void **state)
{
	(void)state;
	for (size_t i = 0; i < cosmo_err_count(); i++) {
		enum cosmo_err answer = cosmo_err_from_wire(i);
		struct check_state check = {.checked_s = 0};
		int64_t ended_s = -1;

		for (int64_t boot_s = 0; boot_s <= 60 * MINUTE && ended_s < 0; boot_s += 150)
			if (at(&check, boot_s, answer) == CHECK_DISCONNECT)
				ended_s = boot_s;
		print_message("%s\n", cosmo_err_id(answer));
		assert_int_equal(check_is_refusal(answer), is_definite(answer));
		assert_int_equal(ended_s, is_definite(answer) ? 600 : -1);
		assert_int_equal(check.outage,
			is_definite(answer) || answer == COSMO_OK ? COSMO_OK : answer);
		assert_int_equal(check.outage_since_s, check.outage ? NOW : 0);
	}
}

static void test_check_advance__count_and_time__both_are_needed(void **state)
{
	struct check_state check = {.checked_s = 0};

	(void)state;
	assert_int_equal(at(&check, 1000, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	/* Long enough, and two. */
	assert_int_equal(at(&check, 5000, COSMO_E_IDP_GONE), CHECK_COUNTED);
	assert_int_equal(check.refusals, 2);
	/* The same one, asked for again at once. */
	assert_int_equal(at(&check, 5199, COSMO_E_IDP_GONE), CHECK_NOTHING);
	assert_int_equal(check.refusals, 2);
	assert_int_equal(at(&check, 5200, COSMO_E_IDP_CLIENT), CHECK_DISCONNECT);
	assert_int_equal(check_refused_for_s(&check), 4200);
	check = (struct check_state){.checked_s = 0};
	/* Three, and not long enough. */
	assert_int_equal(at(&check, 0, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(at(&check, 200, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(at(&check, 399, COSMO_E_IDP_CLIENT), CHECK_NOTHING);
	assert_int_equal(at(&check, 400, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(at(&check, 599, COSMO_E_IDP_CLIENT), CHECK_NOTHING);
	assert_int_equal(at(&check, 600, COSMO_E_IDP_CLIENT), CHECK_DISCONNECT);
	/* Whatever kept the disconnect from being done: the next one says so again. */
	assert_int_equal(at(&check, 800, COSMO_E_IDP_CLIENT), CHECK_DISCONNECT);
}

static void test_check_advance__every_second__no_sooner(void **state)
{
	struct check_state check = {.checked_s = 0};
	int64_t boot_s = 0;

	(void)state;
	while (at(&check, boot_s, COSMO_E_IDP_CLIENT) != CHECK_DISCONNECT)
		boot_s++;
	assert_int_equal(boot_s, 600);
}

static void test_check_advance__alive__forgets(void **state)
{
	struct check_state check = {.checked_s = 0};

	(void)state;
	assert_int_equal(at(&check, 0, COSMO_OK), CHECK_NOTHING);
	assert_int_equal(at(&check, 100, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(at(&check, 500, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(at(&check, 690, COSMO_OK), CHECK_CLEARED);
	assert_int_equal(check.refusals, 0);
	assert_int_equal(at(&check, 700, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(at(&check, 1299, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(at(&check, 1500, COSMO_OK), CHECK_CLEARED);
	assert_int_equal(at(&check, 1501, COSMO_OK), CHECK_NOTHING);
}

static void test_check_advance__outage__keeps_the_count_and_its_own_beginning(void **state)
{
	struct check_state check = {.checked_s = 0};

	(void)state;
	at(&check, 0, COSMO_E_IDP_CLIENT);
	assert_int_equal(at(&check, 300, COSMO_E_DNS), CHECK_NOTHING);
	assert_int_equal(at(&check, 400, COSMO_E_IDP_RATE), CHECK_NOTHING);
	assert_int_equal(check.refusals, 1);
	assert_int_equal(check.outage, COSMO_E_IDP_RATE);
	assert_int_equal(check.outage_since_s, NOW + 300);
	assert_int_equal(check.checked_s, NOW + 400);
	assert_int_equal(at(&check, 601, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(check.outage, COSMO_OK);
	assert_int_equal(at(&check, 700, COSMO_E_TLS), CHECK_NOTHING);
	assert_int_equal(at(&check, 801, COSMO_E_IDP_CLIENT), CHECK_DISCONNECT);
}

static void test_check_advance__another_boot_or_integration__begins_anew(void **state)
{
	const struct check_moment later = {.boot_s = 2000, .now_s = NOW};
	struct check_state check = {.checked_s = 0};

	(void)state;
	at(&check, 1000, COSMO_E_IDP_CLIENT);
	at(&check, 1300, COSMO_E_IDP_CLIENT);
	assert_int_equal(at(&check, 100, COSMO_E_IDP_CLIENT), CHECK_COUNTED);
	assert_int_equal(check.refusals, 1);
	assert_int_equal(check.first_boot_s, 100);
	at(&check, 1000, COSMO_E_IDP_CLIENT);
	assert_int_equal(
		check_advance(&check, &rule, newer, COSMO_E_IDP_CLIENT, &later), CHECK_COUNTED);
	assert_int_equal(check.refusals, 1);
	assert_memory_equal(check.integration, newer, INTEGRATION_BYTES);
}

static void test_check_save__then_load__the_same(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct check_state check = {.checked_s = 0};
	struct check_state loaded = {.checked_s = 5};

	check_load(fixture->store, &loaded);
	assert_int_equal(loaded.checked_s, 0);
	at(&check, 1000, COSMO_E_IDP_CLIENT);
	at(&check, 1300, COSMO_E_DNS);
	assert_int_equal(check_save(fixture->store, &check), COSMO_OK);
	check_load(fixture->store, &loaded);
	assert_memory_equal(&loaded, &check, sizeof(check));
}

/* What is damaged counts nothing: it never brings a disconnect nearer. */
static void test_check_load__damaged__nothing_known(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct check_state check = {.checked_s = 0};
	COSMO_AUTO(free) char *text = NULL;
	const struct fdio_demands demands = {.owner = 0, .forbidden_mode = 077, .max_bytes = 4096};
	size_t len = 0;

	at(&check, 1000, COSMO_E_IDP_CLIENT);
	assert_int_equal(check_save(fixture->store, &check), COSMO_OK);
	assert_int_equal(
		fdio_read_file(store_run_fd(fixture->store), "check", &demands, &text, &len),
		COSMO_OK);
	for (size_t i = 0; i < len; i++) {
		struct check_state loaded = {.checked_s = 5};
		char was = text[i];

		text[i] ^= 1;
		assert_int_equal(
			fdio_replace_file(store_run_fd(fixture->store), "check", text, len, 0600),
			COSMO_OK);
		check_load(fixture->store, &loaded);
		assert_int_equal(loaded.refusals, 0);
		assert_int_equal(loaded.checked_s, 0);
		text[i] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_check_advance__an_hour_of_each_answer__definite_ones_alone_disconnect),
		cmocka_unit_test(test_check_advance__count_and_time__both_are_needed),
		cmocka_unit_test(test_check_advance__every_second__no_sooner),
		cmocka_unit_test(test_check_advance__alive__forgets),
		cmocka_unit_test(test_check_advance__outage__keeps_the_count_and_its_own_beginning),
		cmocka_unit_test(test_check_advance__another_boot_or_integration__begins_anew),
		WITH_MEMORY_FIXTURE(test_check_save__then_load__the_same),
		WITH_MEMORY_FIXTURE(test_check_load__damaged__nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
