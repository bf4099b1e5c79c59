/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/interrupt.h"

#include <errno.h>
#include <poll.h>

void interrupt_await(int peer_fd)
{
	struct pollfd peer = {.fd = peer_fd, .events = POLLIN};

	while (poll(&peer, 1, -1) < 0 && errno == EINTR)
		;
}
