/* SPDX-License-Identifier: MIT */
/* doctor: rules and roles that may not be meant as they stand, as `roles lint` finds them. */
#include "common/config.h"
#include "ctl/doctor.h"
#include "ctl/roles_lint.h"
#include "paths.h"

struct look {
	struct doctor_list *list;
	bool good;
};

static void visit(void *context, const struct lint_finding *finding)
{
	struct look *look = context;

	/* Of a role without a rule the check of the configuration tells. */
	if (finding->is_note || finding->kind == LINT_ROLE_WITHOUT_RULE)
		return;
	look->good = false;
	doctor_wrong(look->list, "%s", finding->what);
	if (finding->line)
		doctor_mend(look->list,
			"Edit " COSMO_CONF_FILE
			", line %u: take it out, or change it (%s) Then: cosmo-ssoctl apply",
			finding->line, finding->advice);
	else
		doctor_mend(look->list, "Edit " COSMO_CONF_FILE " (%s) Then: cosmo-ssoctl apply",
			finding->advice);
}

static void run(struct doctor_list *list)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	struct look look = {.list = list, .good = true};
	enum cosmo_err err = config_load(COSMO_CONF_FILE, &config, &problem);

	if (!err)
		err = roles_lint_config(config, visit, &look, &problem);
	if (err)
		doctor_not_checked(list, "rules cannot be looked at: %s", cosmo_err_text(err));
	else if (look.good)
		doctor_ok(list, "rules and roles say nothing that looks like a mistake");
}

const struct doctor_check doctor_check_rules = {
	.name = "rules",
	.run = run,
};
