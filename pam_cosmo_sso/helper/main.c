/* SPDX-License-Identifier: MIT */
/*
 * cosmo-sso-helper pam|look|unit|ctl|interrupt
 *
 * Started by the PAM module (pam, look), by systemd for a module's connection (unit), or by
 * cosmo-ssoctl, with a socket to whoever asks as descriptor 3. Serves one exchange and ends; or, as
 * interrupt, waits for a key of the caller's terminal. Nobody reads the exit status but tests.
 */
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/base/auto.h"
#include "common/message.h"
#include "common/spawn.h"
#include "pam_cosmo_sso/helper/interrupt.h"
#include "pam_cosmo_sso/helper/root_process.h"
#include "pam_cosmo_sso/helper/serve.h"

/* A configuration is larger than that, and nearly empty: from the heap it would be cleared as a
 * whole, while of pages of its own those are made that something is written into. */
#define HEAP_MAX_BYTES (64 * 1024)

static enum cosmo_err exchange(enum dialogue_channel channel)
{
	enum cosmo_err err = root_process_enter(SPAWN_PEER_FD);

	return err ? err : serve(SPAWN_PEER_FD, channel);
}

/* The host goes down: what has begun is seen to its end, above all a refresh whose token is spent.
 * Systemd kills what takes longer. */
static enum cosmo_err put_off_end(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	return pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0 ? COSMO_OK : COSMO_E_IO;
}

/* The byte tells the module that it has been heard by more than systemd: what it says from now on
 * is answered, or was not to be answered. */
static enum cosmo_err unit(void)
{
	const unsigned char ready = COSMO_PROTOCOL_VERSION;
	enum cosmo_err err = root_process_stay(SPAWN_PEER_FD);

	if (!err)
		err = put_off_end();
	if (err)
		return err;
	if (send(SPAWN_PEER_FD, &ready, sizeof(ready), MSG_NOSIGNAL) != sizeof(ready))
		return COSMO_E_PEER_GONE;
	return serve(SPAWN_PEER_FD, CHANNEL_MODULE_HELPER);
}

/* A child of the caller's to its end, and in his control group: it holds nothing that another one
 * waits for, and who stops or kills it has no answer from it. */
static enum cosmo_err look(void)
{
	enum cosmo_err err = root_process_stay(SPAWN_PEER_FD);

	return err ? err : serve_look(SPAWN_PEER_FD);
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
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no thread was started yet */
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_MAX_BYTES);
	if (streq(argv[1], "pam"))
		err = exchange(CHANNEL_MODULE_HELPER);
	else if (streq(argv[1], "look"))
		err = look();
	else if (streq(argv[1], "unit"))
		err = unit();
	else if (streq(argv[1], "ctl"))
		err = exchange(CHANNEL_CTL_HELPER);
	else if (streq(argv[1], "interrupt"))
		err = interrupt();
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
