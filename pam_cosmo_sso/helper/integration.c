/* SPDX-License-Identifier: MIT */
/*
 * Gate and durable state. A connect holds the writer lock throughout; a disconnect goes on without
 * it when it is not to be had, so that each of its steps may fall between any two of a connect's
 * that was stopped. Whichever is the later one then holds, in both places:
 *
 *   connect:     C0 read the gate's word, C1 write integration.next, C2 close the gate if the word
 *                is still that, C3 rename integration.next to integration, C4 open the gate if
 *                nobody has closed it since C2
 *   disconnect:  D1 close, D2 remove integration.next, D3 write integration (disconnected), D4
 *                close; D5: neither is there an integration.next nor does integration say
 *                connected, else begin again
 *
 * Before C2 a connect is undone by any D1 or D4. After it, by D2: then C3 fails, and nothing it
 * wrote is ever read. After C3, by D3, or by D5, which begins again; and C4 fails because of D4.
 * A connect that is killed anywhere leaves what would have been without it, or a closed gate.
 */
#include "pam_cosmo_sso/helper/integration.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/folder.h"
#include "pam_cosmo_sso/helper/gate_write.h"
#include "pam_cosmo_sso/helper/integration_record.h"
#include "pam_cosmo_sso/helper/seed.h"

#define NEXT_NAME "integration.next"
/* Nobody but root can make a disconnect begin again. */
#define ATTEMPTS 16

/* On a read-only disk even the removal of what is not there fails. */
static enum cosmo_err drop_next(struct store *store)
{
	int fd = store_private_fd(store);

	if (unlinkat(fd, NEXT_NAME, 0) == 0 || errno == ENOENT)
		return COSMO_OK;
	return faccessat(fd, NEXT_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT
		       ? COSMO_OK
		       : COSMO_E_IO;
}

/* C3. */
static enum cosmo_err settle_next(struct store *store)
{
	int fd = store_private_fd(store);

	if (renameat(fd, NEXT_NAME, fd, INTEGRATION_NAME) < 0)
		return errno == ENOENT ? COSMO_E_DISCONNECTED : COSMO_E_IO;
	return fsync(fd) < 0 ? COSMO_E_IO : COSMO_OK;
}

/* Closed first: until the new id stands in both places nobody may hold roles by the old one. */
static enum cosmo_err connect_gate(struct store *store, const struct integration *integration)
{
	int run_fd = store_run_public_fd(store);
	uint64_t word = 0;
	enum cosmo_err err = gate_write_ensure(run_fd);

	if (!err)
		err = gate_write_word(run_fd, &word);
	if (!err)
		err = integration_save(store, NEXT_NAME, integration);
	if (!err)
		err = gate_write_close_from(run_fd, word, &word);
	if (!err)
		err = settle_next(store);
	return err ? err : gate_write_open(run_fd, word, integration->id);
}

static enum cosmo_err replace_text(char **text, const char *by)
{
	if (!by)
		return COSMO_OK;
	free(COSMO_STEAL(text));
	if (asprintf(text, "%s", by) >= 0)
		return COSMO_OK;
	*text = NULL;
	return COSMO_E_NOMEM;
}

static enum cosmo_err take_terms(struct integration *integration, const struct integration_end *end)
{
	bool is_told = end->reason || !integration->by;
	enum cosmo_err err = replace_text(&integration->reason, end->reason);

	if (!err && is_told)
		err = replace_text(&integration->by, end->by);
	if (err)
		return err;
	integration->unfinished = end->unfinished;
	integration->keep_sessions = end->keep_sessions;
	integration->strip_setgid = end->strip_setgid;
	return COSMO_OK;
}

/* What cannot be read is replaced: it must not say connected when somebody mends it. */
static enum cosmo_err load_or_make(
	struct store *store, const struct integration_end *end, struct integration **ret)
{
	enum cosmo_err err = integration_load(store, ret);

	if (err != COSMO_E_STORE_DAMAGED && err != COSMO_E_UNSAFE_FILE &&
		!(err == COSMO_E_NOT_FOUND && end->unfinished))
		return err;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return COSMO_E_NOMEM;
	(*ret)->connected = true; /* for all that is known */
	/* Made here; that it was another machine's before still stands in users.db. */
	(void)!store_machine_hash(store, &(*ret)->machine_hash);
	return COSMO_OK;
}

/* D3. The first disconnect says since when and why; a later one finishes it in its own way. */
static enum cosmo_err save_disconnected(struct store *store, const struct integration_end *end)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = load_or_make(store, end, &integration);

	if (err)
		return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
	if (!integration->connected && !(integration->unfinished && end->unfinished))
		return COSMO_OK;
	if (integration->connected) {
		free(COSMO_STEAL(&integration->reason));
		free(COSMO_STEAL(&integration->by));
		integration->since_s = fdio_now_s();
	}
	integration->connected = false;
	err = take_terms(integration, end);
	return err ? err : integration_save(store, INTEGRATION_NAME, integration);
}

/* D5. */
static enum cosmo_err check_settled(struct store *store, bool *ret_settled)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = COSMO_OK;

	*ret_settled = false;
	if (faccessat(store_private_fd(store), NEXT_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return COSMO_OK;
	if (errno != ENOENT)
		return COSMO_E_IO;
	err = integration_load(store, &integration);
	*ret_settled = err == COSMO_E_NOT_FOUND || (!err && !integration->connected);
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

enum cosmo_err integration_close(struct store *store)
{
	int run_fd = store_run_public_fd(store);
	enum cosmo_err err = gate_write_close(run_fd, NULL);

	if (err != COSMO_E_NOT_FOUND)
		return err;
	/* No gate is a closed gate, but who finds none makes one by what is stored. */
	err = gate_write_ensure(run_fd);
	return err ? err : gate_write_close(run_fd, NULL);
}

static enum cosmo_err end_once(
	struct store *store, const struct integration_end *end, bool *ret_settled)
{
	enum cosmo_err gate_err = integration_close(store);
	enum cosmo_err err = drop_next(store);

	if (!err)
		err = save_disconnected(store, end);
	if (integration_close(store) && !gate_err)
		gate_err = COSMO_E_IO;
	if (!err)
		err = check_settled(store, ret_settled);
	return err ? err : gate_err;
}

enum cosmo_err integration_end(struct store *store, const struct integration_end *end)
{
	bool locked = store_lock(store, end->lock_ms) == COSMO_OK;
	bool settled = false;
	enum cosmo_err err = COSMO_OK;

	for (int i = 0; i < ATTEMPTS && !settled && !err; i++)
		err = end_once(store, end, &settled);
	if (locked)
		store_unlock(store);
	return !err && !settled ? COSMO_E_BUSY : err;
}

enum cosmo_err integration_finish(struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = store_lock(store, STORE_LOCK_MS);

	if (err)
		return err;
	err = integration_load(store, &integration);
	if (!err && !integration->connected && integration->unfinished) {
		integration->unfinished = false;
		integration->keep_sessions = integration->strip_setgid = false;
		err = integration_save(store, INTEGRATION_NAME, integration);
	}
	store_unlock(store);
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

enum cosmo_err integration_disconnect(struct store *store, const char *reason)
{
	const struct integration_end end = {.reason = reason, .lock_ms = STORE_LOCK_MS};
	enum cosmo_err gate_err = integration_close(store);
	enum cosmo_err err = integration_end(store, &end);

	return err ? err : gate_err;
}

static enum cosmo_err name_partner(
	struct integration *integration, const struct integration_partner *partner)
{
	integration->offline_access = partner->offline_access;
	integration->issuer = strdup(partner->issuer);
	integration->client_id = strdup(partner->client_id);
	if (partner->login_page)
		integration->login_page = strdup(partner->login_page);
	return integration->issuer && integration->client_id &&
			       (integration->login_page || !partner->login_page)
		       ? COSMO_OK
		       : COSMO_E_NOMEM;
}

static enum cosmo_err integration_make(const struct store *store,
	const struct integration_partner *partner, struct integration **ret)
{
	COSMO_AUTO(integration_free)
	struct integration *integration = calloc(1, sizeof(*integration));
	enum cosmo_err err = COSMO_OK;

	if (!integration)
		return COSMO_E_NOMEM;
	integration->connected = true;
	integration->since_s = fdio_now_s();
	err = name_partner(integration, partner);
	if (!err)
		err = store_machine_hash(store, &integration->machine_hash);
	if (!err && getrandom(integration->id, INTEGRATION_BYTES, 0) != INTEGRATION_BYTES)
		err = COSMO_E_IO;
	if (!err)
		*ret = COSMO_STEAL(&integration);
	return err;
}

static enum cosmo_err check_durable(struct store *store, struct integration **ret)
{
	uint64_t machine_hash = 0;
	enum cosmo_err err = integration_load(store, ret);

	if (!err)
		err = store_machine_hash(store, &machine_hash);
	if (err)
		return err;
	return machine_hash == (*ret)->machine_hash ? COSMO_OK : COSMO_E_MACHINE;
}

/* There is nothing that says whose it is. */
static bool is_nobodys(enum cosmo_err err)
{
	return err == COSMO_E_NOT_FOUND || err == COSMO_E_STORE_DAMAGED ||
	       err == COSMO_E_UNSAFE_FILE;
}

enum cosmo_err integration_check_machine(struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = check_durable(store, &integration);

	return is_nobodys(err) ? COSMO_OK : err;
}

enum cosmo_err integration_adopt(struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = check_durable(store, &integration);

	if (!integration)
		return is_nobodys(err) ? COSMO_OK : err;
	if (integration->connected)
		return COSMO_E_INVALID;
	if (err == COSMO_E_MACHINE)
		err = store_machine_hash(store, &integration->machine_hash);
	return err ? err : integration_save(store, INTEGRATION_NAME, integration);
}

/* A disconnect that closed the gate and was broken off there is still one. */
static void end_for_another(struct store *store)
{
	const struct integration_end end = {.unfinished = true, .lock_ms = STORE_LOCK_MS};
	COSMO_AUTO(integration_free) struct integration *integration = NULL;

	if (integration_load(store, &integration) == COSMO_OK && integration->connected)
		(void)!integration_end(store, &end);
}

enum cosmo_err integration_connect(
	struct store *store, const struct integration_partner *partner, struct integration **ret)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	enum cosmo_err err = integration_check_machine(store);

	if (err)
		return err;
	err = integration_make(store, partner, &integration);
	if (!err)
		err = connect_gate(store, integration);
	if (err == COSMO_E_DISCONNECTED)
		end_for_another(store);
	if (err)
		(void)!drop_next(store);
	else
		*ret = COSMO_STEAL(&integration);
	return err;
}

enum cosmo_err integration_boot(struct store *store)
{
	COSMO_AUTO(integration_free) struct integration *integration = NULL;
	int run_fd = store_run_public_fd(store);
	uint64_t word = 0;
	enum cosmo_err closed = COSMO_OK;
	enum cosmo_err err = gate_write_ensure(run_fd);

	if (!err)
		err = gate_write_word(run_fd, &word);
	if (err || gate_word_state(word) == GATE_OPEN || gate_word_state(word) == GATE_CLOSED)
		return err;
	err = check_durable(store, &integration);
	if (!err && integration->connected) {
		err = gate_write_open(run_fd, word, integration->id);
		return err == COSMO_E_DISCONNECTED ? COSMO_OK : err;
	}
	closed = gate_write_close(run_fd, NULL);
	return err ? err : closed;
}

/* A store that knows people but no seed has lost it: a new one would part them from their links. */
static enum cosmo_err check_newness(struct store *store)
{
	static const enum store_folder folders[] = {STORE_USERS, STORE_SUBJECTS, STORE_UIDS};
	bool empty = true;
	enum cosmo_err err = COSMO_OK;

	for (size_t i = 0; i < COSMO_ARRAY_LEN(folders) && !err && empty; i++)
		err = folder_is_empty(store_folder_fd(store, folders[i]), &empty);
	if (err)
		return err;
	return empty ? COSMO_OK : COSMO_E_STORE_DAMAGED;
}

enum cosmo_err integration_seed_ensure(struct store *store, const unsigned char *import)
{
	unsigned char seed[SIPHASH_KEY_BYTES] = {0};
	enum cosmo_err err = seed_read(store, seed);

	if (err != COSMO_E_STORE_MISSING) {
		explicit_bzero(seed, sizeof(seed));
		return !err && import ? COSMO_E_EXISTS : err;
	}
	err = import ? COSMO_OK : check_newness(store);
	if (err)
		return err;
	if (import)
		memcpy(seed, import, sizeof(seed));
	else if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return COSMO_E_IO;
	err = fdio_replace_file(store_private_fd(store), "uid_seed", seed, sizeof(seed), 0600);
	explicit_bzero(seed, sizeof(seed));
	return err;
}
