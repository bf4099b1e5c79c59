/* SPDX-License-Identifier: MIT */
#include "ctl/login_result.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "common/config_parts.h"
#include "common/pam_result.h"
#include "common/subject_state.h"
#include "ctl/output.h"
#include "ctl/roles_text.h"

/* Values that no rule met are told by the way; those that one met are all told. */
#define MAX_OTHERS ((size_t)20)

#define LABEL "%-10s "

enum cosmo_err login_result_init(struct login_result *ret)
{
	*ret = (struct login_result){
		.matches = json_object_new_array(),
		.values = json_object_new_array(),
		.matched = json_object_new_object(),
	};
	return ret->matches && ret->values && ret->matched ? COSMO_OK : COSMO_E_NOMEM;
}

void login_result_done(struct login_result *result)
{
	json_object_put(result->matches);
	json_object_put(result->values);
	json_object_put(result->matched);
	message_free(result->person);
	for (size_t i = 0; i < result->service_count; i++)
		message_free(result->services[i]);
}

static void take_match(struct login_result *result, const struct message *item)
{
	const char *rule = message_str(item, FIELD_RULE);
	const char *value = message_str(item, FIELD_CLAIM_VALUE);
	struct json_object *match = NULL;

	if (message_str(item, FIELD_DETAIL))
		output_note("%s", message_str(item, FIELD_DETAIL));
	if (value && !rule)
		json_object_array_add(result->values, json_object_new_string(value));
	if (!value || !rule)
		return;
	match = json_object_new_object();
	output_json_text(match, "rule", rule);
	output_json_text(match, "value", value);
	json_object_array_add(result->matches, match);
	json_object_object_add(result->matched, value, NULL);
}

void login_result_take(struct login_result *result, struct message **item)
{
	enum message_type type = message_type(*item);

	if (type == MESSAGE_PROGRESS)
		output_note("%s", message_str(*item, FIELD_TEXT));
	else if (type == MESSAGE_ROLES_ITEM)
		take_match(result, *item);
	else if (type == MESSAGE_LOGIN_ITEM && !result->person)
		result->person = COSMO_STEAL(item);
	else if (type == MESSAGE_SERVICE_ITEM && result->service_count < LOGIN_RESULT_MAX_SERVICES)
		result->services[result->service_count++] = COSMO_STEAL(item);
}

/* A stable word, and what it means. */
static const struct {
	const char *word;
	const char *text;
	const char *dry; /* NULL: the same */
} states[] = {
	[SUBJECT_NEW] = {"new", "never signed in here before",
		"has never signed in here, and would become a user"},
	[SUBJECT_KNOWN] = {"known", "a user of this host, and this very person", NULL},
	[SUBJECT_TAKES_OVER] = {"takes_over",
		"takes the name over from another person, as `user rebind` allows", NULL},
	[SUBJECT_OTHER_PERSON] = {"other_person", "the name is bound to another person", NULL},
	[SUBJECT_OTHER_ISSUER] = {"other_issuer", "the name is bound to a person of another IdP",
		NULL},
	[SUBJECT_OTHER_NAME] = {"other_name", "the person is a user under another name", NULL},
	[SUBJECT_LOCAL_USER] = {"local_user",
		"the name is a local user's, whom single sign-on leaves alone", NULL},
	[SUBJECT_OTHER_SOURCE] = {"other_source",
		"the name is or may be that of an account from another source (LDAP, SSSD, ...), which single sign-on leaves alone",
		NULL},
};

static size_t state_of(const struct message *person)
{
	uint64_t state = message_u64(person, FIELD_SUBJECT_STATE, SUBJECT_NEW);

	return state < COSMO_ARRAY_LEN(states) ? (size_t)state : SUBJECT_NEW;
}

static const char *auth_word(const struct message *service)
{
	switch ((enum config_auth)message_u64(service, FIELD_AUTH, CONFIG_AUTH_DENY)) {
	case CONFIG_AUTH_DEVICE:
		return "device";
	case CONFIG_AUTH_RECENT:
		return "recent";
	case CONFIG_AUTH_SKIP:
		return "skip";
	case CONFIG_AUTH_DENY:
		return "deny";
	}
	return "deny";
}

/* The two answers of a service. */
struct verdict {
	enum cosmo_err sign_in;
	enum cosmo_err account;
	const char *sign_in_pam;
	const char *account_pam;
};

static struct verdict verdict_of(const struct message *service)
{
	bool is_sshd = streq(message_str(service, FIELD_SERVICE), "sshd");
	enum cosmo_err sign_in = message_err(service);
	enum cosmo_err account =
		cosmo_err_from_wire(message_u64(service, FIELD_ACCOUNT_ERR, UINT64_MAX));
	/* Whose the module does not take for ours is nobody's of ours in each phase. */
	bool is_local = account == COSMO_E_NOT_OURS;

	return (struct verdict){
		.sign_in = sign_in,
		.account = account,
		.sign_in_pam = pam_result_name(pam_result(PHASE_AUTHENTICATE, sign_in, is_sshd)),
		.account_pam =
			is_local ? pam_result_name(pam_result(PHASE_AUTHENTICATE, account, is_sshd))
				 : pam_result_name(pam_result(PHASE_ACCOUNT, account, is_sshd)),
	};
}

static void print_text(const char *label, const char *text)
{
	printf(LABEL, label);
	output_text(text);
	putchar('\n');
}

/* The rule itself says which role it gives. */
static void print_matches(const struct login_result *result)
{
	size_t count = json_object_array_length(result->matches);

	for (size_t i = 0; i < count; i++) {
		struct json_object *match = json_object_array_get_idx(result->matches, i);
		struct json_object *rule = NULL;
		struct json_object *value = NULL;

		json_object_object_get_ex(match, "rule", &rule);
		json_object_object_get_ex(match, "value", &value);
		printf(LABEL, i ? "" : "Rules");
		output_text(json_object_get_string(rule));
		(void)fputs("   met ", stdout);
		output_text(json_object_get_string(value));
		putchar('\n');
	}
	if (count == 0)
		print_text("Rules", "none met a value");
}

static void print_others(const struct login_result *result)
{
	size_t others = 0;

	for (size_t i = 0; i < json_object_array_length(result->values); i++) {
		const char *value =
			json_object_get_string(json_object_array_get_idx(result->values, i));

		if (json_object_object_get_ex(result->matched, value, NULL) ||
			others++ >= MAX_OTHERS)
			continue;
		printf(LABEL, others == 1 ? "No rule" : "");
		output_text(value);
		putchar('\n');
	}
	if (others > MAX_OTHERS)
		printf(LABEL "... and %zu more\n", "", others - MAX_OTHERS);
}

static void print_claim(const struct login_result *result)
{
	const struct message *person = result->person;

	printf(LABEL "%s, %zu value(s)\n", "Claim",
		roles_text_claim(message_u64(person, FIELD_CLAIM_STATE, UINT64_MAX)),
		(size_t)json_object_array_length(result->values));
	if (message_str(person, FIELD_DETAIL))
		print_text("", message_str(person, FIELD_DETAIL));
	print_matches(result);
	print_others(result);
}

static void print_answer(
	const char *service, const char *phase, enum cosmo_err err, const char *pam_name)
{
	printf(LABEL "%s: %s", service, phase, pam_name);
	if (err && err != COSMO_E_NOT_OURS)
		printf(" [%s] %s", cosmo_err_id(err), cosmo_err_text(err));
	putchar('\n');
}

static void print_service(const struct message *service)
{
	const struct verdict verdict = verdict_of(service);

	if (verdict.account == COSMO_E_NOT_OURS) {
		print_text(message_str(service, FIELD_SERVICE),
			"left to the other PAM modules (PAM_IGNORE)");
		return;
	}
	if (verdict.sign_in == COSMO_E_NOT_OURS)
		printf(LABEL "sign-in: not asked for (auth = %s)\n",
			message_str(service, FIELD_SERVICE), auth_word(service));
	else
		print_answer(message_str(service, FIELD_SERVICE), "sign-in", verdict.sign_in,
			verdict.sign_in_pam);
	print_answer("", "account", verdict.account, verdict.account_pam);
}

static void print_person(const struct message *person, bool is_dry)
{
	size_t state = state_of(person);
	const char *text = states[state].text;

	print_text("Name", message_str(person, FIELD_USERNAME));
	if (message_str(person, FIELD_DISPLAY_NAME))
		print_text("Full name", message_str(person, FIELD_DISPLAY_NAME));
	print_text("Issuer", message_str(person, FIELD_ISSUER));
	print_text("Subject", message_str(person, FIELD_SUB));
	print_text("Here", is_dry && states[state].dry ? states[state].dry : text);
	if (message_has(person, FIELD_UID))
		printf(LABEL "%" PRIu64 "\n", "uid, gid", message_u64(person, FIELD_UID, 0));
}

void login_result_print(const struct login_result *result, bool is_dry)
{
	const struct message *person = result->person;

	print_person(person, is_dry);
	print_claim(result);
	printf(LABEL, "Roles");
	roles_text_print_all(person, FIELD_ROLE);
	printf(LABEL, "Groups");
	roles_text_print_all(person, FIELD_GROUP);
	for (size_t i = 0; i < result->service_count; i++)
		print_service(result->services[i]);
	if (!message_err(person))
		printf("%s\n", is_dry ? "Would be let in. Nothing was written."
				      : "Would be let in. Written down as by a sign-in.");
}

/* @is_asked: else there is nothing to say about it. */
static struct json_object *answer_json(enum cosmo_err err, const char *pam_name, bool is_asked)
{
	struct json_object *object = json_object_new_object();

	output_json_text(object, "result", cosmo_err_id(err));
	output_json_text(object, "pam", pam_name);
	output_json_text(object, "text", is_asked ? cosmo_err_text(err) : NULL);
	return object;
}

static struct json_object *service_json(const struct message *service)
{
	struct json_object *object = json_object_new_object();
	const struct verdict verdict = verdict_of(service);
	bool is_asked = verdict.sign_in != COSMO_E_NOT_OURS || verdict.account == COSMO_E_NOT_OURS;

	output_json_text(object, "service", message_str(service, FIELD_SERVICE));
	output_json_text(object, "auth", auth_word(service));
	json_object_object_add(
		object, "sign_in", answer_json(verdict.sign_in, verdict.sign_in_pam, is_asked));
	json_object_object_add(
		object, "account", answer_json(verdict.account, verdict.account_pam, true));
	return object;
}

static void add_person(struct json_object *object, const struct message *person)
{
	output_json_text(object, "name", message_str(person, FIELD_USERNAME));
	output_json_text(object, "display_name", message_str(person, FIELD_DISPLAY_NAME));
	output_json_text(object, "issuer", message_str(person, FIELD_ISSUER));
	output_json_text(object, "sub", message_str(person, FIELD_SUB));
	output_json_text(object, "here", states[state_of(person)].word);
	json_object_object_add(object, "uid",
		message_has(person, FIELD_UID)
			? json_object_new_uint64(message_u64(person, FIELD_UID, 0))
			: NULL);
	output_json_text(object, "claim",
		roles_text_claim(message_u64(person, FIELD_CLAIM_STATE, UINT64_MAX)));
	output_json_text(object, "note", message_str(person, FIELD_DETAIL));
	output_json_texts(object, "roles", person, FIELD_ROLE);
	output_json_texts(object, "groups", person, FIELD_GROUP);
}

void login_result_print_json(const struct login_result *result, bool is_dry, enum cosmo_err outcome)
{
	struct json_object *object = json_object_new_object();
	struct json_object *services = json_object_new_array();

	add_person(object, result->person);
	json_object_object_add(object, "values", json_object_get(result->values));
	json_object_object_add(object, "matches", json_object_get(result->matches));
	for (size_t i = 0; i < result->service_count; i++)
		json_object_array_add(services, service_json(result->services[i]));
	json_object_object_add(object, "services", services);
	json_object_object_add(object, "dry_run", json_object_new_boolean(is_dry));
	output_json_text(object, "result", cosmo_err_id(outcome));
	output_json_notes(object);
	output_json_failure(object);
	output_json(object);
}
