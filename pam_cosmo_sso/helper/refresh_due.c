/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/refresh_due.h"

#include <string.h>

#include "common/base/effective_roles.h"

static bool is_possible(const struct config *config, const struct record *record,
	const struct gate_view *gate, int64_t now_s)
{
	return config_is_connected(config) && gate->state == GATE_OPEN &&
	       memcmp(gate->integration, record->integration, INTEGRATION_BYTES) == 0 &&
	       streq(record->issuer, config->issuer) && record->reason == COSMO_OK &&
	       (record->flags & (USERS_DB_LOCKED | USERS_DB_REMOVED)) == 0 &&
	       record->refresh_token &&
	       (record->refresh_expires_s == 0 || now_s < record->refresh_expires_s);
}

/* Who waits for the whole interval would find a token of a short life dead. */
static int64_t interval_s(const struct config *config, const struct config_service *service,
	const struct record *record)
{
	int64_t interval_s =
		service->refresh_after_s > 0 ? service->refresh_after_s : config->refresh_after_s;
	int64_t life_s = 0;

	if (record->refresh_expires_s == 0 ||
		__builtin_sub_overflow(record->refresh_expires_s, record->confirmed_s, &life_s))
		return interval_s;
	return life_s / 2 < interval_s ? life_s / 2 : interval_s;
}

bool refresh_is_due(const struct config *config, const struct config_service *service,
	const struct record *record, const struct gate_view *gate, int64_t now_s)
{
	int64_t age_s = 0;

	if (!is_possible(config, record, gate, now_s))
		return false;
	if (service->refresh_after_s == REFRESH_ALWAYS_DUE ||
		__builtin_sub_overflow(now_s, record->confirmed_s, &age_s))
		return true;
	return age_s < -CONFIRMED_AHEAD_MAX_S || age_s >= interval_s(config, service, record);
}
