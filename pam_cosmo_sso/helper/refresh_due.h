/* SPDX-License-Identifier: MIT */
/* When roles are to be confirmed anew, pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/gate.h"
#include "common/config.h"
#include "pam_cosmo_sso/helper/records.h"

/* The refresh_after of a service for which every confirmation is too old. */
#define REFRESH_ALWAYS_DUE (-1)

/*
 * Can a refresh of @record be asked for at @now_s, and is it time for one? It can as long as the
 * record is of the integration that the gate is open for, holds a refresh token that has not
 * expired, and nobody has taken its roles away. It is time when the roles were confirmed longer ago
 * than refresh_after, the service's own or that of [roles], or half the life of a refresh token
 * that lives shorter; and when the confirmation lies in the future, for then a clock was wrong.
 */
bool refresh_is_due(const struct config *config, const struct config_service *service,
	const struct record *record, const struct gate_view *gate, int64_t now_s);
