/* SPDX-License-Identifier: MIT */
/* The gate as a helper reads it: where no boot unit has opened it since the start of the host, the
 * first helper does. */
#pragma once

#include "common/base/auto.h"
#include "common/base/err.h"
#include "common/base/gate.h"
#include "pam_cosmo_sso/helper/store.h"

/*
 * What the gate says, after a fresh one has been brought in line with the durable state. A missing
 * one is left alone: somebody took it away, and the host is disconnected until it boots
 * or `cosmo-ssoctl boot` is run. Takes and gives back the writer lock for that. Errors: those of
 * store_lock() and integration_boot(), but a host that was never connected is no error: its gate is
 * closed.
 */
COSMO_MUST_USE enum cosmo_err boot_gate_read(struct store *store, struct gate_view *ret_view);
