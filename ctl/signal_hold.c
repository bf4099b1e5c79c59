/* SPDX-License-Identifier: MIT */
#include "ctl/signal_hold.h"

#include <pthread.h>
#include <stddef.h>

#include "common/base/auto.h"

void signal_hold(sigset_t *ret_before)
{
	/* TTOU: a command in the background writes on, too. */
	static const int held[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTOU, SIGPIPE};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COSMO_ARRAY_LEN(held); i++)
		sigaddset(&set, held[i]);
	(void)pthread_sigmask(SIG_BLOCK, &set, ret_before);
}

void signal_release(const sigset_t *before)
{
	(void)pthread_sigmask(SIG_SETMASK, before, NULL);
}
