/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/ours.h"

#include "common/base/effective_roles.h"
#include "common/base/enrollable.h"
#include "common/base/fdio.h"
#include "common/base/gate.h"
#include "common/base/local_names.h"
#include "common/base/provisional.h"
#include "paths.h"

/* For the life of the process: the module is never unloaded, and these are never taken down. */
static struct users_db users_db = {
	.path = COSMO_USERS_DB_FILE,
	.machine_id_path = "/etc/machine-id",
};
static struct gate_reader gate_reader = {.path = COSMO_GATE_FILE};

static const struct enrollable_places places = {
	.db = &users_db,
	.gate = &gate_reader,
	.private_dir = COSMO_PRIVATE_DIR,
	.passwd_path = LOCAL_PASSWD_FILE,
	.group_path = LOCAL_GROUP_FILE,
};

/* A local user who has got the name of an enrolled one wins: his is the entry that is answered.
 * The texts are not compared, for a sign-in may change them at any moment. */
static bool is_entry_of(const struct passwd *pw, const struct users_db_user *user)
{
	return streq(pw->pw_passwd, "*") && pw->pw_uid == user->uid && pw->pw_gid == user->gid;
}

static enum cosmo_err decide_enrolled(const struct ours_facts *facts, struct ours *ret)
{
	if (facts->answer == PASSWD_KNOWN && !is_entry_of(facts->entry, facts->record))
		return COSMO_E_NOT_OURS;
	/* Our own plugin holds its answer back: sshd froze ids that came out differently, and would
	 * open the session with them, though they may be somebody else's by now. */
	if (facts->is_sshd && facts->answer == PASSWD_UNSURE)
		return COSMO_E_LOGIN_AGAIN;
	*ret = (struct ours){.kind = OURS_ENROLLED, .user = *facts->record};
	return COSMO_OK;
}

/* The entry was ours when it was given, and is not any more: nobody else vouches for it. Signing in
 * again starts from what is so now. */
static enum cosmo_err why_withdrawn(const struct ours_facts *facts)
{
	if (facts->record_err == COSMO_E_STORE_MISSING)
		return COSMO_E_STORE_MISSING;
	if (facts->provisional_err == COSMO_OK || facts->provisional_err == COSMO_E_NOT_FOUND ||
		facts->provisional_err == COSMO_E_EXISTS)
		return COSMO_E_LOGIN_AGAIN;
	return facts->provisional_err;
}

static enum cosmo_err decide_unenrolled(const struct ours_facts *facts, struct ours *ret)
{
	if (facts->answer == PASSWD_KNOWN && facts->provisional_err == COSMO_OK &&
		provisional_matches(facts->provisional, facts->entry)) {
		*ret = (struct ours){.kind = OURS_PROVISIONAL, .user = *facts->provisional};
		return COSMO_OK;
	}
	if (facts->answer == PASSWD_KNOWN && facts->origin == ORIGIN_OURS)
		return why_withdrawn(facts);
	if (facts->answer != PASSWD_UNKNOWN || facts->enrol_err)
		return COSMO_E_NOT_OURS;
	*ret = (struct ours){.kind = OURS_NEW};
	return COSMO_OK;
}

enum cosmo_err ours_decide(const struct ours_facts *facts, struct ours *ret)
{
	if (facts->record_err == COSMO_OK)
		return decide_enrolled(facts, ret);
	if (facts->record_err == COSMO_E_NOT_FOUND || facts->record_err == COSMO_E_STORE_MISSING)
		return decide_unenrolled(facts, ret);
	/* It can still come out of a cache or an older map. */
	if (facts->answer == PASSWD_KNOWN && facts->origin == ORIGIN_OTHER)
		return COSMO_E_NOT_OURS;
	return facts->record_err;
}

static enum cosmo_err check_enrol(const char *name)
{
	struct users_db_settings settings = {0};
	enum cosmo_err err = users_db_settings(&users_db, &settings);

	return err ? err : enrollable_check(&places, &settings, name);
}

/* An entry that users.db does not explain. Outside sshd nobody is shown an entry of ours that is
 * not in there. */
static bool needs_origin(const struct ours_facts *facts)
{
	if (facts->answer != PASSWD_KNOWN || facts->record_err == COSMO_OK)
		return false;
	return facts->is_sshd || facts->record_err != COSMO_E_NOT_FOUND;
}

/*
 * The name services are asked first: what they know through us is then in users.db too, while a
 * user enrolled between two questions in the other order would pass as somebody else's.
 */
enum cosmo_err ours_find(const char *name, bool is_sshd, struct ours *ret)
{
	COSMO_AUTO(passwd_entry_done) struct passwd_entry entry = {0};
	struct users_db_user record = {0};
	struct users_db_user provisional = {0};
	struct ours_facts facts = {
		.is_sshd = is_sshd,
		.entry = &entry.pw,
		.record = &record,
		.provisional_err = COSMO_E_NOT_FOUND,
		.provisional = &provisional,
		.enrol_err = COSMO_E_NOT_FOUND,
	};

	if (!login_name_is_valid(name, true))
		return COSMO_E_NOT_OURS;
	facts.answer = passwd_entry_find(name, &entry);
	facts.record_err = users_db_find_ever(&users_db, name, &record);
	if (facts.record_err == COSMO_E_NOT_FOUND && is_sshd && facts.answer == PASSWD_KNOWN &&
		entry_has_our_form(&entry.pw))
		facts.provisional_err = provisional_lookup(&places, name, &provisional);
	if (needs_origin(&facts))
		facts.origin = entry_origin_find(&places, &entry.pw, is_sshd);
	if (facts.record_err == COSMO_E_NOT_FOUND && !is_sshd && facts.answer == PASSWD_UNKNOWN)
		facts.enrol_err = check_enrol(name);
	return ours_decide(&facts, ret);
}

enum cosmo_err ours_decide_uid(const struct ours_facts *facts, struct ours *ret)
{
	if (facts->record_err) {
		if (facts->answer == PASSWD_KNOWN && facts->origin == ORIGIN_OTHER)
			return COSMO_E_NOT_OURS;
		return facts->record_err;
	}
	if (facts->answer == PASSWD_KNOWN && !(streq(facts->entry->pw_name, facts->record->name) &&
						     is_entry_of(facts->entry, facts->record)))
		return COSMO_E_NOT_OURS;
	*ret = (struct ours){.kind = OURS_ENROLLED, .user = *facts->record};
	return COSMO_OK;
}

/* Users.db comes first: a uid was given to somebody of ours before he could have a process of it.
 */
enum cosmo_err ours_find_uid(uid_t uid, struct ours *ret)
{
	COSMO_AUTO(passwd_entry_done) struct passwd_entry entry = {0};
	struct users_db_user record = {0};
	struct ours_facts facts = {
		.entry = &entry.pw,
		.record_err = users_db_find_uid_ever(&users_db, uid, &record),
		.record = &record,
	};

	if (facts.record_err == COSMO_E_NOT_FOUND)
		return COSMO_E_NOT_OURS;
	facts.answer = passwd_entry_find_uid(uid, &entry);
	if (needs_origin(&facts))
		facts.origin = entry_origin_find(&places, &entry.pw, false);
	return ours_decide_uid(&facts, ret);
}

enum cosmo_err ours_account(const struct ours *who)
{
	struct users_db_numbers numbers = {0};
	struct gate_view view = {0};
	struct effective_roles effective = {0};
	enum cosmo_err err = users_db_numbers(&users_db, &numbers);

	if (who->kind != OURS_ENROLLED)
		return COSMO_E_NOT_ENROLLED;
	if (err)
		return err;
	gate_read(&gate_reader, &view);
	effective = effective_roles(&who->user, &view, numbers.role_lease_s, fdio_now_s());
	if (!effective.demoted)
		return COSMO_OK;
	return effective.reason ? effective.reason : COSMO_E_LEASE_OVER;
}
