/* SPDX-License-Identifier: MIT */
/* The questions of `connect`, for what neither an option nor the configuration says. */
#pragma once

#include <stdbool.h>

#include "common/base/auto.h"
#include "common/base/err.h"
#include "ctl/client_secret.h"
#include "ctl/connect_config.h"
#include "ctl/connect_options.h"

/* What was answered: options point into it. */
struct connect_dialog {
	char issuer[1024];
	char client_id[1024];
	char client_secret_file[1024];
	char claim[1024];
	char rule[1024];
	struct client_secret *secret; /* the caller's: one that was typed */
	bool is_over;                 /* all was answered */
};

/* Can there be a dialog: does somebody read and type, who did not ask for none? */
bool connect_dialog_is_possible(const struct connect_options *options);

/* "--issuer URL, --client-id ID": the options for what nothing can be connected without. */
void connect_dialog_name_lack(const struct connect_lack *lack, char *ret, size_t ret_size);

/*
 * Ask for all that @lack names, each until it is answered as it can be, and put the answers into
 * @options. Nothing of the host is changed. Errors, said on standard error: COSMO_E_CANCELLED,
 * those of connect_config_make() and ask_simple().
 */
COSMO_MUST_USE enum cosmo_err connect_dialog_run(struct connect_dialog *dialog,
	const struct connect_lack *lack, struct connect_options *options);

/* Afterwards: is a sign-in wanted there and then? Who ends the question wants none. */
bool connect_dialog_wants_sign_in(void);
