/* SPDX-License-Identifier: MIT */
/* A PAM module behind ours: it answers PAM_OPEN_ERR, which ours never does, so that tests can see
 * that ours said PAM_IGNORE. */
#include <security/pam_modules.h>

#define ENTRY_POINT(name)                                                                          \
	__attribute__((visibility("default"))) int name(                                           \
		pam_handle_t *pamh, int flags, int argc, const char **argv)                        \
	{                                                                                          \
		(void)pamh, (void)flags, (void)argc, (void)argv;                                   \
		return PAM_OPEN_ERR;                                                               \
	}

ENTRY_POINT(pam_sm_authenticate)
ENTRY_POINT(pam_sm_setcred)
ENTRY_POINT(pam_sm_acct_mgmt)
ENTRY_POINT(pam_sm_open_session)
ENTRY_POINT(pam_sm_close_session)
ENTRY_POINT(pam_sm_chauthtok)
