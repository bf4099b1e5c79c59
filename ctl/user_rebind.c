/* SPDX-License-Identifier: MIT */
#include "ctl/user_rebind.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/parse.h"
#include "common/rebind_window.h"
#include "ctl/ask.h"
#include "ctl/exit_code.h"
#include "ctl/output.h"
#include "ctl/user_item.h"

#define MAX_SUBJECT_BYTES ((size_t)511)

struct rebinding {
	const char *name;
	const struct user_rebind *options;
	int64_t for_s;
	char holder[MAX_SUBJECT_BYTES + 1]; /* subject that was shown; "": nobody was */
	char home[256];
	struct json_object *user; /* as it was told last */
	int64_t until_s;
};

bool user_rebind_is_asked(const struct user_rebind *options)
{
	return options->wait || options->sub || options->cancel;
}

static void visit(void *context, const struct message *item)
{
	struct rebinding *rebinding = context;
	const char *sub = message_str(item, FIELD_SUB);
	const char *home = message_str(item, FIELD_HOME);

	if (message_type(item) != MESSAGE_USER_ITEM)
		return;
	if (!rebinding->holder[0] && !rebinding->options->json)
		user_item_print_holder(item);
	if (!rebinding->holder[0]) {
		snprintf(rebinding->holder, sizeof(rebinding->holder), "%s", sub ? sub : "");
		log_filter(home, true, rebinding->home, sizeof(rebinding->home));
	}
	json_object_put(rebinding->user);
	rebinding->user = user_item_json(item);
	rebinding->until_s = (int64_t)message_u64(item, FIELD_REBIND_UNTIL_S, 0);
}

/* @dry_run: look and check; else do it to the person who was shown. */
static enum cosmo_err ask(struct rebinding *rebinding, bool dry_run)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	const struct user_rebind *options = rebinding->options;
	enum cosmo_err err = ask_new(MESSAGE_CTL_USER_REBIND, &request);

	if (err)
		return err;
	message_put_str(request, FIELD_USER, rebinding->name);
	message_put_str(request, FIELD_SUB, options->sub);
	if (options->cancel)
		message_put_u64(request, FIELD_REBIND_CANCEL, 1);
	else if (!options->sub)
		message_put_u64(request, FIELD_REBIND_FOR_S, (uint64_t)rebinding->for_s);
	if (dry_run)
		message_put_u64(request, FIELD_DRY_RUN, 1);
	else
		message_put_str(request, FIELD_HOLDER_SUB, rebinding->holder);
	return ask_simple(request, visit, rebinding);
}

/* What follows, before anybody says yes. */
static enum cosmo_err confirm(const struct rebinding *rebinding)
{
	const struct user_rebind *options = rebinding->options;
	char question[2048] = "";

	if (options->cancel || options->yes)
		return COSMO_OK;
	snprintf(question, sizeof(question),
		"%s The uid stays, and with it everything that is the former person's: %s and all files, SSH "
		"keys in it that open the account, mail and timed jobs. Move away what another person must "
		"not see or use. Sessions that are open keep running until they are ended: "
		"`cosmo-ssoctl session end --user %s`.",
		options->sub
			? "The name will be the other person's at once, roles and refresh token of the "
			  "former one go."
			: "The next other person who signs in under this name will get it.",
		rebinding->home, rebinding->name);
	if (output_confirm(question, false))
		return COSMO_OK;
	output_failure(COSMO_E_CANCELLED, "This was not confirmed.", NULL);
	return COSMO_E_CANCELLED;
}

static void print_warning(const struct rebinding *rebinding)
{
	printf("The former person's files (%s), SSH keys and jobs stay, and so do open sessions:\n"
	       "`cosmo-ssoctl session end --user %s` ends them.\n",
		rebinding->home, rebinding->name);
}

static void print_outcome(const struct rebinding *rebinding)
{
	char until[32] = "";

	if (rebinding->options->dry_run) {
		puts("This can be done; nothing was changed.");
	} else if (rebinding->options->cancel) {
		printf("%s stays with the person who has it.\n", rebinding->name);
	} else if (rebinding->options->sub) {
		printf("%s is bound to the other person, who signs in with the code now.\n",
			rebinding->name);
		print_warning(rebinding);
	} else {
		output_time(rebinding->until_s, until, sizeof(until));
		printf("The next other person who signs in as %s until %s gets the name.\n"
		       "`cosmo-ssoctl user rebind %s --cancel` takes this back.\n",
			rebinding->name, until, rebinding->name);
		print_warning(rebinding);
	}
}

static void conclude(struct rebinding *rebinding, enum cosmo_err err)
{
	if (err)
		output_error("nothing was changed");
	else if (!rebinding->options->json)
		print_outcome(rebinding);
	else if (rebinding->user) {
		json_object_object_add(rebinding->user, "dry_run",
			json_object_new_boolean(rebinding->options->dry_run));
		output_json(json_object_get(rebinding->user));
	}
	json_object_put(rebinding->user);
}

/* What is wrong with the command line; NULL: nothing. */
static const char *problem_of(const char *name, const struct user_rebind *options, int64_t *ret_for)
{
	*ret_for = REBIND_DEFAULT_S;
	if (!login_name_is_valid(name, true))
		return "this is not the form of a login name";
	if (options->cancel && (options->sub || options->wait))
		return "--cancel excludes --subject and --for";
	if (options->sub && options->wait)
		return "--subject binds at once; --for waits for a sign-in";
	if (options->sub && (!options->sub[0] || strlen(options->sub) > MAX_SUBJECT_BYTES))
		return "a subject has 1 to 511 bytes";
	if (options->wait && parse_duration_s(options->wait, REBIND_MIN_S, REBIND_MAX_S, ret_for))
		return "--for takes 1m to 30d, as in 90m, 24h or 3d";
	return NULL;
}

int user_rebind_run(const struct command *self, const char *name, const struct user_rebind *options)
{
	struct rebinding rebinding = {.name = name, .options = options};
	const char *problem = problem_of(name, options, &rebinding.for_s);
	enum cosmo_err err = COSMO_OK;

	if (problem)
		return command_usage_error(self, "%s", problem);
	err = ask(&rebinding, true);
	if (!err && !options->dry_run) {
		err = confirm(&rebinding);
		if (!err)
			err = ask(&rebinding, false);
	}
	conclude(&rebinding, err);
	return (int)exit_code_of(err);
}
