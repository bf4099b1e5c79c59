/* SPDX-License-Identifier: MIT */
/* connect: where no integration stands, ask the IdP live, write the configuration, make the
 * integration, open the gate. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "common/https_url.h"
#include "pam_cosmo_sso/helper/admin.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/commit.h"
#include "pam_cosmo_sso/helper/integration.h"
#include "pam_cosmo_sso/helper/judge_cache.h"
#include "pam_cosmo_sso/helper/judge_client.h"
#include "pam_cosmo_sso/helper/standing_connection.h"
#include "paths.h"

#define PROBE_TIMEOUT_MS 60000
#define CONFIG_NAME      "cosmo-sso.conf"
#define NEW_CONFIG       COSMO_CONF_FILE " (as it would be written)"

static enum cosmo_err parse_request(struct admin *admin, struct config **ret)
{
	struct config_problem problem = {0};
	size_t len = 0;
	const char *text = message_bytes(admin->request, FIELD_CONFIG, &len);
	enum cosmo_err err = config_parse(text, len, ret, &problem);

	if (err && problem.text[0])
		snprintf(admin->detail, sizeof(admin->detail), "%s:%u: %s", NEW_CONFIG,
			problem.line, problem.text);
	if (err)
		return err;
	if (!(*ret)->issuer || !(*ret)->client_id) {
		snprintf(admin->detail, sizeof(admin->detail), "say --issuer and --client-id");
		return COSMO_E_CONFIG;
	}
	return (*ret)->rule_count ? COSMO_OK : COSMO_E_RULES_EMPTY;
}

static enum cosmo_err report_probe(struct admin *admin, const struct message *probed)
{
	enum cosmo_err err = admin_progress(admin, "the issuer names itself as configured: %s",
		message_str(probed, FIELD_ISSUER));

	if (!err)
		err = admin_progress(admin, "it publishes %" PRIu64 " usable signing key(s)",
			message_u64(probed, FIELD_KEY_COUNT, 0));
	if (!err)
		err = admin_progress(
			admin, "it accepts this client and gave it a device code (discarded)");
	if (!err)
		err = admin_progress(admin, "%s",
			message_u64(probed, FIELD_OFFLINE_ACCESS, 0)
				? "it can give refresh tokens: roles are confirmed anew between sign-ins"
				: "it gives this client no offline_access: without refresh tokens roles last for "
				  "the lease only");
	return err;
}

/* Before the judge runs only the files that the configuration names can be at fault. */
static void explain_files(struct admin *admin, const struct config *config, enum cosmo_err err)
{
	if (err != COSMO_E_CONFIG && err != COSMO_E_UNSAFE_FILE)
		return;
	snprintf(admin->detail, sizeof(admin->detail),
		"%s%s%s%s%s must be there, not empty, root's own, no link, and not writable by others",
		config->client_secret_file ? "client_secret_file " : "",
		config->client_secret_file ? config->client_secret_file : "",
		config->client_secret_file
			? " (mode 0600, without which others could read the secret)"
			: "",
		config->ca_file ? " ca_file " : "", config->ca_file ? config->ca_file : "");
}

/* What the IdP said, in a form that can be kept and shown. */
static enum cosmo_err check_probed(const struct message *probed)
{
	const char *page = message_str(probed, FIELD_LOGIN_PAGE);

	if (message_type(probed) != MESSAGE_JUDGE_PROBED)
		return COSMO_E_PROTOCOL;
	return !page || https_url_is_usable(page) ? COSMO_OK : COSMO_E_PROTOCOL;
}

/* *ret_judge holds what was fetched, *ret_probed is what the IdP offers; both are the caller's. */
static enum cosmo_err probe(struct admin *admin, const struct config *config,
	struct judge **ret_judge, struct message **ret_probed)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	COSMO_AUTO(message_free) struct message *question = NULL;
	COSMO_AUTO(message_free) struct message *answer = NULL;
	enum cosmo_err err = message_new(MESSAGE_JUDGE_PROBE, &question);

	if (!err)
		err = admin_progress(admin, "asking %s", config->issuer);
	/* No store: what is cached must not vouch for what is asked now. */
	if (!err)
		err = judge_put_setup(question, config, NULL, PROBE_TIMEOUT_MS);
	if (!err)
		err = judge_start(config, &judge);
	if (!err)
		err = judge_ask(judge, question);
	if (!err)
		err = judge_next(judge, fdio_boot_ms() + PROBE_TIMEOUT_MS, &answer);
	if (err) {
		if (!judge)
			explain_files(admin, config, err);
		else if (judge_detail(judge))
			snprintf(admin->detail, sizeof(admin->detail), "%s", judge_detail(judge));
		return err;
	}
	err = check_probed(answer);
	if (!err)
		err = report_probe(admin, answer);
	if (err)
		return err;
	*ret_probed = COSMO_STEAL(&answer);
	*ret_judge = COSMO_STEAL(&judge);
	return COSMO_OK;
}

/* The configuration that is replaced, to be put back should a later step fail. */
struct old_config {
	int dir_fd;
	char *text; /* NULL: there was none */
	size_t len;
	mode_t mode;
};

static void old_config_done(struct old_config *old)
{
	if (old->dir_fd >= 0)
		close(old->dir_fd);
	free(old->text);
}
COSMO_AUTO_DEFINE(struct old_config *, old_config_done);

static enum cosmo_err old_config_read(struct old_config *old)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = CONFIG_MAX_BYTES};
	struct stat st = {0};
	enum cosmo_err err = COSMO_OK;

	old->mode = 0644;
	old->dir_fd = open(COSMO_CONF_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (old->dir_fd < 0)
		return COSMO_E_IO;
	err = fdio_read_file(old->dir_fd, CONFIG_NAME, &demands, &old->text, &old->len);
	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
	if (fstatat(old->dir_fd, CONFIG_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return COSMO_E_IO;
	old->mode = st.st_mode & 0644;
	return COSMO_OK;
}

/* Everybody may read it, unless its administrator did not want that or a password stands in it. */
static enum cosmo_err write_config(
	const struct old_config *old, const struct message *request, const struct config *config)
{
	size_t len = 0;
	const void *text = message_bytes(request, FIELD_CONFIG, &len);
	bool secret = config->proxy && strchr(config->proxy, '@');

	return fdio_replace_file(
		old->dir_fd, CONFIG_NAME, text, len, secret ? old->mode & 0600 : old->mode);
}

static void put_config_back(const struct old_config *old)
{
	if (old->text)
		(void)!fdio_replace_file(old->dir_fd, CONFIG_NAME, old->text, old->len, old->mode);
	else
		(void)unlinkat(old->dir_fd, CONFIG_NAME, 0);
}

/* Everything that changes this host, in one go under the writer lock; the gate opens last. */
static enum cosmo_err make_integration(
	struct admin *admin, const struct config *config, const struct message *probed)
{
	const struct integration_partner idp = {
		.issuer = config->issuer,
		.client_id = config->client_id,
		.login_page = message_str(probed, FIELD_LOGIN_PAGE),
		.offline_access = message_u64(probed, FIELD_OFFLINE_ACCESS, 0) != 0,
	};
	COSMO_AUTO(integration_free) struct integration *made = NULL;
	struct old_config old = {.dir_fd = -1};
	COSMO_AUTO(old_config_done) struct old_config *old_owned = &old;
	enum cosmo_err err = old_config_read(old_owned);

	if (!err)
		err = integration_seed_ensure(admin->store, NULL);
	if (err)
		return err;
	err = write_config(old_owned, admin->request, config);
	if (!err)
		err = commit_settings(admin->store, config, -1);
	if (!err)
		err = integration_connect(admin->store, &idp, &made);
	if (err)
		put_config_back(old_owned);
	return err;
}

/* Is there something in the way of a new integration? *ret_wished: it is there already. */
static enum cosmo_err check_standing(
	struct admin *admin, const struct config *config, bool *ret_wished)
{
	struct connection_wish wish = {.config = config};
	struct standing_connection standing = {.is_wished = false};
	enum cosmo_err err = COSMO_OK;

	wish.text = message_bytes(admin->request, FIELD_CONFIG, &wish.text_len);
	err = standing_connection_check(admin->store, &wish, &standing);
	if (err && standing.refusal) {
		admin->text = standing.refusal;
		snprintf(admin->detail, sizeof(admin->detail), "%s", standing.advice);
	}
	*ret_wished = standing.is_wished;
	return err;
}

/* Before anybody is asked; what matters is how it is once the lock is held. */
static enum cosmo_err check_beforehand(
	struct admin *admin, const struct config *config, bool *ret_wished)
{
	enum cosmo_err err = check_standing(admin, config, ret_wished);

	if (err || *ret_wished || !message_u64(admin->request, FIELD_STANDING, 0))
		return err;
	admin->text = "This host was disconnected meanwhile.";
	snprintf(admin->detail, sizeof(admin->detail), "run `cosmo-ssoctl connect` again");
	return COSMO_E_DISCONNECTED;
}

/* What was cached before is of another integration; what has just been asked for live is good. */
static enum cosmo_err make_integration_locked(struct admin *admin, const struct config *config,
	const struct judge *judge, const struct message *probed, bool *ret_wished)
{
	enum cosmo_err err = store_lock(admin->store, STORE_LOCK_MS);

	if (err)
		return err;
	err = check_standing(admin, config, ret_wished);
	if (!err && !*ret_wished)
		err = make_integration(admin, config, probed);
	if (!err && !*ret_wished) {
		judge_cache_drop(store_cache_fd(admin->store));
		judge_keep_fetched(judge, admin->store);
	}
	store_unlock(admin->store);
	return err;
}

/* @before: the issuer of the integration until now; NULL: none that is known. */
static void log_connect(const struct admin *admin, const struct config *config, const char *before,
	enum cosmo_err err)
{
	char detail[1200] = "";
	struct audit_line line = {
		.event = before ? AUDIT_RECONNECT : AUDIT_CONNECT,
		.reason = err,
		.by = admin->by,
		.detail = detail,
	};

	if (!before)
		snprintf(detail, sizeof(detail), "%s", config->issuer);
	else if (streq(before, config->issuer))
		snprintf(detail, sizeof(detail), "same issuer %s", before);
	else
		snprintf(detail, sizeof(detail), "other issuer %s, was %s", config->issuer, before);
	audit_send(&line);
}

static const char *issuer_of(const struct integration *integration)
{
	return integration ? integration->issuer : NULL;
}

static enum cosmo_err probe_and_connect(
	struct admin *admin, const struct config *config, bool *ret_wished)
{
	COSMO_AUTO(judge_free) struct judge *judge = NULL;
	COSMO_AUTO(message_free) struct message *probed = NULL;
	COSMO_AUTO(integration_free) struct integration *before = NULL;
	enum cosmo_err err = admin_check(admin, config, NEW_CONFIG);

	if (!err)
		err = probe(admin, config, &judge, &probed);
	if (!err)
		err = admin_warn(admin, config);
	if (err || message_u64(admin->request, FIELD_DRY_RUN, 0))
		return err;
	/* For the log alone. */
	if (integration_load(admin->store, &before))
		before = NULL;
	err = make_integration_locked(admin, config, judge, probed, ret_wished);
	if (!*ret_wished)
		log_connect(admin, config, issuer_of(before), err);
	return err;
}

enum cosmo_err admin_connect(struct admin *admin)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	bool is_wished = false;
	enum cosmo_err err = integration_check_machine(admin->store);

	if (!err)
		err = parse_request(admin, &config);
	if (!err && !message_u64(admin->request, FIELD_DRY_RUN, 0))
		err = check_beforehand(admin, config, &is_wished);
	if (!err && !is_wished)
		err = probe_and_connect(admin, config, &is_wished);
	return !err && is_wished ? admin_status(admin) : err;
}
