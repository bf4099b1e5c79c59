/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/refresh_outage.h"
#include "ctl/command.h"
#include "ctl/duration_text.h"
#include "ctl/exit_code.h"
#include "ctl/options.h"
#include "ctl/output.h"
#include "ctl/own_account.h"
#include "paths.h"

/* What is shown of an account beside the account itself. */
struct whoami {
	struct own_account account;
	char host[HOST_NAME_MAX + 1];
	int64_t lease_until_s; /* 0: there is no lease */
	int64_t lease_left_s;
	enum cosmo_err outage; /* why the IdP does not confirm the roles; COSMO_OK if it does */
	int64_t outage_since_s;
	int64_t demoted_since_s; /* 0: not known, or not demoted */
	bool session_is_current; /* this process has the groups of the roles that count */
	char advice[512];        /* what to do; "" if nothing is to be done */
};

static bool read_groups(gid_t **ret, size_t *ret_count)
{
	int count = getgroups(0, NULL);
	gid_t *groups = count >= 0 ? calloc((size_t)count + 1, sizeof(*groups)) : NULL;

	if (groups)
		count = getgroups(count, groups);
	if (!groups || count < 0) {
		free(groups);
		return false;
	}
	*ret = groups;
	*ret_count = (size_t)count;
	return true;
}

static bool is_session_current(const struct own_account *account)
{
	COSMO_AUTO(free) gid_t *groups = NULL;
	size_t count = 0;

	return read_groups(&groups, &count) && own_account_has_groups(account, groups, count);
}

static void measure_lease(struct whoami *whoami)
{
	const struct own_account *account = &whoami->account;
	int64_t until_s = 0;

	if (account->user.confirmed_s <= 0 || __builtin_add_overflow(account->user.confirmed_s,
						      account->settings.role_lease_s, &until_s))
		return;
	whoami->lease_until_s = until_s;
	if (!account->effective.demoted && until_s > account->now_s)
		whoami->lease_left_s = until_s - account->now_s;
}

/* A lease that is over before its end is one that a clock has spoiled: since when is not known. */
static void measure_demotion(struct whoami *whoami)
{
	if (whoami->account.effective.reason == COSMO_E_LEASE_OVER &&
		whoami->lease_until_s <= whoami->account.now_s)
		whoami->demoted_since_s = whoami->lease_until_s;
}

/* Whose roles were confirmed since it began is not touched by it. */
static void find_outage(struct whoami *whoami)
{
	const struct own_account *account = &whoami->account;
	struct refresh_outage outage = {.err = 0};
	COSMO_AUTO_FD int run_fd = open(COSMO_RUN_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int64_t since_s = 0;

	if (run_fd < 0 || refresh_outage_read(run_fd, account->user.integration, &outage))
		return;
	since_s = refresh_outage_since_s(&outage, account->now_s);
	if (account->gate.state != GATE_OPEN || account->user.confirmed_s > since_s)
		return;
	whoami->outage = cosmo_err_from_wire(outage.err);
	whoami->outage_since_s = since_s;
}

static void advise(struct whoami *whoami)
{
	enum cosmo_err reason = whoami->account.effective.reason;

	if (reason == COSMO_E_DISCONNECTED)
		snprintf(whoami->advice, sizeof(whoami->advice),
			"Single sign-on is disconnected on %s. You are a viewer until it is connected "
			"again and you have signed in. Please ask the administrator of this host.",
			whoami->host);
	else if (reason)
		snprintf(whoami->advice, sizeof(whoami->advice), "%s", cosmo_err_text(reason));
	else if (!whoami->session_is_current)
		snprintf(whoami->advice, sizeof(whoami->advice),
			"This session began with other groups than your roles give you now. Please log "
			"in again to have them.");
}

static void print_text(const char *label, const char *value)
{
	printf("%-12s ", label);
	output_text(value[0] ? value : "-");
	putchar('\n');
}

static void print_time(const char *label, int64_t time_s)
{
	char when[32] = "";

	output_time(time_s, when, sizeof(when));
	printf("%-12s %s\n", label, when);
}

static void print_roles(const char *label, const struct users_db_settings *settings, uint64_t roles)
{
	bool any = false;

	printf("%-12s ", label);
	for (uint32_t i = 0; i < settings->role_count; i++) {
		if (!(roles >> i & 1))
			continue;
		(void)fputs(any ? ", " : "", stdout);
		output_text(settings->roles[i].name);
		any = true;
	}
	puts(any ? "" : "-");
}

static void print_lease(const struct whoami *whoami)
{
	char when[32] = "";
	char left[DURATION_TEXT_BYTES] = "";

	/* "never" would be a lease without an end. */
	if (!whoami->lease_until_s) {
		print_text("Lease until", "");
		return;
	}
	output_time(whoami->lease_until_s, when, sizeof(when));
	duration_text(whoami->lease_left_s, left);
	if (whoami->lease_left_s > 0)
		printf("%-12s %s (%s left; a sign-in or an answer of the IdP renews it)\n",
			"Lease until", when, left);
	else
		printf("%-12s %s%s\n", "Lease until", when,
			whoami->demoted_since_s ? " (a viewer since then)" : "");
}

static void print_outage(const struct whoami *whoami)
{
	char since[32] = "";

	if (!whoami->outage)
		return;
	output_time(whoami->outage_since_s, since, sizeof(since));
	printf("%-12s no answer since %s: %s\n", "IdP", since, cosmo_err_text(whoami->outage));
}

static void print(const struct whoami *whoami)
{
	const struct own_account *account = &whoami->account;
	const struct users_db_user *user = &account->user;

	print_text("Name", user->name);
	printf("%-12s %" PRIu32 "\n", "uid, gid", user->uid);
	print_text("Full name", user->gecos);
	print_roles("Roles now", &account->settings, account->effective.roles);
	print_roles("Roles given", &account->settings, user->roles);
	print_time("Signed in", user->signed_in_s);
	print_time("Confirmed", user->confirmed_s);
	print_lease(whoami);
	print_outage(whoami);
	if (!whoami->advice[0])
		return;
	putchar('\n');
	output_text(whoami->advice);
	putchar('\n');
}

static struct json_object *roles_json(const struct users_db_settings *settings, uint64_t roles)
{
	struct json_object *array = json_object_new_array();

	for (uint32_t i = 0; i < settings->role_count; i++)
		if (roles >> i & 1)
			json_object_array_add(
				array, json_object_new_string(settings->roles[i].name));
	return array;
}

static void print_json(const struct whoami *whoami)
{
	const struct own_account *account = &whoami->account;
	const struct users_db_user *user = &account->user;
	struct json_object *object = json_object_new_object();

	output_json_text(object, "name", user->name);
	json_object_object_add(object, "uid", json_object_new_uint64(user->uid));
	output_json_text(object, "display_name", user->gecos);
	json_object_object_add(object, "roles", roles_json(&account->settings, user->roles));
	json_object_object_add(object, "effective_roles",
		roles_json(&account->settings, account->effective.roles));
	output_json_text(object, "reason", cosmo_err_id(account->effective.reason));
	json_object_object_add(
		object, "connected", json_object_new_boolean(account->gate.state == GATE_OPEN));
	output_json_text(object, "host", whoami->host);
	json_object_object_add(
		object, "locked", json_object_new_boolean((user->flags & USERS_DB_LOCKED) != 0));
	json_object_object_add(object, "signed_in", json_object_new_int64(user->signed_in_s));
	json_object_object_add(object, "confirmed", json_object_new_int64(user->confirmed_s));
	json_object_object_add(object, "lease_until", json_object_new_int64(whoami->lease_until_s));
	json_object_object_add(object, "lease_left", json_object_new_int64(whoami->lease_left_s));
	output_json_text(object, "outage", whoami->outage ? cosmo_err_id(whoami->outage) : NULL);
	json_object_object_add(
		object, "outage_since", json_object_new_int64(whoami->outage_since_s));
	json_object_object_add(
		object, "demoted_since", json_object_new_int64(whoami->demoted_since_s));
	json_object_object_add(
		object, "session_current", json_object_new_boolean(whoami->session_is_current));
	output_json_text(object, "advice", whoami->advice[0] ? whoami->advice : NULL);
	output_json(object);
}

/* The real uid: whoever asks through sudo asks about root. */
static enum cosmo_err look(struct whoami *whoami)
{
	struct users_db db = {.path = COSMO_USERS_DB_FILE, .machine_id_path = "/etc/machine-id"};
	struct gate_reader gate = {.path = COSMO_GATE_FILE};
	const struct own_account_places places = {.db = &db, .gate = &gate};
	enum cosmo_err err = own_account_find(&places, getuid(), fdio_now_s(), &whoami->account);

	users_db_done(&db);
	gate_done(&gate);
	if (err)
		return err;
	if (gethostname(whoami->host, sizeof(whoami->host) - 1) < 0)
		snprintf(whoami->host, sizeof(whoami->host), "this host");
	whoami->session_is_current = is_session_current(&whoami->account);
	measure_lease(whoami);
	measure_demotion(whoami);
	find_outage(whoami);
	advise(whoami);
	return COSMO_OK;
}

static int fail(enum cosmo_err err)
{
	bool is_root = getuid() == 0;

	if (err != COSMO_E_NOT_OURS) {
		output_failure(err, NULL, NULL);
		return (int)exit_code_of(err);
	}
	output_failure(err, NULL,
		is_root ? "it is root who asks; leave sudo away to ask about yourself" : NULL);
	return EXIT_CODE_NOT_OURS;
}

static int run(const struct command *self, int argc, char **argv)
{
	bool json = false;
	struct whoami whoami = {.host = ""};
	const struct option_spec specs[] = {{"json", OPTION_FLAG, &json}};
	enum cosmo_err err = COSMO_OK;
	int first = 0;

	if (!options_parse(self, argc, argv, specs, COSMO_ARRAY_LEN(specs), &first))
		return EXIT_CODE_USAGE;
	if (first != argc)
		return command_usage_error(self, "it takes no operand");
	err = look(&whoami);
	if (err)
		return fail(err);
	if (json)
		print_json(&whoami);
	else
		print(&whoami);
	return whoami.account.effective.demoted ? EXIT_CODE_DENIED : EXIT_CODE_OK;
}

const struct command command_whoami = {
	.name = "whoami",
	.arguments = "[--json]",
	.summary = "Show your own roles on this host, why you have them, and what to do",
	.help = "  --json   print one JSON object\n\n"
		"Everybody may run this, about himself; nothing is asked of the provider.\n\n"
		"Exit code 0: your roles count; 1: you are a viewer only, for the reason that is shown;\n"
		"7: your account is not managed by single sign-on.\n",
	.run = run,
};
