/* SPDX-License-Identifier: MIT */
/* Writes cosmo-sso-errors.7.scd out of the list of errors, so that the page cannot lag behind it.
 */
#include <stdio.h>

#include "common/base/auto.h"
#include "ctl/exit_code.h"
#include "docs/man/account_table.h"
#include "docs/man/err_advice.h"
#include "docs/man/scdoc_text.h"

static const char *const symbols[] = {
#define SYMBOL_(symbol, id, class) [COSMO_##symbol] = "COSMO_" #symbol,
	COSMO_ERR_LIST(SYMBOL_)
#undef SYMBOL_
};

static const char *class_name(enum cosmo_err err)
{
	switch (cosmo_err_class(err)) {
	case COSMO_CLASS_OK:
		return "ok";
	case COSMO_CLASS_DENIED:
		return "denied";
	case COSMO_CLASS_UNREACHABLE:
		return "unreachable";
	case COSMO_CLASS_MISCONFIGURED:
		return "misconfigured";
	case COSMO_CLASS_BUSY:
		return "busy";
	case COSMO_CLASS_INTERNAL:
		return "internal";
	case COSMO_CLASS_NOT_OURS:
		return "not ours";
	}
	return NULL;
}

static void put_row(enum cosmo_err err)
{
	printf("|  ");
	scdoc_put(cosmo_err_id(err));
	printf("\n:  ");
	scdoc_put(scdoc_pam_name(PHASE_AUTHENTICATE, err));
	printf("\n:  ");
	scdoc_put(scdoc_pam_name(PHASE_ACCOUNT, err));
	printf("\n:  %d\n", (int)exit_code_of(err));
}

static void put_entry(enum cosmo_err err)
{
	putchar('*');
	scdoc_put(cosmo_err_id(err));
	printf("* (");
	scdoc_put(symbols[err]);
	printf(", %s)\n\t\"", class_name(err));
	scdoc_put(cosmo_err_text(err));
	printf("\"++\n");
	scdoc_put(err_advice(err));
	printf("\n\n");
}

static bool is_whole(enum cosmo_err err)
{
	bool whole = class_name(err) && err_advice(err) &&
		     scdoc_pam_name(PHASE_AUTHENTICATE, err) && scdoc_pam_name(PHASE_ACCOUNT, err);

	if (!whole)
		fprintf(stderr,
			"%s: no advice in docs/man/err_advice.c, or no name for its PAM code\n",
			symbols[err]);
	return whole;
}

static const char head[] =
	"cosmo-sso-errors(7)\n\n"
	"# NAME\n\ncosmo-sso-errors - what can go wrong with single sign-on, and what to do about it\n\n"
	"# DESCRIPTION\n\n"
	"Every failure of cosmo-sso has one stable word. It stands as _reason_ in the log lines "
	"(facility authpriv), in square brackets behind what *cosmo-ssoctl*(8) says, and as _reason_, "
	"_result_ or _problem_ in what it prints with *--json*. The person who signs in is told the "
	"sentence, not the word. This page is made from the program's own list.\n\n"
	"The class says what kind of failure it is:\n\n"
	"- *denied*: a definite no, by the Identity Provider (IdP), by a rule or by the person\n"
	"- *unreachable*: the IdP could not be asked; trying later may help\n"
	"- *misconfigured*: the administrator of this host or of the IdP has to change something\n"
	"- *busy*: a limit or a lock; trying later helps\n"
	"- *internal*: a fault of this host or of cosmo-sso\n"
	"- *not ours*: the name is somebody else's business\n\n"
	"# CODES\n\n"
	"_auth_ and _account_ are the PAM results without their PAM\\_ in these two phases, see "
	"*pam_cosmo_sso*(8) for the others; in sshd's authentication every failure but _not\\_ours_ is "
	"MAXTRIES. _exit_ is the exit code of *cosmo-ssoctl*(8).\n\n"
	"|< *word*\n:< *auth*\n:[ *account*\n:[ *exit*\n";

static const char foot[] =
	"# SEE ALSO\n\n*cosmo-ssoctl*(8), *cosmo-sso.conf*(5), *pam_cosmo_sso*(8), "
	"*nss_cosmo*(8)\n";

int main(void)
{
	size_t count = cosmo_err_count();

	for (size_t i = 0; i < count; i++)
		if (!is_whole((enum cosmo_err)i))
			return 1;
	(void)fputs(head, stdout);
	for (size_t i = 0; i < count; i++)
		put_row((enum cosmo_err)i);
	printf("\n");
	if (!account_table_put())
		return 1;
	printf("# MEANING\n\nIn quotes: what the person reads. Below: what the administrator does.\n\n");
	for (size_t i = 0; i < count; i++)
		put_entry((enum cosmo_err)i);
	(void)fputs(foot, stdout);
	return ferror(stdout) || fflush(stdout) == EOF ? 1 : 0;
}
