/* SPDX-License-Identifier: MIT */
/* user rebind: another person for an enrolled name. */
#include <inttypes.h>
#include <stdio.h>

#include "common/base/fdio.h"
#include "common/rebind_window.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/rebind.h"

/* What is asked, and what is known of the name under the lock. */
struct rebinding {
	struct admin *admin;
	const char *name;
	const char *sub; /* NULL: whoever signs in next */
	uint64_t for_s;
	bool cancel;
	bool dry_run;
	struct config *config;
	struct record *was;    /* as it was found; NULL: not found */
	struct record *record; /* as it will be written */
	int64_t now_s;
};

static void rebinding_done(struct rebinding *rebinding)
{
	config_free(rebinding->config);
	record_free(rebinding->was);
	record_free(rebinding->record);
}
COSMO_AUTO_DEFINE(struct rebinding *, rebinding_done);

static enum cosmo_err refuse(struct rebinding *rebinding, enum cosmo_err err, const char *detail)
{
	struct admin *admin = rebinding->admin;

	snprintf(admin->detail, sizeof(admin->detail), "%s", detail);
	return err;
}

static enum cosmo_err check_request(struct rebinding *rebinding)
{
	const struct message *request = rebinding->admin->request;

	if (!login_name_is_valid(rebinding->name, true))
		return refuse(rebinding, COSMO_E_INVALID, "this is not the form of a login name");
	if (rebinding->sub && !rebinding->sub[0])
		return refuse(rebinding, COSMO_E_INVALID, "the subject is empty");
	if ((rebinding->sub || rebinding->cancel) && message_has(request, FIELD_REBIND_FOR_S))
		return refuse(rebinding, COSMO_E_INVALID, "only a next sign-in is waited for");
	if (rebinding->sub && rebinding->cancel)
		return refuse(rebinding, COSMO_E_INVALID, "a subject is bound, or nobody is");
	if (rebinding->for_s < REBIND_MIN_S || rebinding->for_s > REBIND_MAX_S)
		return refuse(
			rebinding, COSMO_E_INVALID, "a name waits from one minute to 30 days");
	return COSMO_OK;
}

/* The names that cannot be bound, and what to do. */
static enum cosmo_err check_name(struct rebinding *rebinding)
{
	const struct record *record = rebinding->record;
	enum cosmo_err err = COSMO_OK;

	if (record->flags & USERS_DB_REMOVED)
		return refuse(rebinding, COSMO_E_REMOVED,
			"this user was removed; `cosmo-ssoctl user add NAME` takes that back first");
	if (record->flags & USERS_DB_LOCKED)
		return refuse(rebinding, COSMO_E_LOCKED,
			"nobody can sign in under a locked name, whoever it is bound to");
	err = enrol_check_known_name(&enrol_default_files, rebinding->name);
	if (err == COSMO_E_NAME_RESERVED)
		return refuse(rebinding, err,
			"a local user has this name; nobody else can sign in under it");
	return err;
}

static enum cosmo_err load_record(struct rebinding *rebinding)
{
	struct store *store = rebinding->admin->store;
	const char *shown = message_str(rebinding->admin->request, FIELD_HOLDER_SUB);
	enum cosmo_err err = record_load(store, rebinding->name, &rebinding->was);

	if (err == COSMO_E_NOT_FOUND)
		return refuse(rebinding, err,
			"nobody is enrolled under this name: the first sign-in binds it to its person");
	if (!err)
		err = record_load(store, rebinding->name, &rebinding->record);
	if (err)
		return err;
	if (shown && !streq(shown, rebinding->was->sub))
		return refuse(rebinding, COSMO_E_BUSY,
			"the name has been bound to another person meanwhile; look again");
	return COSMO_OK;
}

/* A person is a subject of the connected IdP. */
static enum cosmo_err check_connected(struct rebinding *rebinding)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = integration_load(rebinding->admin->store, &integration);

	if (err && err != COSMO_E_NOT_FOUND)
		return err;
	if (err || !integration->connected ||
		!streq(integration->issuer, rebinding->config->issuer))
		return refuse(rebinding, COSMO_E_DISCONNECTED,
			"a name is bound to a person of the connected IdP; run `cosmo-ssoctl connect`");
	return COSMO_OK;
}

static enum cosmo_err bind_now(struct rebinding *rebinding)
{
	struct admin *admin = rebinding->admin;
	struct record *record = rebinding->record;
	const char *issuer = rebinding->config->issuer;
	char taken[COSMO_MAX_NAME_BYTES + 1] = "";
	enum cosmo_err err = COSMO_OK;

	if (rebind_is_holder(record, issuer, rebinding->sub))
		return refuse(rebinding, COSMO_E_EXISTS,
			"the name is bound to this very subject already");
	err = records_find_subject(admin->store, issuer, rebinding->sub, taken);
	if (!err) {
		snprintf(admin->detail, sizeof(admin->detail),
			"this subject is enrolled as %s, and a person has one name; bind %s to somebody else "
			"first: `cosmo-ssoctl user rebind %s`",
			taken, taken, taken);
		admin->text = "This person has another login name on this host.";
		return COSMO_E_SUBJECT_TAKEN;
	}
	if (err != COSMO_E_NOT_FOUND)
		return err;
	return rebind_assign(record, issuer, rebinding->sub, rebinding->now_s);
}

static enum cosmo_err change(struct rebinding *rebinding)
{
	struct record *record = rebinding->record;
	enum cosmo_err err = COSMO_OK;

	if (rebinding->cancel && !rebind_is_pending(record, rebinding->now_s))
		return refuse(
			rebinding, COSMO_E_NOT_FOUND, "no other person may take this name over");
	if (rebinding->cancel) {
		rebind_forget(record);
		return COSMO_OK;
	}
	err = check_name(rebinding);
	if (!err)
		err = check_connected(rebinding);
	if (err)
		return err;
	if (rebinding->sub)
		return bind_now(rebinding);
	return rebind_allow(
		record, rebinding->config->issuer, (int64_t)rebinding->for_s, rebinding->now_s);
}

static enum audit_event event_of(const struct rebinding *rebinding, enum cosmo_err err)
{
	if (err)
		return AUDIT_REBIND_REFUSED;
	if (rebinding->cancel)
		return AUDIT_REBIND_CANCELLED;
	return rebinding->sub ? AUDIT_REBIND_DONE : AUDIT_REBIND_ASKED;
}

/* The name is logged as that of somebody enrolled alone: a typed one may be anything. */
static void log_change(const struct rebinding *rebinding, enum cosmo_err err)
{
	char window[40] = "";
	struct audit_line line = {
		.event = event_of(rebinding, err),
		.reason = err,
		.subject = rebinding->sub,
		.by = rebinding->admin->by,
	};

	if (rebinding->was) {
		line.user = rebinding->name;
		line.user_known = true;
		line.has_uid = true;
		line.uid = rebinding->was->uid;
		line.old_subject = rebinding->was->sub;
	}
	if (line.event == AUDIT_REBIND_ASKED) {
		snprintf(window, sizeof(window), "for %" PRIu64 " s", rebinding->for_s);
		line.detail = window;
	}
	audit_send(&line);
}

static enum cosmo_err change_locked(struct rebinding *rebinding)
{
	enum cosmo_err err = load_record(rebinding);

	if (!err)
		err = change(rebinding);
	if (rebinding->dry_run)
		return err;
	if (!err)
		err = commit_user(rebinding->admin->store, rebinding->config, rebinding->record);
	log_change(rebinding, err);
	return err;
}

/* A rehearsal shows what is, not what would be. */
static enum cosmo_err show(struct rebinding *rebinding, enum cosmo_err outcome)
{
	const struct record *record = rebinding->dry_run ? rebinding->was : rebinding->record;
	enum cosmo_err err = COSMO_OK;

	if (record && (rebinding->dry_run || !outcome))
		err = admin_send_user(rebinding->admin, rebinding->name, record);
	return outcome ? outcome : err;
}

enum cosmo_err admin_user_rebind(struct admin *admin)
{
	const struct message *request = admin->request;
	struct rebinding rebinding = {
		.admin = admin,
		.name = message_str(request, FIELD_USER),
		.sub = message_str(request, FIELD_SUB),
		.for_s = message_u64(request, FIELD_REBIND_FOR_S, REBIND_DEFAULT_S),
		.cancel = message_u64(request, FIELD_REBIND_CANCEL, 0) != 0,
		.dry_run = message_u64(request, FIELD_DRY_RUN, 0) != 0,
		.now_s = fdio_now_s(),
	};
	COSMO_AUTO(rebinding_done) struct rebinding *owned = &rebinding;
	enum cosmo_err err = check_request(owned);

	if (!err)
		err = admin_load_config(admin, &rebinding.config);
	if (!err)
		err = store_lock(admin->store, STORE_LOCK_MS);
	if (err)
		return err;
	err = change_locked(owned);
	store_unlock(admin->store);
	return show(owned, err);
}
