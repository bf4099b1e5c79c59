/* SPDX-License-Identifier: MIT */
/* doctor: the configuration, and the files that it names. */
#include <stdio.h>
#include <sys/stat.h>

#include "common/base/parse.h"
#include "common/config.h"
#include "ctl/ask.h"
#include "ctl/doctor_place.h"
#include "paths.h"

#define APPLY "cosmo-ssoctl apply"

static void visit_warning(void *context, const struct message *item)
{
	struct doctor_list *list = context;
	const char *text =
		message_type(item) == MESSAGE_PROGRESS ? message_str(item, FIELD_TEXT) : NULL;

	if (text)
		doctor_note(list, "%s", text);
}

/* The number in "FILE:NUMBER: what"; 0: none. */
static uint64_t line_of(const char *detail)
{
	char digits[16] = "";
	uint64_t line = 0;
	const char *number = detail + strlen(COSMO_CONF_FILE) + 1;

	if (strncmp(detail, COSMO_CONF_FILE ":", strlen(COSMO_CONF_FILE) + 1) != 0 ||
		strspn(number, "0123456789") >= sizeof(digits))
		return 0;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)strspn(number, "0123456789"), number);
	return parse_u64(digits, 1, UINT32_MAX, &line) == COSMO_OK ? line : 0;
}

static void put_fault(
	struct doctor_list *list, enum cosmo_err err, const struct ask_failure *failure)
{
	uint64_t line = line_of(failure->detail);

	if (cosmo_err_class(err) != COSMO_CLASS_MISCONFIGURED) {
		doctor_not_checked(list, "the helper cannot check it: %s", cosmo_err_text(err));
		return;
	}
	doctor_wrong(list, "%s", failure->detail[0] ? failure->detail : cosmo_err_text(err));
	if (line)
		doctor_mend(list,
			"Edit " COSMO_CONF_FILE
			", line %u: take it out, or write what is allowed there. Then: " APPLY,
			(unsigned int)line);
	else
		doctor_mend(list, "Edit " COSMO_CONF_FILE ". Then: " APPLY);
}

static bool look_at_text(struct doctor_list *list)
{
	COSMO_AUTO(message_free) struct message *request = NULL;
	struct ask_failure failure = {.text = ""};
	enum cosmo_err err = message_new(MESSAGE_CTL_CHECK_CONFIG, &request);

	if (!err) {
		message_put_str(request, FIELD_PATH, COSMO_CONF_FILE);
		err = ask_quietly(request, visit_warning, list, &failure);
	}
	if (err)
		put_fault(list, err, &failure);
	return !err;
}

/* The helper takes a secret from no file that others could read, nor a CA from one that they could
 * write. */
static bool look_at_named_files(struct doctor_list *list)
{
	COSMO_AUTO(config_free) struct config *config = NULL;
	struct config_problem problem = {0};
	bool good = true;

	if (config_load(COSMO_CONF_FILE, &config, &problem) != COSMO_OK)
		return true; /* the helper tells why */
	if (config->client_secret_file) {
		const struct doctor_place secret = {config->client_secret_file, S_IFREG, 0600, 077,
			0400, "Write the client's secret into that file, as root with umask 077.",
			DOCTOR_DOUBT_SECRET, NULL};

		good = doctor_place_look(list, &secret) && good;
	}
	if (config->ca_file) {
		const struct doctor_place ca = {config->ca_file, S_IFREG, 0644, 022, 0400,
			"Write the CA's certificates into that file.", DOCTOR_DOUBT_LOOK, NULL};

		good = doctor_place_look(list, &ca) && good;
	}
	return good;
}

static void look(struct doctor_list *list)
{
	static const struct doctor_place place = {COSMO_CONF_FILE, S_IFREG, 0644, 022, 0400,
		"Write it as cosmo-sso.conf(5) says. Then: " APPLY, DOCTOR_DOUBT_LOOK, NULL};

	if (doctor_place_look(list, &place) && look_at_named_files(list) && look_at_text(list))
		doctor_ok(list, COSMO_CONF_FILE " has no error");
}

const struct doctor_check doctor_check_config = {
	.name = "config",
	.run = look,
};
