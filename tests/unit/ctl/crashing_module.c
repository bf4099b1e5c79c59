/* SPDX-License-Identifier: MIT */
/* A PAM module that ends its process: by SIGKILL, or with the argument "term" by SIGTERM. */
#include <signal.h>
#include <string.h>

#include <security/pam_modules.h>

__attribute__((visibility("default"))) int pam_sm_acct_mgmt(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	raise(argc > 0 && strcmp(argv[0], "term") == 0 ? SIGTERM : SIGKILL);
	return PAM_SUCCESS;
}
