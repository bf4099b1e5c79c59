/* SPDX-License-Identifier: MIT */
#include "docs/man/account_table.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/config.h"
#include "docs/man/scdoc_text.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/policy.h"
#include "pam_cosmo_sso/helper/refresh_store.h"

#define NOW INT64_C(1800000000)

/* Any file that says nothing of services. */
static const char config_text[] = "[integration]\nissuer = https://idp.example.org\n"
				  "client_id = host\n[rules]\nadmin = admins\n";

/* What [access] can say of a service, and the shipped services of which it does. */
static const struct {
	const char *services[8];
} kinds[] = {
	{{"sshd", "login"}},
	{{"sudo", "sudo-i", "su", "su-l", "polkit-1", "doas"}},
	{{"cron", "atd", "systemd-user", "any-other-service"}},
};

enum answer {
	ANSWER_YES,    /* by their roles */
	ANSWER_VIEWER, /* as a viewer, whatever these are */
	ANSWER_NO,
	ANSWER_DIFFERS,
};

struct person {
	bool is_enrolled;
	char role[16];
	struct record record;
	struct gate_view gate;
};

/* Somebody of whom nothing but @cause is so. False: the account phase does not tell such people
 * from others, or refuses everybody for it. */
static bool pose(enum cosmo_err cause, struct person *ret)
{
	*ret = (struct person){.is_enrolled = true, .role = "admin", .gate.state = GATE_OPEN};
	ret->record.roles[0] = ret->role;
	ret->record.role_count = 1;
	ret->record.confirmed_s = NOW;
	if (cause == COSMO_E_SERVICE)
		strcpy(ret->role, "viewer");
	else if (cause == COSMO_E_NOT_ENROLLED)
		ret->is_enrolled = false;
	else if (cause == COSMO_E_LOCKED)
		ret->record.flags = USERS_DB_LOCKED;
	else if (cause == COSMO_E_REMOVED)
		ret->record.flags = USERS_DB_REMOVED;
	else if (cause == COSMO_E_DISCONNECTED)
		ret->gate.state = GATE_CLOSED;
	else if (cause == COSMO_E_INTEGRATION_CHANGED)
		ret->gate.integration[0] = 1;
	else if (cause == COSMO_E_LEASE_OVER)
		ret->record.confirmed_s = 1;
	else if (cause == COSMO_E_SIGNED_OUT || refresh_is_refusal(cause))
		ret->record.reason = cause;
	else
		return cause == COSMO_OK;
	return true;
}

static bool is_demoted(const struct config *config, const struct person *who)
{
	return policy_effective(config, &who->record, &who->gate, NOW).demoted;
}

static enum answer answer_of(
	const struct config *config, const struct person *who, const char *name)
{
	struct config_service service = {0};

	config_service(config, name, &service);
	if (policy_account(
		    config, &service, who->is_enrolled ? &who->record : NULL, &who->gate, NOW))
		return ANSWER_NO;
	return is_demoted(config, who) ? ANSWER_VIEWER : ANSWER_YES;
}

/* The same for all services of a kind, or an error. */
static enum answer answer_of_kind(
	const struct config *config, const struct person *who, const char *const *services)
{
	enum answer first = answer_of(config, who, services[0]);

	for (size_t i = 1; services[i]; i++) {
		if (answer_of(config, who, services[i]) == first)
			continue;
		fprintf(stderr, "%s and %s are not of one kind\n", services[0], services[i]);
		return ANSWER_DIFFERS;
	}
	return first;
}

/* A kind of service that lets them in; the caller separates. */
static void put_kind(const char *kind, bool is_first, bool as_viewer)
{
	printf("%s%s%s", is_first ? "" : ", ", kind, as_viewer ? " as viewer" : "");
}

static bool put_answers(const struct config *config, enum cosmo_err cause)
{
	struct person who = {0};
	size_t count = 0;

	if (!pose(cause, &who))
		return true;
	printf("|  ");
	scdoc_put(cosmo_err_id(cause));
	printf("\n:  ");
	for (size_t i = 0; i < COSMO_ARRAY_LEN(kinds); i++) {
		enum answer said = answer_of_kind(config, &who, kinds[i].services);

		if (said == ANSWER_DIFFERS)
			return false;
		if (said != ANSWER_NO)
			put_kind(kinds[i].services[0], count++ == 0, said == ANSWER_VIEWER);
	}
	if (who.is_enrolled && !is_demoted(config, &who))
		put_kind("not root", count++ == 0, false);
	printf("%s\n:  ", count == 0 ? "-" : "");
	scdoc_put(scdoc_pam_name(PHASE_ACCOUNT, cause));
	printf("\n");
	return true;
}

/* Of those who are not enrolled the module knows by itself. */
static const char *event_of(enum cosmo_err cause)
{
	if (cause == COSMO_E_NOT_ENROLLED)
		return "module_refused";
	return audit_event_id(cause ? AUDIT_ACCOUNT_REFUSED : AUDIT_ACCOUNT_OK);
}

static void put_words(enum cosmo_err cause)
{
	struct person who = {0};

	if (!pose(cause, &who))
		return;
	printf("|  ");
	scdoc_put(cosmo_err_id(cause));
	printf("\n:  ");
	scdoc_put(event_of(cause));
	printf("\n:  ");
	scdoc_put(cause ? cosmo_err_text(cause) : "-");
	printf("\n");
}

static const char head[] =
	"# THE ACCOUNT PHASE\n\n"
	"Every use of a service by a user of ours comes through here, whoever says that it is them: "
	"with a code, an SSH key, from cron, or in sudo without a password. Whether they are let in "
	"goes by the cause, and by what [access] of *cosmo-sso.conf*(5) says of the service:\n\n"
	"- _sshd_: a list with viewer in it; as shipped *sshd* and *login*\n"
	"- _sudo_: a list without, here of admin; as shipped *sudo*, *sudo-i*, *su*, *su-l*, "
	"*polkit-1* and *doas*\n"
	"- _cron_: *any*; as shipped all others, so *cron*, *atd* and *systemd-user*\n"
	"- _not root_: whatever it says, where the program that asks is not root's, as a lock "
	"screen is not\n\n"
	"With *deny* nobody is. _as viewer_: whatever the roles are. _PAM_: the result elsewhere.\n\n"
	"|< *word*\n:< *let in by*\n:[ *PAM*\n";

static const char between[] =
	"\n_ok_ is an admin here, and _service\\_not\\_allowed_ a viewer: somebody with a role that "
	"the list does not name. What stands in the log, and what the person reads, where they are "
	"refused:\n\n"
	"|< *word*\n:< *event*\n:< *text*\n";

static const char foot[] =
	"\nAny other word of this page that comes up here is no for every service, with its PAM result "
	"in *CODES*: _account\\_refused_ where the helper could say so, else _module\\_refused_. That "
	"the IdP could not be asked is none of them: the lease decides, and _refresh_ and "
	"_refresh\\_reason_ of the log line tell of it.\n\n";

bool account_table_put(void)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	bool is_whole =
		config_parse(config_text, strlen(config_text), &config, &problem) == COSMO_OK;

	(void)fputs(head, stdout);
	for (size_t i = 0; i < cosmo_err_count() && is_whole; i++)
		is_whole = put_answers(config, (enum cosmo_err)i);
	(void)fputs(between, stdout);
	for (size_t i = 0; i < cosmo_err_count(); i++)
		put_words((enum cosmo_err)i);
	(void)fputs(foot, stdout);
	return is_whole;
}
