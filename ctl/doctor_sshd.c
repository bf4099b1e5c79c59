/* SPDX-License-Identifier: MIT */
/* doctor: can people sign in over SSH with a code, and have they the time for it? */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/parse.h"
#include "common/config.h"
#include "ctl/doctor.h"
#include "ctl/host_edit.h"
#include "ctl/output.h"
#include "ctl/sshd_check.h"
#include "ctl/sshd_lines.h"
#include "ctl/sshd_methods.h"
#include "ctl/waiting_flows.h"
#include "paths.h"

#define FOLDER    "/etc/ssh"
#define DROP_INS  "/etc/ssh/sshd_config.d/"
#define INCLUDE   "Include " DROP_INS "*.conf"
#define ENABLE    "cosmo-ssoctl enable sshd"
#define RELOAD    "systemctl reload ssh"
#define METHODS   "AuthenticationMethods"
#define OUR_BLOCK "Match Group cosmo-users"
/* What is longer does not fit into an advice. */
#define MAX_ADVISED_BYTES ((size_t)255)
/* For what comes before the prompt and after the approval. */
#define SPARE_S 10

/* Would enable change our drop-in? */
static bool drop_in_differs(void)
{
	struct host_edit edit = {.enable = true};
	char problem[256] = "";
	bool differs = false;

	edit.chosen[HOST_SSHD] = true;
	output_catch(problem, sizeof(problem));
	if (host_edit_plan(&edit) == COSMO_OK)
		for (size_t i = 0; i < edit.changes.count; i++)
			if (streq(edit.changes.items[i].path, HOST_SSHD_DROPIN))
				differs = file_change_differs(&edit.changes.items[i]);
	output_catch(NULL, 0);
	file_changes_done(&edit.changes);
	return differs;
}

/* sshd names "FILE line N:" or "FILE: line N:" of what it does not take. */
static void put_invalid(struct doctor_list *list, const char *complaint)
{
	const char *mark = strstr(complaint, " line ");
	size_t file_len = mark ? (size_t)(mark - complaint) : 0;
	size_t digits = mark ? strspn(mark + strlen(" line "), "0123456789") : 0;

	while (file_len > 0 && complaint[file_len - 1] == ':')
		file_len--;
	doctor_wrong(list, "sshd refuses its configuration, and would not start: %.*s",
		(int)strcspn(complaint, "\r\n"), complaint);
	if (complaint[0] == '/' && file_len && digits)
		doctor_mend(list,
			"Edit %.*s, line %.*s: take it out, or write what sshd takes. Then: " RELOAD,
			(int)file_len, complaint, (int)digits, mark + strlen(" line "));
	else
		doctor_mend(list, "Edit what sshd -t names. Then: " RELOAD);
}

/* Would our drop-in, where it is missing, be read after this line? */
static bool comes_before(const struct sshd_line *line)
{
	return strncmp(line->file, DROP_INS, strlen(DROP_INS)) == 0 &&
	       strcmp(line->file, HOST_SSHD_DROPIN) < 0;
}

/* The line that keeps ours from counting is taken out; where there is none, ours is missing. */
static void mend_setting(struct doctor_list *list, const char *keyword)
{
	struct sshd_lines lines = {.count = 0};
	const struct sshd_line *foreign = NULL;

	sshd_lines_find(FOLDER, HOST_SSHD_DROPIN, keyword, &lines);
	foreign = lines.count && !lines.items[0].is_ours ? &lines.items[0] : NULL;
	if (foreign && (!drop_in_differs() || comes_before(foreign)))
		doctor_mend(list, "Edit %s, line %u: take it out. Then: " ENABLE, foreign->file,
			foreign->number);
	else
		doctor_mend(list, ENABLE);
}

/* What sshd has to say, for people to be asked by PAM, in a conversation. */
static bool look_at_conversation(struct doctor_list *list, const char *settings)
{
	const char *lacks = sshd_check_lacks(settings);
	char keyword[64] = "";

	if (!lacks)
		return true;
	(void)snprintf(keyword, sizeof(keyword), "%.*s", (int)strcspn(lacks, " "), lacks);
	doctor_wrong(list, "sshd -T does not say `%s`: nobody can sign in with a code", lacks);
	mend_setting(list, keyword);
	return false;
}

/* The settings of [service sshd]; false: the configuration cannot be read. */
static bool read_service(struct config **ret_config, struct config_service *ret)
{
	struct config_problem problem = {0};

	if (config_load(COSMO_CONF_FILE, ret_config, &problem) != COSMO_OK)
		return false;
	config_service(*ret_config, "sshd", ret);
	return true;
}

/* The way by a code, behind the methods that have to come first. */
static void write_way(char *way, size_t size)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_service service = {.name = ""};
	size_t len = 0;

	way[0] = '\0';
	if (read_service(&config, &service))
		for (size_t i = 0; i < service.require_first.count && len < size; i++)
			len += (size_t)snprintf(
				way + len, size - len, "%s,", service.require_first.items[i]);
	if (len < size)
		(void)snprintf(way + len, size - len, "keyboard-interactive");
}

/*
 * What is demanded stays, for ours and for others: a way is added for ours alone. It stands at the
 * end, where whatever a Match block of the host's own demands of them goes before it.
 */
static void mend_methods(struct doctor_list *list, const struct sshd_methods *methods)
{
	char way[160] = "";

	write_way(way, sizeof(way));
	if (strlen(methods->demand) + strlen(way) > MAX_ADVISED_BYTES)
		doctor_mend(list,
			"Edit " FOLDER "/sshd_config: let " OUR_BLOCK
			" at its end have the same methods, and behind them `%s`. Then: " RELOAD,
			way);
	else if (methods->line.number)
		doctor_mend(list,
			"Edit %s, line %u: write `    " METHODS
			" %s %s` in its place. Then: " RELOAD,
			methods->line.file, methods->line.number, methods->demand, way);
	else
		doctor_mend(list,
			"printf '\\n" OUR_BLOCK "\\n    " METHODS
			" %s %s\\nMatch all\\n' >> " FOLDER "/sshd_config && " RELOAD,
			methods->demand, way);
}

static bool look_at_methods(struct doctor_list *list, const char *settings)
{
	struct sshd_methods methods = {.demand = ""};

	if (!sshd_methods_lack_code(settings, FOLDER, &methods))
		return true;
	doctor_wrong(list,
		"sshd's AuthenticationMethods is `%s`, without keyboard-interactive: nobody can "
		"sign in with a code",
		methods.demand);
	mend_methods(list, &methods);
	return false;
}

static int64_t deadline_s(void)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_service service = {.name = ""};

	return read_service(&config, &service) ? service.deadline_s : 0;
}

static bool look_at_grace(struct doctor_list *list, const char *settings)
{
	struct sshd_lines lines = {.count = 0};
	int64_t grace_s = sshd_check_grace_s(settings);
	int64_t needed_s = deadline_s() + SPARE_S;

	if (grace_s <= 0 || grace_s >= needed_s)
		return true;
	doctor_wrong(list,
		"sshd ends a login after %" PRId64
		" s (LoginGraceTime), but a sign-in may wait for %" PRId64
		" s (deadline of [service sshd])",
		grace_s, needed_s - SPARE_S);
	sshd_lines_find(FOLDER, HOST_SSHD_DROPIN, "LoginGraceTime", &lines);
	if (lines.count)
		doctor_mend(list,
			"Edit %s, line %u: write `LoginGraceTime %" PRId64
			"` in its place. Then: " RELOAD,
			lines.items[0].file, lines.items[0].number, needed_s);
	else
		doctor_mend(list,
			"echo 'LoginGraceTime %" PRId64 "' > " FOLDER
			"/sshd_config.d/31-grace.conf && " RELOAD,
			needed_s);
	return false;
}

static bool look_at_startups(struct doctor_list *list, const char *settings)
{
	struct sshd_startups startups = {0};
	struct sshd_lines lines = {.count = 0};
	const struct sshd_line *foreign = NULL;
	uint32_t flows = waiting_flows();

	if (!sshd_check_startups_of(settings, &startups) || sshd_startups_suffice(&startups, flows))
		return true;
	doctor_wrong(list,
		"sshd drops connections from %u waiting ones on (MaxStartups), and [limits] lets %u "
		"sign-ins wait",
		(unsigned int)startups.begin, (unsigned int)flows);
	sshd_lines_find(FOLDER, HOST_SSHD_DROPIN, "MaxStartups", &lines);
	foreign = sshd_lines_foreign(&lines);
	if (foreign)
		doctor_mend(list, "Edit %s, line %u: take it out. Then: " ENABLE, foreign->file,
			foreign->number);
	else
		doctor_mend(list, ENABLE);
	return false;
}

static bool look_at_names(struct doctor_list *list, const char *settings)
{
	struct sshd_lines lines = {.count = 0};

	if (!sshd_check_is(settings, "usedns", "yes"))
		return true;
	doctor_note(list,
		"sshd's UseDNS is on: sign-ins are counted by the name that the owner of an address "
		"gives it");
	sshd_lines_find(FOLDER, HOST_SSHD_DROPIN, "UseDNS", &lines);
	if (lines.count)
		doctor_mend(list, "Edit %s, line %u: take it out. Then: " RELOAD,
			lines.items[0].file, lines.items[0].number);
	return false;
}

static bool look_at_drop_in(struct doctor_list *list)
{
	if (!drop_in_differs())
		return true;
	doctor_wrong(list, HOST_SSHD_DROPIN " is not as cosmo-ssoctl writes it");
	doctor_mend(list, ENABLE);
	return false;
}

/* Is our drop-in there, and does sshd read it? */
static bool look_at_place(struct doctor_list *list)
{
	struct sshd_lines lines = {.count = 0};

	sshd_lines_find(FOLDER, HOST_SSHD_DROPIN, "UsePAM", &lines);
	if (!lines.reads_ours) {
		doctor_wrong(list, FOLDER "/sshd_config does not include " DROP_INS
					  "*.conf: what cosmo-ssoctl writes there does not count");
		doctor_mend(list, "Edit " FOLDER "/sshd_config, line 1: put `" INCLUDE
				  "` before it. Then: " ENABLE);
		return false;
	}
	if (access(HOST_SSHD_DROPIN, F_OK) == 0)
		return true;
	doctor_wrong(list, HOST_SSHD_DROPIN " is missing: nobody can sign in with a code");
	doctor_mend(list, ENABLE);
	return false;
}

static void look(struct doctor_list *list)
{
	COSMO_AUTO(free) char *complaint = NULL;
	COSMO_AUTO(free) char *settings = NULL;
	bool good = true;

	if (!sshd_check_present()) {
		doctor_not_checked(list, "there is no sshd on this host");
		return;
	}
	complaint = sshd_check_complaint();
	settings = complaint ? NULL : sshd_check_settings();
	if (complaint) {
		put_invalid(list, complaint);
		return;
	}
	if (!settings) {
		doctor_not_checked(list, "sshd -T does not tell its settings");
		return;
	}
	if (!look_at_place(list))
		return;
	good = look_at_conversation(list, settings);
	good = look_at_methods(list, settings) && good;
	good = look_at_grace(list, settings) && good;
	good = look_at_startups(list, settings) && good;
	good = look_at_names(list, settings) && good;
	if (good && look_at_drop_in(list))
		doctor_ok(list, "sshd lets people sign in with a code, and gives them the time");
}

const struct doctor_check doctor_check_sshd = {
	.name = "sshd",
	.run = look,
};
