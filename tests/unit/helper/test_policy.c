/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pam_cosmo_sso/helper/policy.h"

#define NOW 1800000000

/* A sign-in in which nothing is wrong; each fault spoils one thing and leaves the rest alone. */
struct world {
	struct config config;
	struct config_service service;
	struct identity identity;
	struct integration integration;
	struct record record;
	unsigned char began[INTEGRATION_BYTES];
	struct policy_case question;
};

static char issuer[] = "https://idp.example";
static char other_issuer[] = "https://other.example";
static char slashed_issuer[] = "https://idp.example/";
static char sub[] = "sub-1";
static char other_sub[] = "sub-2";
static char longer_sub[] = "sub-10";
static char shorter_sub[] = "sub-";
static char admin_role[] = "admin";
static char mfa[] = "mfa";
static char strong[] = "strong";

static void config_make(struct config *config)
{
	config->issuer = issuer;
	config->skew_s = 60;
	config->role_lease_s = 3600;
	strcpy(config->roles[0].name, "viewer");
	strcpy(config->roles[1].name, "developer");
	strcpy(config->roles[2].name, "admin");
	config->role_count = 3;
}

static void record_make(struct record *record)
{
	strcpy(record->name, "ada");
	record->issuer = issuer;
	record->sub = sub;
	record->uid = 1879049000;
	record->roles[0] = admin_role;
	record->role_count = 1;
	record->confirmed_s = NOW;
	memset(record->integration, 7, INTEGRATION_BYTES);
}

static void world_make(struct world *world, bool enrolled)
{
	memset(world, 0, sizeof(*world));
	config_make(&world->config);
	record_make(&world->record);
	memset(world->began, 7, INTEGRATION_BYTES);
	world->integration = (struct integration){.connected = true, .issuer = issuer};
	memset(world->integration.id, 7, INTEGRATION_BYTES);
	world->service = (struct config_service){.acr = strong, .max_age_s = 300};
	world->service.amr.items[0] = mfa;
	world->service.amr.count = 1;
	world->identity = (struct identity){.issuer = issuer,
		.sub = sub,
		.username = "ada",
		.roles = {"developer", "admin"},
		.role_count = 2,
		.acr = strong,
		.amr = {"pwd", "mfa"},
		.amr_count = 2,
		.auth_time_s = NOW - 10};
	world->question = (struct policy_case){.config = &world->config,
		.service = &world->service,
		.user = "ada",
		.identity = &world->identity,
		.began = world->began,
		.gate = {.state = GATE_OPEN},
		.integration = &world->integration,
		.record = enrolled ? &world->record : NULL,
		.subject_name = enrolled ? "ada" : NULL,
		.now_s = NOW};
	memset(world->question.gate.integration, 7, INTEGRATION_BYTES);
}

static void gate_closed(struct world *w)
{
	w->question.gate.state = GATE_CLOSED;
}

static void gate_missing(struct world *w)
{
	w->question.gate.state = GATE_MISSING;
}

static void gate_fresh(struct world *w)
{
	w->question.gate.state = GATE_FRESH;
}

static void never_connected(struct world *w)
{
	w->question.integration = NULL;
}

static void durably_disconnected(struct world *w)
{
	w->integration.connected = false;
}

static void gate_of_another(struct world *w)
{
	w->question.gate.integration[15] ^= 1;
}

static void durable_of_another(struct world *w)
{
	w->integration.id[0] ^= 1;
}

static void issuer_other(struct world *w)
{
	w->identity.issuer = other_issuer;
}

static void issuer_slash(struct world *w)
{
	w->identity.issuer = slashed_issuer;
}

static void issuer_reconfigured(struct world *w)
{
	w->integration.issuer = other_issuer;
}

static void user_other(struct world *w)
{
	w->identity.username = "eve";
}

static void user_upper(struct world *w)
{
	w->identity.username = "Ada";
}

static void user_longer(struct world *w)
{
	w->identity.username = "ada2";
}

static void subject_other(struct world *w)
{
	w->record.sub = other_sub;
	w->question.record = &w->record;
}

static void subject_longer(struct world *w)
{
	w->identity.sub = longer_sub;
	w->question.record = &w->record;
}

static void subject_shorter(struct world *w)
{
	w->identity.sub = shorter_sub;
	w->question.record = &w->record;
}

static void record_of_other_issuer(struct world *w)
{
	w->record.issuer = other_issuer;
	w->question.record = &w->record;
}

static void subject_taken(struct world *w)
{
	w->question.subject_name = "lovelace";
}

static void removed(struct world *w)
{
	w->record.flags |= USERS_DB_REMOVED;
	w->question.record = &w->record;
}

static void locked(struct world *w)
{
	w->record.flags |= USERS_DB_LOCKED;
	w->question.record = &w->record;
}

static void signed_out(struct world *w)
{
	w->record.sign_outs = 1;
	w->question.record = &w->record;
}

static void name_reserved(struct world *w)
{
	w->question.account = COSMO_E_NAME_RESERVED;
}

static void acr_missing(struct world *w)
{
	w->identity.acr = NULL;
}

static void acr_other(struct world *w)
{
	w->identity.acr = "weak";
}

static void amr_missing(struct world *w)
{
	w->identity.amr_count = 1;
}

static void auth_time_missing(struct world *w)
{
	w->identity.auth_time_s = 0;
}

static void auth_time_old(struct world *w)
{
	w->identity.auth_time_s = NOW - 300 - 61;
}

static void auth_time_ahead(struct world *w)
{
	w->identity.auth_time_s = NOW + 61;
}

static void claim_missing(struct world *w)
{
	w->identity.claim = CLAIM_MISSING;
}

static void role_unknown(struct world *w)
{
	w->identity.roles[0] = "root";
	w->identity.role_count = 1;
}

static void role_none(struct world *w)
{
	w->config.no_match_deny = true;
	w->identity.role_count = 0;
}

/* In the documented order: of two faults the earlier is the answer. */
static const struct {
	const char *label;
	void (*spoil)(struct world *world);
	enum cosmo_err expected;
} faults[] = {
	{"gate closed", gate_closed, COSMO_E_DISCONNECTED},
	{"gate missing", gate_missing, COSMO_E_DISCONNECTED},
	{"gate fresh", gate_fresh, COSMO_E_DISCONNECTED},
	{"never connected", never_connected, COSMO_E_DISCONNECTED},
	{"durably disconnected", durably_disconnected, COSMO_E_DISCONNECTED},
	{"gate of another integration", gate_of_another, COSMO_E_INTEGRATION_CHANGED},
	{"state of another integration", durable_of_another, COSMO_E_INTEGRATION_CHANGED},
	{"other issuer", issuer_other, COSMO_E_TOKEN_ISS},
	{"issuer with a slash", issuer_slash, COSMO_E_TOKEN_ISS},
	{"connected to another issuer", issuer_reconfigured, COSMO_E_TOKEN_ISS},
	{"other user", user_other, COSMO_E_OTHER_USER},
	{"upper case", user_upper, COSMO_E_OTHER_USER},
	{"longer name", user_longer, COSMO_E_OTHER_USER},
	{"record of another issuer", record_of_other_issuer, COSMO_E_OTHER_ISSUER},
	{"other subject", subject_other, COSMO_E_OTHER_SUBJECT},
	{"longer subject", subject_longer, COSMO_E_OTHER_SUBJECT},
	{"shorter subject", subject_shorter, COSMO_E_OTHER_SUBJECT},
	{"subject taken", subject_taken, COSMO_E_SUBJECT_TAKEN},
	{"removed", removed, COSMO_E_REMOVED},
	{"locked", locked, COSMO_E_LOCKED},
	{"signed out meanwhile", signed_out, COSMO_E_SIGNED_OUT},
	{"name reserved", name_reserved, COSMO_E_NAME_RESERVED},
	{"acr missing", acr_missing, COSMO_E_STEP_UP},
	{"acr other", acr_other, COSMO_E_STEP_UP},
	{"amr missing", amr_missing, COSMO_E_STEP_UP},
	{"auth_time missing", auth_time_missing, COSMO_E_STEP_UP},
	{"auth_time old", auth_time_old, COSMO_E_STEP_UP},
	{"auth_time ahead", auth_time_ahead, COSMO_E_STEP_UP},
	{"claim missing", claim_missing, COSMO_E_CLAIM_MISSING},
	{"role not declared", role_unknown, COSMO_E_RULE_ROLE},
	{"no role", role_none, COSMO_E_NO_ROLE},
};

static void assert_answer(
	const struct world *world, enum cosmo_err expected, const char *first, const char *second)
{
	uint64_t roles = 99;
	enum cosmo_err err = policy_person(&world->question, &roles);

	if (err != expected)
		print_error("%s + %s: %s\n", first, second, cosmo_err_id(err));
	assert_int_equal(err, expected);
	assert_int_equal(roles, 99);
}

static void test_policy_person__nothing_wrong__roles(void **state)
{
	(void)state;
	for (int enrolled = 0; enrolled <= 1; enrolled++) {
		struct world world;
		uint64_t roles = 0;

		world_make(&world, enrolled);
		assert_int_equal(policy_person(&world.question, &roles), COSMO_OK);
		assert_int_equal(roles, 6);
	}
}

/* case: account: each thing that is wrong with a verified person has its own error, a record that
 * holds another sub too */
static void test_policy_person__one_fault__its_error(void **state)
{
	(void)state;
	for (int enrolled = 0; enrolled <= 1; enrolled++)
		for (size_t i = 0; i < COSMO_ARRAY_LEN(faults); i++) {
			struct world world;

			world_make(&world, enrolled);
			faults[i].spoil(&world);
			assert_answer(&world, faults[i].expected, faults[i].label, "-");
		}
}

static void rebind_allowed(struct world *w, int64_t asked_s, int64_t until_s)
{
	w->record.rebind_issuer = issuer;
	w->record.rebind_asked_s = asked_s;
	w->record.rebind_until_s = until_s;
}

/* case: account: a recycled name with another sub is refused until an administrator lets it be
 * taken over */
/* case: account: after the window of user rebind the name is closed to others again */
static void test_policy_person__other_subject__let_in_while_a_rebind_is_open(void **state)
{
	struct world world;
	uint64_t roles = 0;

	(void)state;
	world_make(&world, true);
	world.identity.sub = other_sub;
	world.question.subject_name = NULL;
	assert_answer(&world, COSMO_E_OTHER_SUBJECT, "no rebind", "-");
	rebind_allowed(&world, NOW - 10, NOW);
	assert_answer(&world, COSMO_E_OTHER_SUBJECT, "rebind over", "-");
	rebind_allowed(&world, NOW + 1, NOW + 10);
	assert_answer(&world, COSMO_E_OTHER_SUBJECT, "clock set back", "-");
	rebind_allowed(&world, NOW, NOW + 1);
	assert_int_equal(policy_person(&world.question, &roles), COSMO_OK);
	world.record.rebind_issuer = other_issuer;
	roles = 99;
	assert_answer(&world, COSMO_E_OTHER_SUBJECT, "rebind at another IdP", "-");
}

/* case: account: a person who has a name is not given a second one by user rebind */
/* case: account: a locked or removed name is not taken over by user rebind */
static void test_policy_person__rebind_open__every_other_fault_still_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(faults); i++) {
		struct world world;

		world_make(&world, true);
		world.identity.sub = other_sub;
		world.question.subject_name = NULL;
		rebind_allowed(&world, NOW, NOW + 60);
		if (faults[i].expected == COSMO_E_OTHER_SUBJECT ||
			faults[i].expected == COSMO_E_OTHER_ISSUER)
			continue;
		faults[i].spoil(&world);
		assert_answer(&world, faults[i].expected, faults[i].label, "rebind open");
	}
}

/*
 * A sign-in with both faults. False if there is none: the two set the same thing to different
 * values, so that only the one made last is left. Faults that touch different things give the same
 * sign-in in either order.
 */
static bool pair_make(struct world *world, bool enrolled, size_t one, size_t other)
{
	struct world fine;
	struct world reversed;

	world_make(world, enrolled);
	memcpy(&fine, world, sizeof(fine));
	faults[one].spoil(world);
	faults[other].spoil(world);
	memcpy(&reversed, world, sizeof(reversed));
	memcpy(world, &fine, sizeof(fine));
	faults[other].spoil(world);
	faults[one].spoil(world);
	return memcmp(world, &reversed, sizeof(reversed)) == 0;
}

/* States of the gate, issuers, names, subjects (longer and shorter), acr, auth_time; and the two of
 * the roles: nobody has an undeclared role and none. */
#define EXCLUSIVE_PAIRS (3 + 1 + 3 + 1 + 1 + 3 + 1)

static void test_policy_person__two_faults__the_earlier_error(void **state)
{
	size_t exclusive = 0;

	(void)state;
	for (int enrolled = 0; enrolled <= 1; enrolled++)
		for (size_t i = 0; i < COSMO_ARRAY_LEN(faults); i++)
			for (size_t k = i + 1; k < COSMO_ARRAY_LEN(faults); k++) {
				struct world world;

				if (!pair_make(&world, enrolled, i, k)) {
					print_message("%s, %s: exclusive\n", faults[i].label,
						faults[k].label);
					exclusive++;
					continue;
				}
				assert_answer(&world, faults[i].expected, faults[i].label,
					faults[k].label);
			}
	assert_int_equal(exclusive, 2 * EXCLUSIVE_PAIRS);
}

static void test_policy_person__edges_of_max_age__allowed(void **state)
{
	static const int64_t times[] = {NOW + 60, NOW, NOW - 300, NOW - 360};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(times); i++) {
		struct world world;
		uint64_t roles = 0;

		world_make(&world, true);
		world.identity.auth_time_s = times[i];
		assert_int_equal(policy_person(&world.question, &roles), COSMO_OK);
	}
}

static void test_policy_roles__table__bits(void **state)
{
	static const struct {
		const char *label;
		const char *roles[3];
		size_t count;
		enum claim_state claim;
		bool no_match_deny, no_claim_viewer;
		enum cosmo_err expected;
		uint64_t bits;
	} rows[] = {
		{"union", {"admin", "viewer"}, 2, CLAIM_PRESENT, 0, 0, COSMO_OK, 5},
		{"twice", {"admin", "admin"}, 2, CLAIM_PRESENT, 0, 0, COSMO_OK, 4},
		{"no match", {NULL}, 0, CLAIM_PRESENT, 0, 0, COSMO_OK, 1},
		{"empty", {NULL}, 0, CLAIM_EMPTY, 0, 0, COSMO_OK, 1},
		{"no match, deny", {NULL}, 0, CLAIM_PRESENT, 1, 0, COSMO_E_NO_ROLE, 0},
		{"empty, deny", {NULL}, 0, CLAIM_EMPTY, 1, 1, COSMO_E_NO_ROLE, 0},
		{"missing", {NULL}, 0, CLAIM_MISSING, 0, 0, COSMO_E_CLAIM_MISSING, 0},
		{"missing, viewer", {NULL}, 0, CLAIM_MISSING, 1, 1, COSMO_OK, 1},
		{"missing with a role", {"admin"}, 1, CLAIM_MISSING, 0, 1, COSMO_OK, 1},
		{"prefix", {"adm"}, 1, CLAIM_PRESENT, 0, 0, COSMO_E_RULE_ROLE, 0},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct world world;
		uint64_t bits = 0;

		print_message("%s\n", rows[i].label);
		world_make(&world, false);
		world.config.no_match_deny = rows[i].no_match_deny;
		world.config.no_claim_viewer = rows[i].no_claim_viewer;
		world.identity.claim = rows[i].claim;
		world.identity.role_count = rows[i].count;
		for (size_t k = 0; k < rows[i].count; k++)
			world.identity.roles[k] = rows[i].roles[k];
		assert_int_equal(
			policy_roles(&world.config, &world.identity, &bits), rows[i].expected);
		assert_int_equal(bits, rows[i].bits);
	}
}

static void test_policy_service__table__allow_or_not(void **state)
{
	static const struct {
		const char *label;
		enum config_access_kind access;
		uint64_t access_roles, roles;
		enum cosmo_err expected;
	} rows[] = {
		{"role listed", CONFIG_ACCESS_ROLES, 4, 6, COSMO_OK},
		{"role not listed", CONFIG_ACCESS_ROLES, 4, 3, COSMO_E_SERVICE},
		{"nobody listed", CONFIG_ACCESS_ROLES, 0, 7, COSMO_E_SERVICE},
		{"any", CONFIG_ACCESS_ANY, 0, 1, COSMO_OK},
		{"any, no role", CONFIG_ACCESS_ANY, 0, 0, COSMO_E_SERVICE},
		{"deny", CONFIG_ACCESS_DENY, 7, 7, COSMO_E_SERVICE},
	};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(rows); i++) {
		struct config_service service = {
			.access = rows[i].access, .access_roles = rows[i].access_roles};

		print_message("%s\n", rows[i].label);
		assert_int_equal(policy_service(&service, rows[i].roles), rows[i].expected);
	}
}

static void account_locked(struct world *w)
{
	w->record.flags = USERS_DB_LOCKED;
}

static void account_removed(struct world *w)
{
	w->record.flags = USERS_DB_REMOVED | USERS_DB_LOCKED;
}

static void account_refused(struct world *w)
{
	w->record.reason = COSMO_E_INVALID_GRANT;
}

static void account_lease_over(struct world *w)
{
	w->record.confirmed_s = NOW - 3600;
}

static void account_signed_out(struct world *w)
{
	w->record.reason = COSMO_E_SIGNED_OUT;
}

static void account_locked_signed_out(struct world *w)
{
	w->record.reason = COSMO_E_SIGNED_OUT;
	w->record.flags = USERS_DB_LOCKED;
}

static void account_old_integration(struct world *w)
{
	w->record.integration[0] ^= 1;
}

static void account_absent(struct world *w)
{
	w->question.record = NULL;
}

static void account_fine(struct world *w)
{
	(void)w;
}

/* Columns: a service that names viewer, one for admins, one for anybody, one for nobody. */
static const struct {
	const char *label;
	void (*spoil)(struct world *world);
	enum cosmo_err viewer, admin, any, deny;
} accounts[] = {
	{"fine", account_fine, COSMO_OK, COSMO_OK, COSMO_OK, COSMO_E_SERVICE},
	{"never enrolled", account_absent, COSMO_E_NOT_ENROLLED, COSMO_E_NOT_ENROLLED,
		COSMO_E_NOT_ENROLLED, COSMO_E_NOT_ENROLLED},
	{"locked", account_locked, COSMO_E_LOCKED, COSMO_E_LOCKED, COSMO_E_LOCKED, COSMO_E_LOCKED},
	{"removed", account_removed, COSMO_E_REMOVED, COSMO_E_REMOVED, COSMO_E_REMOVED,
		COSMO_E_REMOVED},
	{"refused by the IdP", account_refused, COSMO_E_INVALID_GRANT, COSMO_E_INVALID_GRANT,
		COSMO_E_INVALID_GRANT, COSMO_E_INVALID_GRANT},
	{"lease over", account_lease_over, COSMO_OK, COSMO_E_LEASE_OVER, COSMO_E_LEASE_OVER,
		COSMO_E_LEASE_OVER},
	{"signed out", account_signed_out, COSMO_OK, COSMO_E_SIGNED_OUT, COSMO_E_SIGNED_OUT,
		COSMO_E_SIGNED_OUT},
	{"signed out and locked", account_locked_signed_out, COSMO_E_LOCKED, COSMO_E_LOCKED,
		COSMO_E_LOCKED, COSMO_E_LOCKED},
	{"disconnected", gate_closed, COSMO_OK, COSMO_E_DISCONNECTED, COSMO_E_DISCONNECTED,
		COSMO_E_DISCONNECTED},
	{"no gate", gate_missing, COSMO_OK, COSMO_E_DISCONNECTED, COSMO_E_DISCONNECTED,
		COSMO_E_DISCONNECTED},
	{"old integration", account_old_integration, COSMO_OK, COSMO_E_INTEGRATION_CHANGED,
		COSMO_E_INTEGRATION_CHANGED, COSMO_E_INTEGRATION_CHANGED},
};

static void test_policy_account__table__per_service(void **state)
{
	const struct config_service viewer = {
		.access = CONFIG_ACCESS_ROLES, .access_roles = 7, .names_viewer = true};
	const struct config_service admin = {.access = CONFIG_ACCESS_ROLES, .access_roles = 4};
	const struct config_service any = {.access = CONFIG_ACCESS_ANY};
	const struct config_service deny = {.access = CONFIG_ACCESS_DENY, .names_viewer = true};

	(void)state;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(accounts); i++) {
		struct world w;

		print_message("%s\n", accounts[i].label);
		world_make(&w, true);
		accounts[i].spoil(&w);
		assert_int_equal(policy_account(&w.config, &viewer, w.question.record,
					 &w.question.gate, NOW),
			accounts[i].viewer);
		assert_int_equal(
			policy_account(&w.config, &admin, w.question.record, &w.question.gate, NOW),
			accounts[i].admin);
		assert_int_equal(
			policy_account(&w.config, &any, w.question.record, &w.question.gate, NOW),
			accounts[i].any);
		assert_int_equal(
			policy_account(&w.config, &deny, w.question.record, &w.question.gate, NOW),
			accounts[i].deny);
	}
}

static void test_policy_account__role_gone_from_configuration__refused(void **state)
{
	const struct config_service admin = {.access = CONFIG_ACCESS_ROLES, .access_roles = 4};
	struct world w;

	(void)state;
	world_make(&w, true);
	w.config.role_count = 2;
	assert_int_equal(
		policy_account(&w.config, &admin, w.question.record, &w.question.gate, NOW),
		COSMO_E_SERVICE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_person__nothing_wrong__roles),
		cmocka_unit_test(test_policy_person__one_fault__its_error),
		cmocka_unit_test(test_policy_person__other_subject__let_in_while_a_rebind_is_open),
		cmocka_unit_test(test_policy_person__rebind_open__every_other_fault_still_counts),
		cmocka_unit_test(test_policy_person__two_faults__the_earlier_error),
		cmocka_unit_test(test_policy_person__edges_of_max_age__allowed),
		cmocka_unit_test(test_policy_roles__table__bits),
		cmocka_unit_test(test_policy_service__table__allow_or_not),
		cmocka_unit_test(test_policy_account__table__per_service),
		cmocka_unit_test(test_policy_account__role_gone_from_configuration__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
