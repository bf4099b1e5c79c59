/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/account.h"

#include "common/base/fdio.h"
#include "pam_cosmo_sso/helper/boot_gate.h"
#include "pam_cosmo_sso/helper/enrol.h"
#include "pam_cosmo_sso/helper/policy.h"

enum cosmo_err account_decide(struct exchange *exchange)
{
	COSMO_AUTO(record_free) struct record *record = NULL;
	struct gate_view gate = {0};
	enum cosmo_err err = exchange_configure(exchange);

	if (err)
		return err;
	err = exchange_find_record(exchange, &record);
	if (err)
		return err;
	if (record) {
		err = enrol_check_known_name(&enrol_default_files, exchange->user);
		if (err)
			return err;
		exchange_note_roles(exchange, policy_record_roles(exchange->config, record));
	}
	err = boot_gate_read(exchange->store, &gate);
	if (err)
		return err;
	return policy_account(exchange->config, &exchange->service, record, &gate, fdio_now_s());
}

enum cosmo_err account_answer(struct exchange *exchange)
{
	enum cosmo_err err = account_decide(exchange);

	exchange_log(exchange, err ? AUDIT_ACCOUNT_REFUSED : AUDIT_ACCOUNT_OK, err);
	return err;
}
