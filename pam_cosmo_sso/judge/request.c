/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/request.h"

#include "common/base/fdio.h"
#include "common/message.h"

/* Who asked waits for the answer, so it is taken at once. */
#define SEND_TIMEOUT_MS ((int64_t)10 * 1000)

enum cosmo_err request_send(struct request *request, struct message *message)
{
	enum cosmo_err err =
		dialogue_send(request->peer, message, fdio_boot_ms() + SEND_TIMEOUT_MS);

	message_free(message);
	return err;
}
