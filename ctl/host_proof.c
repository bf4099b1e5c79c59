/* SPDX-License-Identifier: MIT */
#include "ctl/host_proof.h"

#include <stdio.h>

#include "ctl/output.h"
#include "ctl/pam_stage.h"
#include "ctl/sshd_check.h"

/* How far root comes. su alone asks root nothing, so that its auth phase can be tried as well. */
static enum pam_check_step step_reached(size_t target, const char *service, const char *folder)
{
	enum pam_check_step step = PAM_CHECK_PASSED;

	if (target == HOST_SU)
		step = pam_check_root_auth(service, folder);
	return step == PAM_CHECK_PASSED ? pam_check_root(service, folder) : step;
}

bool host_proof_begin(struct host_proof *proof, const struct host_edit *edit)
{
	for (size_t i = 0; i < HOST_TARGET_COUNT; i++) {
		for (size_t k = 0; edit->chosen[i] && host_target_service(i, k); k++) {
			const char *service = host_target_service(i, k);

			proof->before[i][k] = step_reached(i, service, NULL);
			if (proof->before[i][k] != PAM_CHECK_PASSED)
				output_note(
					"PAM service %s does not let root through as it is: %s.",
					service, pam_check_problem(proof->before[i][k]));
		}
	}
	if (!edit->chosen[HOST_SSHD] || !edit->enable || sshd_check_valid())
		return true;
	output_error("mend that first");
	return false;
}

/* Each chosen stack with root, who must come as far as before. */
static bool try_root(
	const struct host_proof *proof, const struct host_edit *edit, const char *folder)
{
	for (size_t i = 0; i < HOST_TARGET_COUNT; i++) {
		for (size_t k = 0; edit->chosen[i] && host_target_service(i, k); k++) {
			const char *service = host_target_service(i, k);
			enum pam_check_step step = step_reached(i, service, folder);

			if (step >= proof->before[i][k])
				continue;
			output_error("PAM service %s with this change: %s", service,
				pam_check_problem(step));
			return false;
		}
	}
	return true;
}

bool host_proof_rehearse(const struct host_proof *proof, const struct host_edit *edit)
{
	struct pam_stage stage = {0};
	bool good = pam_stage_make(&stage, HOST_PAM_FOLDER, &edit->changes) == COSMO_OK &&
		    try_root(proof, edit, stage.folder);

	if (good && edit->enable) {
		enum pam_check_step step =
			pam_check_root_auth(PAM_STAGE_AUTH_SERVICE, stage.folder);

		good = step == PAM_CHECK_PASSED;
		if (!good)
			output_error(
				"pam_cosmo_sso.so does not leave root alone in authentication: %s",
				pam_check_problem(step));
	}
	pam_stage_done(&stage);
	return good;
}

bool host_proof_check(const struct host_proof *proof, const struct host_edit *edit)
{
	if (!try_root(proof, edit, NULL))
		return false;
	if (!edit->chosen[HOST_SSHD] || !sshd_check_present())
		return true;
	return sshd_check_valid() && (!edit->enable || sshd_check_ready(true));
}
