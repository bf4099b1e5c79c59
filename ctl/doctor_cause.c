/* SPDX-License-Identifier: MIT */
#include "ctl/doctor_cause.h"

#include "ctl/advice.h"

#define SIGN_IN       "This user signs in again, with a code."
#define FIRST_SIGN_IN "This user signs in, with a code."
/* It hands over the uid, the home and every file. */
#define INHERITS "Only if that is the same person, or one who is to have this account's files: "

struct cause {
	enum cosmo_err err;
	const char *what;
	bool ends_with_sign_in;
	bool takes_name; /* .mend is a command that ends in the user's name */
	const char *mend;
};

static const struct cause causes[] = {
	{COSMO_E_LOCKED, "an administrator has locked this user", false, true,
		"cosmo-ssoctl user unlock"},
	{COSMO_E_REMOVED, "an administrator has removed this user", false, true,
		"cosmo-ssoctl user add"},
	{COSMO_E_SIGNED_OUT, "an administrator has signed this user out", true, false, SIGN_IN},
	{COSMO_E_NOT_ENROLLED, "this user has not signed in here yet", true, false, FIRST_SIGN_IN},
	{COSMO_E_INVALID_GRANT,
		"the provider has refused to confirm this user: the account is disabled there, or its "
		"session was ended",
		true, false, "At the provider: enable the account. Then: " SIGN_IN},
	{COSMO_E_REFRESH_INTERRUPTED,
		"a refresh broke off, so that nobody knows whether its token is still good", true,
		false, SIGN_IN},
	{COSMO_E_RENAMED, "the provider knows this person by another login name now", false, false,
		"The person signs in by the new name; or, at the provider: give the old one back."},
	{COSMO_E_OTHER_SUBJECT, "this login name is another person's at the provider now", false,
		true, INHERITS "cosmo-ssoctl user rebind"},
	{COSMO_E_OTHER_ISSUER,
		"this login name is bound to a person of a provider that this host is not connected "
		"to any more",
		false, true, INHERITS "cosmo-ssoctl user rebind"},
	{COSMO_E_NO_ROLE, "none of this user's groups is in a rule that gives a role", true, false,
		"At the provider: put the person into a group that has a rule; or write a rule for one "
		"of the groups: cosmo-ssoctl roles test. Then: " SIGN_IN},
	{COSMO_E_CLAIM_MISSING, "the provider did not send the claim with this user's groups", true,
		false, "At the provider: have it send the claim to this client. Then: " SIGN_IN},
	{COSMO_E_DISCONNECTED, "this host is not connected", false, false, "cosmo-ssoctl connect"},
	{COSMO_E_INTEGRATION_CHANGED, "this host was connected anew since this user's last sign-in",
		true, false, SIGN_IN},
	{COSMO_E_LEASE_OVER,
		"this user's lease is over: the provider has not confirmed the roles for too long",
		true, false, SIGN_IN},
	{COSMO_E_MACHINE, "the store is of another machine", false, false, "cosmo-ssoctl adopt"},
	{COSMO_E_ENROLL_OFF, "new users are not added to this host by themselves", false, true,
		"cosmo-ssoctl user add"},
	{COSMO_E_SERVICE_OFF, "signing in is switched off for this service", false, false, NULL},
	{COSMO_E_CONFIG,
		"the configuration names another provider than the one that this host is connected to",
		false, false, "cosmo-ssoctl disconnect && cosmo-ssoctl connect"},
	{COSMO_E_STORE_DAMAGED, "what is stored of this user is damaged", false, false,
		"cosmo-ssoctl repair"},
};

static const struct cause *find(enum cosmo_err err)
{
	for (size_t i = 0; i < COSMO_ARRAY_LEN(causes); i++)
		if (causes[i].err == err)
			return &causes[i];
	return NULL;
}

const char *doctor_cause_what(enum cosmo_err err)
{
	const struct cause *cause = find(err);

	return cause ? cause->what : cosmo_err_text(err);
}

bool doctor_cause_ends_with_sign_in(enum cosmo_err err)
{
	const struct cause *cause = find(err);

	return cause && cause->ends_with_sign_in;
}

void doctor_cause_mend(struct doctor_list *list, enum cosmo_err err, const char *name)
{
	const struct cause *cause = find(err);
	const char *mend = cause ? cause->mend : advice_for(err);

	if (mend)
		doctor_mend(list, "%s%s%s", mend, cause && cause->takes_name ? " " : "",
			cause && cause->takes_name ? name : "");
}
