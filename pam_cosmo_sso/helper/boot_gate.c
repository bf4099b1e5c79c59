/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/boot_gate.h"

#include "pam_cosmo_sso/helper/integration.h"

static enum cosmo_err boot(struct store *store)
{
	enum cosmo_err err = store_lock(store, STORE_LOCK_MS);

	if (err)
		return err;
	err = integration_boot(store);
	store_unlock(store);
	return err == COSMO_E_NOT_FOUND ? COSMO_OK : err;
}

enum cosmo_err boot_gate_read(struct store *store, struct gate_view *ret_view)
{
	struct gate_reader *reader = store_gate(store);
	enum cosmo_err err = COSMO_OK;

	gate_read(reader, ret_view);
	if (ret_view->state != GATE_FRESH)
		return COSMO_OK;
	err = boot(store);
	if (err)
		return err;
	gate_read(reader, ret_view);
	return COSMO_OK;
}
