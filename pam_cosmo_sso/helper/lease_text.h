/* SPDX-License-Identifier: MIT */
/* What somebody who has got in is told of a role that the IdP does not confirm. */
#pragma once

#include "pam_cosmo_sso/helper/exchange.h"
#include "pam_cosmo_sso/helper/refusal_text.h"

/*
 * At the beginning of a session of a service where people sign in: until when the role counts,
 * where it is due to be confirmed and the IdP does not answer; why it counts no more, where a
 * demoted viewer got in. "" otherwise: programs read what sudo and cron print.
 */
void lease_text(const struct exchange *exchange, char ret[REFUSAL_TEXT_BYTES]);
