/* SPDX-License-Identifier: MIT */
/*
 * Makes and changes the store where it is installed, by the product's own writer:
 *
 *   store_maker WORD...
 *     confer=GROUP         role developer confers this local group; before connect
 *     connect              a new integration, settings, an open gate
 *     sshd=PATH            provisional entries are on, for processes of PATH
 *     disconnect           at once, with nothing left to be done
 *     break-off            a disconnect that has steps left
 *     close                the gate, and no more; a word that stands alone, and waits for no lock
 *     user=NAME[,WHAT...]  enrolled and confirmed now; WHAT: a role's name, locked, removed, or
 *                          lapsed (confirmed in 1970), rebind-over (another person could have
 *                          taken the name over until a moment ago), uid-NUMBER,
 *                          token-TEXT (his refresh token), reason-WORD (why roles do not count)
 *     issuer=URL           of users and integrations from here on
 *     end-tokens           token_revoke() of everybody by the installed configuration; prints what
 *                          became of them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fdio.h"
#include "common/base/parse.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/rebind.h"
#include "pam_cosmo_sso/helper/store.h"
#include "pam_cosmo_sso/helper/token_revoke.h"
#include "pam_cosmo_sso/helper/uid_register.h"
#include "paths.h"

#define CONFIG_TEXT                                                                                \
	"[integration]\nissuer = https://idp.example.org\nclient_id = host\n"                      \
	"[enroll]\nsshd_paths = %s\n[role developer]\n%s%s\n"                                      \
	"[rules]\nadmin = admins\ndeveloper = devs\n"

struct maker {
	struct store *store;
	struct config *config;
	const char *issuer; /* NULL: the one that it connects to */
	int provisional_on;
};

static void check(enum cosmo_err err, const char *what)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, cosmo_err_id(err));
		exit(1);
	}
}

static void configure(struct maker *maker, const char *sshd, const char *conferred)
{
	struct config_problem problem = {0};
	char text[1024] = "";

	snprintf(text, sizeof(text), CONFIG_TEXT, sshd, conferred ? "local_groups = " : "",
		conferred ? conferred : "");
	config_free(COSMO_STEAL(&maker->config));
	if (config_parse(text, strlen(text), &maker->config, &problem)) {
		fprintf(stderr, "%u: %s\n", problem.line, problem.text);
		exit(1);
	}
}

static void connect_store(struct maker *maker)
{
	const struct integration_partner idp = {
		.issuer = maker->issuer ? maker->issuer : "https://idp.example.org",
		.client_id = "host",
		.offline_access = true};
	struct integration *integration = NULL;

	check(integration_seed_ensure(maker->store, NULL), "seed");
	check(integration_connect(maker->store, &idp, &integration), "connect");
	integration_free(integration);
	check(commit_settings(maker->store, maker->config, maker->provisional_on), "settings");
}

static enum cosmo_err reason_of(const char *word)
{
	for (size_t i = 1; i < cosmo_err_count(); i++)
		if (streq(cosmo_err_id((enum cosmo_err)i), word))
			return (enum cosmo_err)i;
	exit(2);
}

static void set_flag(struct record *record, const char *what)
{
	if (streq(what, "locked"))
		record->flags |= USERS_DB_LOCKED;
	else if (streq(what, "removed"))
		record->flags |= USERS_DB_REMOVED;
	else if (streq(what, "lapsed"))
		record->confirmed_s = 1;
	else if (strncmp(what, "uid-", 4) == 0)
		check(parse_id(what + 4, 1000, INT32_MAX, &record->uid), what);
	else if (streq(what, "rebind-over"))
		check(rebind_allow(record, record->issuer, 60, fdio_now_s() - 60), "rebind");
	else if (strncmp(what, "reason-", 7) == 0)
		record->reason = reason_of(what + 7);
	else if (strncmp(what, "token-", 6) == 0)
		check(secret_new(what + 6, strlen(what + 6), &record->refresh_token), what);
	else
		record->roles[record->role_count++] = strdup(what);
}

static struct record *record_of(struct maker *maker, char *words)
{
	struct record *record = calloc(1, sizeof(*record));
	struct integration *integration = NULL;
	char *rest = NULL;
	const char *name = strtok_r(words, ",", &rest);
	char home[64] = "";

	if (!record || !name)
		exit(1);
	check(integration_load(maker->store, &integration), "integration");
	memcpy(record->integration, integration->id, sizeof(record->integration));
	integration_free(integration);
	snprintf(record->name, sizeof(record->name), "%s", name);
	snprintf(home, sizeof(home), "/home/%s", name);
	record->issuer = strdup(maker->issuer ? maker->issuer : "https://idp.example.org");
	record->sub = strdup(name);
	record->display_name = strdup("");
	record->home = strdup(home);
	record->shell = strdup("/bin/bash");
	record->enrolled_s = record->signed_in_s = record->confirmed_s = fdio_now_s();
	for (const char *what = strtok_r(NULL, ",", &rest); what; what = strtok_r(NULL, ",", &rest))
		set_flag(record, what);
	return record;
}

static void add_user(struct maker *maker, char *words)
{
	COSMO_AUTO(record_free) struct record *record = record_of(maker, words);

	check(uid_register_assign(maker->store, record->name,
		      record->uid ? record->uid : maker->config->uid_min,
		      record->uid ? record->uid : maker->config->uid_max, record->uid,
		      &record->uid),
		"uid");
	record->gid = record->uid;
	check(commit_user(maker->store, maker->config, record), "user");
}

/* As a disconnect does it, with the lock in nobody's hands. */
static void end_tokens(struct maker *maker)
{
	struct config_problem problem = {0};
	struct config *config = NULL;
	struct token_tally tally = {0};

	check(config_load(COSMO_CONF_FILE, &config, &problem), "configuration");
	store_unlock(maker->store);
	check(token_revoke(maker->store, config, NULL, 20000, NULL, NULL, &tally), "tokens");
	check(store_lock(maker->store, STORE_LOCK_MS), "lock");
	config_free(config);
	printf("revoked %d, not %d (%s), wiped %d, left %d\n", (int)tally.revoked,
		(int)tally.not_revoked, cosmo_err_id(tally.why), (int)tally.wiped, (int)tally.left);
}

static void one_word(struct maker *maker, char *word)
{
	static const struct integration_end broken_off = {.reason = "test", .unfinished = true};

	if (strncmp(word, "sshd=", 5) == 0) {
		configure(maker, word + 5, NULL);
		maker->provisional_on = 1;
	} else if (strncmp(word, "confer=", 7) == 0)
		configure(maker, "/usr/sbin/sshd", word + 7);
	else if (streq(word, "connect"))
		connect_store(maker);
	else if (streq(word, "disconnect"))
		check(integration_disconnect(maker->store, "test"), "disconnect");
	else if (streq(word, "break-off"))
		check(integration_end(maker->store, &broken_off), "break-off");
	else if (strncmp(word, "issuer=", 7) == 0)
		maker->issuer = word + 7;
	else if (streq(word, "end-tokens"))
		end_tokens(maker);
	else if (strncmp(word, "user=", 5) == 0)
		add_user(maker, word + 5);
	else
		exit(2);
}

int main(int argc, char **argv)
{
	struct maker maker = {.provisional_on = -1};

	configure(&maker, "/usr/sbin/sshd", NULL);
	check(store_open(&store_default_paths, &maker.store), "store");
	if (argc == 2 && streq(argv[1], "close")) {
		check(integration_close(maker.store), "close");
	} else {
		check(store_lock(maker.store, STORE_LOCK_MS), "lock");
		for (int i = 1; i < argc; i++)
			one_word(&maker, argv[i]);
		store_unlock(maker.store);
	}
	store_free(maker.store);
	config_free(maker.config);
	return 0;
}
