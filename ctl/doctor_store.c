/* SPDX-License-Identifier: MIT */
/* doctor: the gate, the integration and the records, as the helper finds them. */
#include <stdio.h>

#include "common/base/gate.h"
#include "common/base/parse.h"
#include "ctl/ask.h"
#include "ctl/doctor.h"

/* Nothing else knows whose a name is, and which uid it has. */
#define RESTORE                                                                                    \
	"Restore a backup: cosmo-ssoctl disconnect && cosmo-ssoctl restore --replace FILE && "     \
	"cosmo-ssoctl adopt && cosmo-ssoctl connect"

struct look {
	struct doctor_list *list;
	bool good;
	bool ours; /* the store is this machine's */
};

/* There is no integration, or none that counts. Of a record of it that is damaged the steps of
 * repair tell. */
static void tell_disconnected(struct look *look, const struct message *item)
{
	enum cosmo_err err = message_has(item, FIELD_ERR) ? message_err(item) : COSMO_OK;

	look->good = false;
	if (message_has(item, FIELD_ISSUER)) {
		doctor_wrong(look->list, "this host is disconnected: everybody is a viewer");
		doctor_mend(look->list, "cosmo-ssoctl connect");
	} else if (!err || cosmo_err_class(err) == COSMO_CLASS_MISCONFIGURED) {
		doctor_note(look->list, "this host was never connected to a provider");
		doctor_mend(look->list, "cosmo-ssoctl connect");
	}
}

/* There is an integration. Does its gate let anybody be more than a viewer? */
static void tell_gate(struct look *look, const struct message *item)
{
	switch ((enum gate_state)message_u64(item, FIELD_GATE, GATE_MISSING)) {
	case GATE_MISSING:
		doctor_wrong(look->list,
			"the gate is missing, or others than root may write it: everybody is a viewer");
		break;
	case GATE_FRESH:
		doctor_wrong(look->list,
			"the gate was not opened after the boot: everybody is a viewer");
		break;
	case GATE_CLOSED:
		tell_disconnected(look, item);
		return;
	case GATE_OPEN:
		return;
	}
	look->good = false;
	doctor_mend(look->list, "cosmo-ssoctl boot");
}

static void visit_status(void *context, const struct message *item)
{
	struct look *look = context;

	if (message_type(item) != MESSAGE_STATUS_ITEM)
		return;
	if (message_has(item, FIELD_ERR) && message_err(item) == COSMO_E_MACHINE) {
		look->good = look->ours = false;
		doctor_wrong(look->list,
			"the users are another machine's: this host is a copy, was restored, or its "
			"machine-id changed");
		doctor_mend(look->list, "cosmo-ssoctl adopt");
	} else if (message_u64(item, FIELD_UNFINISHED, 0)) {
		look->good = false;
		doctor_wrong(look->list, "steps of the disconnect are left");
		doctor_mend(look->list, "cosmo-ssoctl disconnect");
	} else if (message_has(item, FIELD_INTEGRATION)) {
		tell_gate(look, item);
	} else {
		tell_disconnected(look, item);
	}
}

/* What each step of repair has found, and what is to be done about it. */
static const struct {
	const char *step;
	const char *what;
	const char *mend;
} damages[] = {
	{"users_db", "what look-ups show of users is damaged", "cosmo-ssoctl repair"},
	{"seed", "the seed of uids is damaged: nobody new can be enrolled", RESTORE},
	{"integration", "the record of the integration is damaged: everybody is a viewer",
		"cosmo-ssoctl disconnect && cosmo-ssoctl connect"},
};

static void put_record(struct look *look, const char *name)
{
	bool is_name = name && login_name_is_valid(name, true);

	doctor_wrong(look->list, "the record of %s is damaged: its owner is locked, without a role",
		is_name ? name : "a user");
	doctor_mend(look->list, RESTORE);
}

static void visit_step(void *context, const struct message *item)
{
	struct look *look = context;
	const char *step = message_str(item, FIELD_STEP_ID);

	if (message_type(item) != MESSAGE_STEP_ITEM || message_err(item) == COSMO_OK)
		return;
	look->good = false;
	if (streq(step, "damaged"))
		put_record(look, message_str(item, FIELD_DETAIL));
	for (size_t i = 0; i < COSMO_ARRAY_LEN(damages); i++) {
		if (!streq(step, damages[i].step))
			continue;
		doctor_wrong(
			look->list, "%s [%s]", damages[i].what, cosmo_err_id(message_err(item)));
		doctor_mend(look->list, "%s", damages[i].mend);
	}
}

static enum cosmo_err ask_for(struct look *look, enum message_type type, ask_visitor visit)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct ask_failure failure = {.text = ""};
	enum cosmo_err err = message_new(type, &request);

	if (err)
		return err;
	if (type == MESSAGE_CTL_REPAIR)
		message_put_u64(request, FIELD_DRY_RUN, 1);
	return ask_quietly(request, visit, look, &failure);
}

static void look(struct doctor_list *list)
{
	struct look look = {.list = list, .good = true, .ours = true};
	enum cosmo_err err = ask_for(&look, MESSAGE_CTL_STATUS, visit_status);

	if (!err && look.ours)
		err = ask_for(&look, MESSAGE_CTL_REPAIR, visit_step);
	/* Damage has been put down, step by step. */
	if (err && err != COSMO_E_STORE_DAMAGED)
		doctor_not_checked(list, "the helper does not tell: %s", cosmo_err_text(err));
	else if (look.good)
		doctor_ok(list, "this host is connected, and its records are whole");
}

const struct doctor_check doctor_check_store = {
	.name = "store",
	.run = look,
};
