/* SPDX-License-Identifier: MIT */
/*
 * cosmo-sso-helper pam|ctl|interrupt
 *
 * Started by the PAM module or by cosmo-ssoctl with a socket to it as descriptor 3. Serves one
 * exchange and ends; or, as interrupt, waits for a key of the caller's terminal. Nobody reads the
 * exit status but tests.
 */
#include <stdlib.h>

#include "common/base/auto.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/helper/interrupt.h"
#include "pam_cosmo_sso/helper/root_process.h"
#include "pam_cosmo_sso/helper/serve.h"

static enum cosmo_err exchange(enum dialogue_channel channel)
{
	enum cosmo_err err = root_process_enter(SPAWN_PEER_FD);

	return err ? err : serve(SPAWN_PEER_FD, channel);
}

static enum cosmo_err interrupt(void)
{
	enum cosmo_err err = root_process_attend(SPAWN_PEER_FD);

	if (!err)
		interrupt_await(SPAWN_PEER_FD);
	return err;
}

int main(int argc, char **argv)
{
	enum cosmo_err err = COSMO_E_INVALID;

	if (argc != 2)
		return EXIT_FAILURE;
	if (streq(argv[1], "pam"))
		err = exchange(CHANNEL_MODULE_HELPER);
	else if (streq(argv[1], "ctl"))
		err = exchange(CHANNEL_CTL_HELPER);
	else if (streq(argv[1], "interrupt"))
		err = interrupt();
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
