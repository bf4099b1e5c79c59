/* SPDX-License-Identifier: MIT */
/*
 * cosmo-sso-helper pam|ctl
 *
 * Started by the PAM module or by cosmo-ssoctl with a socket to it as descriptor 3. Serves one
 * exchange and ends. Nobody reads the exit status but tests.
 */
#include <stdlib.h>

#include "common/base/auto.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/helper/root_process.h"
#include "pam_cosmo_sso/helper/serve.h"

int main(int argc, char **argv)
{
	enum dialogue_channel channel = CHANNEL_MODULE_HELPER;

	if (argc != 2)
		return EXIT_FAILURE;
	if (streq(argv[1], "ctl"))
		channel = CHANNEL_CTL_HELPER;
	else if (!streq(argv[1], "pam"))
		return EXIT_FAILURE;
	if (root_process_enter(SPAWN_PEER_FD) != COSMO_OK)
		return EXIT_FAILURE;
	return serve(SPAWN_PEER_FD, channel) == COSMO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
