/* SPDX-License-Identifier: MIT */
/* doctor: does the host see our users and groups, and does it see them as they are now? */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "ctl/doctor.h"
#include "ctl/doctor_text.h"
#include "ctl/host_edit.h"
#include "ctl/nsswitch_edit.h"

#define ENABLE      "cosmo-ssoctl enable nss"
#define NSCD_CONF   "/etc/nscd.conf"
#define NSCD_SOCKET "/run/nscd/socket"

struct database {
	enum nsswitch_database database;
	const char *name;
	const char *least; /* the least that may stand in its line */
	const char *place; /* how cosmo has to stand there */
	const char *lost;  /* what does not work otherwise */
};

static const struct database databases[] = {
	{NSSWITCH_PASSWD, "passwd", "passwd: files", "last",
		"people of single sign-on are not known"},
	{NSSWITCH_GROUP, "group", "group: files", "as `files [SUCCESS=merge] cosmo`",
		"roles are not groups"},
	{NSSWITCH_INITGROUPS, "initgroups", "initgroups: files",
		"as `files [SUCCESS=continue] cosmo`", "logins do not get the groups of roles"},
};

/* Of this line alone: what keeps enable from putting cosmo there; NULL: nothing. */
static const char *problem_of(const struct database *database, const struct nsswitch_line *line)
{
	COSMO_AUTO(free) char *text = NULL;
	COSMO_AUTO(free) char *after = NULL;
	const char *problem = NULL;
	const char *passwd = database->database == NSSWITCH_PASSWD ? "" : databases[0].least;
	const char *group = database->database == NSSWITCH_GROUP ? "" : databases[1].least;

	if (asprintf(&text, "%s\n%s\n%.*s\n", passwd, group, (int)line->len, line->text) < 0) {
		text = NULL;
		return NULL;
	}
	return nsswitch_enable(text, &after, &problem) == COSMO_E_FORMAT ? problem : NULL;
}

static void put_no_line(struct doctor_list *list, const struct database *database)
{
	doctor_wrong(list, HOST_NSSWITCH " has no %s line: %s", database->name, database->lost);
	doctor_mend(list, "echo '%s' >> " HOST_NSSWITCH " && " ENABLE, database->least);
}

/* Does it lack what cosmo has to stand behind? The passwd line takes any service. */
static bool lacks_files(const struct database *database, const struct nsswitch_line *line)
{
	return line->count == 0 ||
	       (database->database == NSSWITCH_GROUP && nsswitch_line_files(line) == line->count);
}

/* What stands in the line stays, but for its comment. */
static void put_no_files(struct doctor_list *list, const struct database *database,
	const struct nsswitch_line *line, unsigned int number)
{
	size_t from = line->count ? line->words[0].at : 0;
	const struct nsswitch_word *last = line->count ? &line->words[line->count - 1] : NULL;

	doctor_wrong(list, HOST_NSSWITCH ":%u: the %s line has no place for cosmo: %s", number,
		database->name, database->lost);
	doctor_mend(list,
		"Edit " HOST_NSSWITCH ", line %u: write `%s%s%.*s` in its place. Then: " ENABLE,
		number, database->least, last ? " " : "",
		last ? (int)(last->at + last->len - from) : 0, line->text + from);
}

/* What only an editor can mend. */
static void put_edit(struct doctor_list *list, const struct database *database,
	const struct nsswitch_line *line, unsigned int number)
{
	size_t count =
		database->database == NSSWITCH_PASSWD ? line->count : nsswitch_line_files(line);
	size_t end = nsswitch_line_end_before(line, count);
	const struct nsswitch_word *word = &line->words[end];

	if (line->broken) {
		doctor_wrong(list, HOST_NSSWITCH ":%u: the %s line has no place for cosmo: %s",
			number, database->name, database->lost);
		doctor_mend(list,
			"Edit " HOST_NSSWITCH
			", line %u: put in the ] that an action lacks, or leave 64 words. Then: " ENABLE,
			number);
	} else if (lacks_files(database, line) || end == line->count) {
		put_no_files(list, database, line, number);
	} else {
		doctor_wrong(list,
			HOST_NSSWITCH ":%u: %.*s keeps cosmo from being asked in the %s line: %s",
			number, (int)word->len, line->text + word->at, database->name,
			database->lost);
		doctor_mend(list,
			"Edit " HOST_NSSWITCH ", line %u: take `%.*s` out of it. Then: " ENABLE,
			number, (int)word->len, line->text + word->at);
	}
}

static void put_fault(struct doctor_list *list, const struct database *database,
	enum nsswitch_fault fault, unsigned int number)
{
	if (fault == NSSWITCH_ABSENT)
		doctor_wrong(list, HOST_NSSWITCH ":%u: cosmo is not in the %s line: %s", number,
			database->name, database->lost);
	else
		doctor_wrong(list, HOST_NSSWITCH ":%u: cosmo has to stand %s in the %s line: %s",
			number, database->place, database->name, database->lost);
	doctor_mend(list, ENABLE);
}

static bool look_at_line(
	struct doctor_list *list, const struct database *database, const char *text)
{
	struct nsswitch_line line = {.text = ""};
	unsigned int number = 0;
	enum nsswitch_fault fault = nsswitch_fault_of(text, database->database, &line, &number);

	if (fault == NSSWITCH_GOOD)
		return true;
	if (fault == NSSWITCH_NO_LINE)
		put_no_line(list, database);
	else if (fault == NSSWITCH_UNREACHABLE || problem_of(database, &line))
		put_edit(list, database, &line, number);
	else
		put_fault(list, database, fault, number);
	return false;
}

static bool nscd_runs(void)
{
	static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = NSCD_SOCKET};
	COSMO_AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Whoever has lost a role keeps it in there for minutes. */
static bool look_at_nscd(struct doctor_list *list)
{
	static const char *const caches[] = {"passwd", "group"};
	COSMO_AUTO(free) char *text = NULL;
	bool good = true;

	if (!nscd_runs() || !doctor_text_read(NSCD_CONF, &text))
		return true;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(caches); i++) {
		unsigned int number = doctor_text_find(text, "enable-cache", caches[i], "yes");

		if (number == 0)
			continue;
		doctor_wrong(list,
			NSCD_CONF ":%u: nscd remembers %s entries, roles that have ended included",
			number, caches[i]);
		doctor_mend(list,
			"Edit " NSCD_CONF
			", line %u: write `enable-cache %s no` in its place. Then: systemctl restart "
			"nscd",
			number, caches[i]);
		good = false;
	}
	return good;
}

/* A whole file is advised only where there is none. */
static void put_unread(struct doctor_list *list)
{
	bool missing = access(HOST_NSSWITCH, F_OK) < 0 && errno == ENOENT;

	doctor_wrong(list, HOST_NSSWITCH " cannot be read: %s", databases[0].lost);
	if (missing)
		doctor_mend(list,
			"printf '%s\\n%s\\n' > " HOST_NSSWITCH " && chmod 644 " HOST_NSSWITCH
			" && " ENABLE,
			databases[0].least, databases[1].least);
	else
		doctor_mend(list, "Look at " HOST_NSSWITCH
				  ": it is no text, or too long for one. Then: " ENABLE);
}

static void look(struct doctor_list *list)
{
	COSMO_AUTO(free) char *text = NULL;
	bool good = true;

	if (!doctor_text_read(HOST_NSSWITCH, &text)) {
		put_unread(list);
		return;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(databases); i++)
		good = look_at_line(list, &databases[i], text) && good;
	good = look_at_nscd(list) && good;
	if (good)
		doctor_ok(list, "the host sees users and groups of single sign-on");
}

const struct doctor_check doctor_check_nsswitch = {
	.name = "nsswitch",
	.run = look,
};
