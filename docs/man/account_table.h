/* SPDX-License-Identifier: MIT */
/* The part of cosmo-sso-errors(7) about the account phase: each cause, and what comes of it. */
#pragma once

#include <stdbool.h>

/*
 * Print it. Each answer is that of the rule itself (policy_account(), policy_effective()), asked
 * about somebody of whom that cause is so. False, and said on standard error, where the services of
 * one column do not have one answer.
 */
bool account_table_put(void);
