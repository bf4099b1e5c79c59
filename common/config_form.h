/* SPDX-License-Identifier: MIT */
/* What a text in the configuration must look like. */
#pragma once

#include <stdbool.h>

struct config_form {
	bool (*is_valid)(const char *text);
	const char *expects; /* "an absolute path" */
};

extern const struct config_form config_form_issuer;
extern const struct config_form config_form_proxy;
extern const struct config_form config_form_path;
extern const struct config_form config_form_home;
extern const struct config_form config_form_shell;
extern const struct config_form config_form_text;
extern const struct config_form config_form_amr;
extern const struct config_form config_form_first_method;
extern const struct config_form config_form_program;
extern const struct config_form config_form_scopes;
extern const struct config_form config_form_domain;
extern const struct config_form config_form_alg;
extern const struct config_form config_form_group;       /* a group of ours */
extern const struct config_form config_form_local_group; /* one of the host */
extern const struct config_form config_form_login;

/* A PAM service as libpam spells it: lower case, at most 63 bytes. */
bool config_service_name_is_valid(const char *name);
