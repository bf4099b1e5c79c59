/* SPDX-License-Identifier: MIT */
/* doctor: what systemd has to start for us. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/program.h"

/* What systemctl show tells of one unit; "": nothing. */
struct unit_state {
	char load[32];
	char active[32];
	char wanted_by[256];
};

struct unit {
	const char *name;
	bool runs;        /* else it is over once it has run */
	const char *duty; /* what does not happen without it */
};

static const struct unit units[] = {
	{"cosmo-sso-helper.socket", true, "sign-ins are decided inside the session of who asks"},
	{"cosmo-sso-check.timer", true,
		"the provider is not asked whether it still knows this host"},
	{"cosmo-sso-refresh.timer", true,
		"the provider is not asked about roles in the background"},
	{"cosmo-sso-boot.service", false, "everybody is a viewer after a boot"},
};

/* The value of "Name=value" on a line of its own. */
static void read_property(const char *output, const char *name, char *ret, size_t size)
{
	size_t name_len = strlen(name);

	for (const char *at = output; *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncmp(at, name, name_len) == 0 && at[name_len] == '=')
			(void)snprintf(ret, size, "%.*s", (int)strcspn(at + name_len + 1, "\n"),
				at + name_len + 1);
}

static bool ask_systemd(const struct unit *unit, struct unit_state *ret)
{
	COSMO_AUTO(free) char *output = NULL;
	COSMO_AUTO(free) char *name = strdup(unit->name);
	char systemctl[] = "/usr/bin/systemctl";
	char show[] = "show";
	char properties[] = "--property=LoadState,ActiveState,WantedBy";
	char *const argv[] = {systemctl, show, properties, name, NULL};
	int code = 0;

	if (!name || program_run(argv, &output, &code) != COSMO_OK || code != 0)
		return false;
	read_property(output, "LoadState", ret->load, sizeof(ret->load));
	read_property(output, "ActiveState", ret->active, sizeof(ret->active));
	read_property(output, "WantedBy", ret->wanted_by, sizeof(ret->wanted_by));
	return ret->load[0] && ret->active[0];
}

static bool look_at(struct doctor_list *list, const struct unit *unit)
{
	struct unit_state state = {.load = ""};

	if (!ask_systemd(unit, &state)) {
		doctor_not_checked(list, "systemd does not tell of %s", unit->name);
		return false;
	}
	if (streq(state.load, "masked")) {
		doctor_wrong(list, "%s is masked: %s", unit->name, unit->duty);
		doctor_mend(
			list, "systemctl unmask %s && systemctl start %s", unit->name, unit->name);
	} else if (!streq(state.load, "loaded")) {
		doctor_wrong(list, "systemd does not have %s: %s", unit->name, unit->duty);
		doctor_mend(list,
			"Install cosmo-sso again. Then: systemctl daemon-reload && systemctl start %s",
			unit->name);
	} else if (!state.wanted_by[0]) {
		doctor_wrong(list, "%s is not started at boot: %s", unit->name, unit->duty);
		doctor_mend(list, "systemctl enable --now %s", unit->name);
	} else if (streq(state.active, "failed") ||
		   (unit->runs && !streq(state.active, "active"))) {
		doctor_wrong(list, "%s is %s: %s", unit->name, state.active, unit->duty);
		doctor_mend(list, "systemctl restart %s", unit->name);
	} else {
		return true;
	}
	return false;
}

static void look(struct doctor_list *list)
{
	bool good = true;

	if (access("/run/systemd/system", F_OK) != 0) {
		doctor_not_checked(list,
			"there is no systemd here: have an init script run `cosmo-ssoctl boot`, and "
			"cron run `cosmo-ssoctl check` and `refresh` with --timer");
		return;
	}
	for (size_t i = 0; i < COSMO_ARRAY_LEN(units); i++)
		good = look_at(list, &units[i]) && good;
	if (good)
		doctor_ok(list, "systemd starts what single sign-on needs");
}

const struct doctor_check doctor_check_units = {
	.name = "units",
	.run = look,
};
