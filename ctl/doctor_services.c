/* SPDX-License-Identifier: MIT */
#include "ctl/doctor_services.h"

#include <stdio.h>
#include <string.h>

#include "ctl/doctor_cause.h"
#include "ctl/doctor_conf.h"

static void put_service(struct doctor_services *of, const char *service, enum cosmo_err err)
{
	doctor_wrong(
		of->list, "%s: %s does not get in: %s", service, of->name, doctor_cause_what(err));
	doctor_cause_mend(of->list, err, of->name);
}

/* Whoever has no record yet gets none by signing in. */
static void tell_enrolment(struct doctor_services *of, const char *service, bool is_off)
{
	char what[256] = "";

	put_service(of, service, COSMO_E_ENROLL_OFF);
	if (!is_off)
		return;
	(void)snprintf(what, sizeof(what),
		"write `mode = listed` in its place. Then: cosmo-ssoctl user add %s", of->name);
	doctor_conf_mend(of->list, "enroll", "mode", what);
}

/* Who has a role that counts, but none that the service lets in. */
static void tell_access(struct doctor_services *of, const char *service)
{
	doctor_note(of->list, "%s: %s does not get in: it lets in %s", service, of->name,
		of->access[0] ? of->access : "nobody");
	doctor_conf_mend(of->list, "access", service,
		"name one of the person's roles; or give the person one that it names, by a rule or at "
		"the provider");
}

/* Who passes the account phase. A sign-in brings back the roles that do not count just now. */
static void tell_pass(struct doctor_services *of, const char *service, enum cosmo_err sign_in)
{
	if (!sign_in && of->is_viewer) {
		doctor_ok(of->list, "%s: %s gets in by code, as what the provider then says",
			service, of->name);
		return;
	}
	if (!sign_in || sign_in == COSMO_E_NOT_OURS) {
		doctor_ok(of->list, "%s: %s gets in%s%s", service, of->name,
			of->is_viewer ? " as a viewer" : "", sign_in ? "" : "; asked for, by code");
		return;
	}
	doctor_note(of->list, "%s: %s passes, but cannot sign in by code: %s", service, of->name,
		doctor_cause_what(sign_in));
	doctor_cause_mend(of->list, sign_in, of->name);
}

/* Both phases of one service together; @verdict is of a sign-in by code. */
static void tell_outcome(
	struct doctor_services *of, const char *service, const struct message *verdict)
{
	enum cosmo_err account = of->account;
	enum cosmo_err sign_in = message_err(verdict);

	if (!account)
		tell_pass(of, service, sign_in);
	else if (account == COSMO_E_NOT_ENROLLED && !of->is_ours && sign_in == COSMO_E_NOT_OURS)
		doctor_note(of->list, "%s: %s does not get in before the first sign-in", service,
			of->name);
	else if (account == COSMO_E_SERVICE)
		tell_access(of, service);
	else if (!sign_in && doctor_cause_ends_with_sign_in(account))
		doctor_note(of->list,
			"%s: %s gets in by signing in with a code, as what the provider then says; "
			"not before: %s",
			service, of->name, doctor_cause_what(account));
	else if (account == COSMO_E_NOT_ENROLLED && sign_in == COSMO_E_ENROLL_OFF)
		tell_enrolment(of, service, streq(message_str(verdict, FIELD_DETAIL), "off"));
	else if (account == COSMO_E_NOT_ENROLLED && sign_in && sign_in != COSMO_E_NOT_OURS)
		put_service(of, service, sign_in);
	else
		put_service(of, service, account);
}

/* A key proves nothing to the provider: the account phase alone decides. */
static void tell_key(struct doctor_services *of)
{
	struct doctor_list *list = of->list;

	list->check = "key";
	if (!of->account) {
		doctor_ok(list, "an SSH key of %s's would open sshd%s", of->name,
			of->is_viewer ? ", as a viewer" : "");
		return;
	}
	if (of->account == COSMO_E_NOT_ENROLLED)
		doctor_note(list, "no SSH key opens sshd before the first sign-in by code");
	else
		doctor_wrong(list, "no SSH key of %s's opens sshd: %s", of->name,
			doctor_cause_what(of->account));
	doctor_cause_mend(list, of->account, of->name);
}

static void tell_sign_in(struct doctor_services *of, const struct message *verdict)
{
	const char *service = message_str(verdict, FIELD_SERVICE);

	of->list->check = "service";
	tell_outcome(of, service, verdict);
	if (streq(service, "sshd"))
		tell_key(of);
}

static void keep_account(struct doctor_services *of, const struct message *verdict)
{
	const char *access = message_str(verdict, FIELD_DETAIL);

	of->account = message_err(verdict);
	(void)snprintf(of->access, sizeof(of->access), "%s", access ? access : "");
}

static void tell_first_method(struct doctor_services *of, const struct message *verdict)
{
	of->list->check = "service";
	doctor_note(of->list, "%s: before the code this must have succeeded: %s",
		message_str(verdict, FIELD_SERVICE), message_str(verdict, FIELD_DETAIL));
}

bool doctor_services_tell(struct doctor_services *of, const struct message *verdict)
{
	const char *step = message_str(verdict, FIELD_STEP_ID);

	if (!message_has(verdict, FIELD_SERVICE))
		return false;
	if (streq(step, "account"))
		keep_account(of, verdict);
	else if (streq(step, "sign_in"))
		tell_sign_in(of, verdict);
	else if (streq(step, "first_method"))
		tell_first_method(of, verdict);
	else
		return false;
	return true;
}
