/* SPDX-License-Identifier: MIT */
/* One request of a PAM module: who asks what, and the line that will be logged about it. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/config.h"
#include "common/dialogue.h"
#include "pam_cosmo_sso/helper/audit.h"
#include "pam_cosmo_sso/helper/caller_process.h"
#include "pam_cosmo_sso/helper/name_entry.h"
#include "pam_cosmo_sso/helper/records.h"
#include "pam_cosmo_sso/helper/source.h"
#include "pam_cosmo_sso/helper/store.h"

struct refresh;

struct exchange {
	struct store *store;                 /* borrowed */
	struct dialogue *dialogue;           /* towards the module; borrowed */
	const struct message *request;       /* borrowed */
	const struct caller_process *caller; /* who called PAM; borrowed */
	const char *user;        /* any bytes: login_name_is_valid() has not been asked */
	struct name_entry shown; /* under that name */
	struct source source;
	struct config *config;         /* NULL until exchange_configure() */
	struct config_service service; /* likewise */
	struct salt salt;
	bool has_salt;
	char detail[640];
	char roles[1088];
	char approver[65];
	char subject[512];
	int64_t retry_s;        /* after COSMO_E_BUDGET: when to try again; 0: not known */
	bool is_left_open;      /* not answered: another helper is to be asked; see account.h */
	bool was_refreshed;     /* then, for account_finish(): */
	uint64_t roles_before;  /* bits over config->roles */
	struct refresh *late;   /* what is left after the answer, see account_finish(); or NULL */
	struct audit_line line; /* points into this structure */
};

/* In place, for it points into itself. Without a salt unknown names are left out of the log. */
void exchange_init(struct exchange *exchange, struct store *store, struct dialogue *dialogue,
	const struct message *request, const struct caller_process *caller);
void exchange_done(struct exchange *exchange);
COSMO_AUTO_DEFINE(struct exchange *, exchange_done);

/* Read the configuration and the service's part of it. Errors: COSMO_E_CONFIG for whatever is wrong
 * with the file, with line.detail; COSMO_E_NOMEM. */
COSMO_MUST_USE enum cosmo_err exchange_configure(struct exchange *exchange);

/* The user's record; *ret is NULL where there is none. With one the name may be logged. Errors:
 * COSMO_E_NOT_OURS (no name a user of ours could have), those of record_load(). */
COSMO_MUST_USE enum cosmo_err exchange_find_record(struct exchange *exchange, struct record **ret);

/* Notes for the log line; copied. @retry_s is for the person as well. */
void exchange_note_detail(struct exchange *exchange, const char *detail);
void exchange_note_budget(struct exchange *exchange, int64_t retry_s, const char *detail);
void exchange_note_roles(struct exchange *exchange, uint64_t roles);
void exchange_note_approver(struct exchange *exchange, const char *username);
void exchange_note_subject(struct exchange *exchange, const char *sub);
void exchange_note_uid(struct exchange *exchange, uint32_t uid);

/* Log the decision, once. */
void exchange_log(struct exchange *exchange, enum audit_event event, enum cosmo_err reason);
