/* SPDX-License-Identifier: MIT */
/* The arguments in the lines of /etc/pam.d. There are none: what the module does is configured in
 * cosmo-sso.conf, which root alone writes and `cosmo-ssoctl check-config` reads. */
#pragma once

/*
 * The first argument that is not known, borrowed from @argv; NULL if all are. A line with one is
 * refused for users of ours, lest a misspelt wish for strictness be ignored.
 */
const char *args_first_unknown(int argc, const char *const *argv);
