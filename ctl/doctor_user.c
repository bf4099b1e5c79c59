/* SPDX-License-Identifier: MIT */
/* What the helper decides is put into words here; nothing is decided. */
#include "ctl/doctor_user.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "common/base/gate.h"
#include "common/base/parse.h"
#include "common/config.h"
#include "ctl/ask.h"
#include "ctl/doctor_cause.h"
#include "ctl/doctor_services.h"
#include "ctl/output.h"

#define MAX_PASSWD_BYTES 16384

/* One person, as far as the helper has told. */
struct person {
	struct doctor_list *list;
	const char *name;
	bool is_shown; /* this host's name services know the name */
	uint64_t shown_uid;
	bool is_other; /* the name is none of ours, so that nothing else is to be told */
	char roles[256];
	enum cosmo_err
		look_up; /* why look-ups show less than the record has; COSMO_OK: they do not */
	struct doctor_services services;
};

static void ask_name_services(struct person *person)
{
	char buffer[MAX_PASSWD_BYTES] = "";
	struct passwd entry = {.pw_name = NULL};
	struct passwd *found = NULL;

	if (getpwnam_r(person->name, &entry, buffer, sizeof(buffer), &found) != 0 || !found)
		return;
	person->is_shown = true;
	person->shown_uid = found->pw_uid;
}

static void put_cause(struct person *person, enum cosmo_err err)
{
	doctor_wrong(person->list, "%s: %s", person->name, doctor_cause_what(err));
	doctor_cause_mend(person->list, err, person->name);
}

/* Would it be a name without its capitals? */
static bool has_capitals_alone(const char *name)
{
	char lower[COSMO_MAX_NAME_BYTES + 1] = "";

	for (size_t i = 0; name[i] && i < COSMO_MAX_NAME_BYTES; i++) {
		lower[i] = name[i];
		if (name[i] >= 'A' && name[i] <= 'Z')
			lower[i] = (char)(name[i] - 'A' + 'a');
	}
	return strlen(name) <= COSMO_MAX_NAME_BYTES && login_name_is_valid(lower, true);
}

static void tell_name(struct person *person, enum cosmo_err err)
{
	struct doctor_list *list = person->list;

	person->list->check = "name";
	person->is_other = err != COSMO_OK;
	if (err == COSMO_E_NOT_OURS) {
		doctor_ok(list,
			"%s is a local user: single sign-on leaves the account alone, whatever state "
			"it is in",
			person->name);
	} else if (err == COSMO_E_NAME_FORM) {
		/* What was typed is not repeated: it need not be a name. */
		doctor_wrong(list,
			"nobody can have this login name: it is up to 32 of a-z 0-9 _ . -, and begins "
			"with a letter");
		doctor_mend(
			list, has_capitals_alone(person->name)
				      ? "Sign in by the name in lower case."
				      : "At the provider: give the person another login name, or "
					"see username_claim and strip_domain.");
	} else if (err == COSMO_E_NAME_RESERVED) {
		doctor_wrong(list,
			"%s is the name of a local user or group, of a role's group or of a package's "
			"account, or is reserved in the configuration: single sign-on does not touch it",
			person->name);
		doctor_mend(list, "At the provider: give the person another login name.");
	} else if (err) {
		put_cause(person, err);
	}
}

static void tell_config(struct person *person, const struct message *verdict)
{
	const char *detail = message_str(verdict, FIELD_DETAIL);

	person->list->check = "config";
	doctor_wrong(person->list, "nobody gets in, for the configuration cannot be used%s%s",
		detail ? ": " : "", detail ? detail : "");
	doctor_mend(person->list, "cosmo-ssoctl check-config");
}

static void tell_gate(struct person *person, const struct message *verdict)
{
	struct doctor_list *list = person->list;
	enum cosmo_err err = message_err(verdict);

	list->check = "host";
	if (!err) {
		doctor_ok(list, "this host is connected");
		return;
	}
	if (err != COSMO_E_DISCONNECTED) {
		doctor_wrong(list, "%s: everybody is a viewer", doctor_cause_what(err));
		doctor_cause_mend(list, err, person->name);
		return;
	}
	switch ((enum gate_state)message_u64(verdict, FIELD_GATE, GATE_MISSING)) {
	case GATE_MISSING:
		doctor_wrong(list, "the gate is missing: everybody is a viewer");
		doctor_mend(list, "cosmo-ssoctl boot");
		return;
	case GATE_FRESH:
		doctor_wrong(list,
			"the gate was not opened since the boot: everybody is a viewer until it is");
		doctor_mend(list, "cosmo-ssoctl boot");
		return;
	case GATE_CLOSED:
	case GATE_OPEN:
		doctor_wrong(list, "this host is disconnected: everybody is a viewer");
		doctor_mend(list, "cosmo-ssoctl connect");
		return;
	}
}

/* What getpwnam(3) says must be what we have. */
static void tell_shown(struct person *person, uint64_t uid, bool is_removed)
{
	struct doctor_list *list = person->list;

	list->check = "lookup";
	if (person->is_shown && person->shown_uid != uid) {
		doctor_wrong(list,
			"another source of names has %s, with uid %" PRIu64
			": PAM goes by that one, and single sign-on leaves it alone",
			person->name, person->shown_uid);
		doctor_mend(list,
			"Rename that one where it is kept, or take its source out of passwd: in "
			"/etc/nsswitch.conf.");
	} else if (!person->is_shown && !is_removed) {
		doctor_wrong(list, "this host's name services do not know %s", person->name);
		doctor_mend(list, "cosmo-ssoctl enable nss");
	}
}

static void tell_binding(struct person *person, const struct message *user)
{
	struct doctor_list *list = person->list;
	bool is_pending = message_has(user, FIELD_REBIND_UNTIL_S);
	char when[32] = "";

	list->check = "person";
	output_time((int64_t)message_u64(user, FIELD_SIGNED_IN_S, 0), when, sizeof(when));
	if (!message_u64(user, FIELD_REBIND_NEEDED, 0))
		doctor_ok(list, "%s is enrolled, uid %" PRIu64 ", subject %s; last sign-in: %s",
			person->name, message_u64(user, FIELD_UID, 0), message_str(user, FIELD_SUB),
			when);
	else if (!is_pending)
		put_cause(person, COSMO_E_OTHER_ISSUER);
	if (!is_pending)
		return;
	output_time((int64_t)message_u64(user, FIELD_REBIND_UNTIL_S, 0), when, sizeof(when));
	doctor_note(list, "another person may take %s over until %s, by signing in", person->name,
		when);
	doctor_mend(list, "cosmo-ssoctl user rebind %s --cancel", person->name);
}

static const char *change_of(const struct message *user)
{
	if (message_has(user, FIELD_ERR) && message_err(user) == COSMO_E_REMOVED)
		return "removed";
	return message_u64(user, FIELD_LOCKED, 0) ? "locked" : "signed out";
}

/* What an administrator did, when and why. */
static void tell_change(struct person *person, const struct message *user)
{
	const char *why = message_str(user, FIELD_REASON);
	char when[32] = "";

	if (!message_has(user, FIELD_SINCE_S))
		return;
	output_time((int64_t)message_u64(user, FIELD_SINCE_S, 0), when, sizeof(when));
	doctor_note(person->list, "an administrator has %s %s at %s%s%s", change_of(user),
		person->name, when, why ? ": " : "", why ? why : "");
}

static void tell_user(struct person *person, const struct message *user)
{
	person->services.is_ours = true;
	person->look_up = message_has(user, FIELD_ERR) ? message_err(user) : COSMO_OK;
	person->services.is_viewer = person->look_up != COSMO_OK;
	if (!message_has(user, FIELD_UID)) {
		person->list->check = "person";
		put_cause(person, COSMO_E_STORE_DAMAGED);
		return;
	}
	for (size_t i = 0; i < message_count(user, FIELD_EFFECTIVE_ROLE); i++) {
		size_t len = strlen(person->roles);

		(void)snprintf(person->roles + len, sizeof(person->roles) - len, "%s%s",
			i ? ", " : "", message_str_nth(user, FIELD_EFFECTIVE_ROLE, i));
	}
	tell_binding(person, user);
	tell_change(person, user);
	tell_shown(person, message_u64(user, FIELD_UID, 0), person->look_up == COSMO_E_REMOVED);
}

/* Of a name without a record. */
static void tell_unknown(struct person *person, const struct message *verdict)
{
	struct doctor_list *list = person->list;
	enum cosmo_err err = message_err(verdict);

	list->check = "person";
	if (err != COSMO_E_NOT_ENROLLED) {
		put_cause(person, err);
		return;
	}
	if (!person->is_shown) {
		doctor_note(list,
			"%s has never signed in here%s: roles come with the first sign-in",
			person->name,
			message_has(verdict, FIELD_DETAIL) ? ", and is listed for it" : "");
		return;
	}
	person->is_other = true;
	doctor_ok(list,
		"%s is of another source of names (uid %" PRIu64
		"): single sign-on leaves the account alone, whatever state it is in",
		person->name, person->shown_uid);
}

/* As groups, whose gids are what sudo and files go by. */
static void tell_groups(struct person *person, const struct message *verdict)
{
	struct doctor_list *list = person->list;
	char groups[256] = "";
	char strong[256] = "";

	list->check = "groups";
	for (size_t i = 0; i < message_count(verdict, FIELD_GROUP); i++) {
		const char *group = message_str_nth(verdict, FIELD_GROUP, i);
		size_t len = strlen(groups);

		(void)snprintf(groups + len, sizeof(groups) - len, "%s%s", len ? ", " : "", group);
		len = strlen(strong);
		if (config_group_is_privileged(group))
			(void)snprintf(
				strong + len, sizeof(strong) - len, "%s%s", len ? ", " : "", group);
	}
	if (strong[0])
		doctor_note(list,
			"with these roles come the local groups %s; as good as root: %s; `sudo -l -U "
			"%s` shows what sudo allows",
			groups, strong, person->name);
	else
		doctor_ok(list,
			"%s%s; what sudo allows hangs on the roles' own groups in sudoers: `sudo -l -U "
			"%s` shows it",
			groups[0] ? "with these roles come the local groups "
				  : "no local group comes with these roles",
			groups, person->name);
}

static void tell_roles(struct person *person, const struct message *verdict)
{
	struct doctor_list *list = person->list;
	enum cosmo_err err = message_err(verdict);

	list->check = "roles";
	if (err != person->look_up) {
		doctor_wrong(list, "look-ups do not show %s as the records have it (%s)",
			person->name, cosmo_err_id(person->look_up));
		doctor_mend(list, "cosmo-ssoctl apply && cosmo-ssoctl repair");
	} else if (err) {
		put_cause(person, err);
	} else {
		doctor_ok(list, "%s has the roles: %s", person->name, person->roles);
	}
	if (!err || doctor_cause_ends_with_sign_in(err))
		tell_groups(person, verdict);
}

static void tell_verdict(struct person *person, const struct message *verdict)
{
	const char *step = message_str(verdict, FIELD_STEP_ID);

	if (streq(step, "name"))
		tell_name(person, message_err(verdict));
	else if (person->is_other)
		return;
	else if (streq(step, "config"))
		tell_config(person, verdict);
	else if (streq(step, "gate"))
		tell_gate(person, verdict);
	else if (streq(step, "record"))
		tell_unknown(person, verdict);
	else if (streq(step, "roles"))
		tell_roles(person, verdict);
	else
		(void)doctor_services_tell(&person->services, verdict);
}

static void visit(void *context, const struct message *item)
{
	struct person *person = context;

	if (message_type(item) == MESSAGE_VERDICT_ITEM)
		tell_verdict(person, item);
	else if (message_type(item) == MESSAGE_USER_ITEM)
		tell_user(person, item);
}

void doctor_user_look(struct doctor_list *list, const char *name)
{
	struct person person = {
		.list = list, .name = name, .services = {.list = list, .name = name}};
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct ask_failure failure = {.text = ""};
	enum cosmo_err err = COSMO_OK;

	/* The wire takes no longer ones. */
	if (strlen(name) > COSMO_MAX_NAME_BYTES) {
		tell_name(&person, COSMO_E_NAME_FORM);
		return;
	}
	ask_name_services(&person);
	err = message_new(MESSAGE_CTL_USER_EXPLAIN, &request);
	if (!err) {
		message_put_str(request, FIELD_USER, name);
		err = ask_quietly(request, visit, &person, &failure);
	}
	if (!err)
		return;
	list->check = "person";
	doctor_not_checked(list, "the helper does not tell: %s", cosmo_err_text(err));
}
