/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/module/interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "pam_cosmo_sso/module/helper_process.h"

static bool ends_of_sigint(void)
{
	struct sigaction action = {0};

	return sigaction(SIGINT, NULL, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
	       action.sa_handler == SIG_DFL;
}

int interrupt_watch(void)
{
	int fd = -1;

	if (ends_of_sigint() || helper_process_start(HELPER_INTERRUPT, &fd))
		return -1;
	return fd;
}
