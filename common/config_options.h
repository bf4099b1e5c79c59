/* SPDX-License-Identifier: MIT */
/* The one table of options. Reading, listing and the checks of the documentation all go by it. */
#pragma once

#include "common/config_option.h"

#define CONFIG_MAX_OPTIONS 64

/* client_auth as long as the file is being read: none or basic, by whether there is a secret. */
#define CONFIG_CLIENT_AUTH_AUTO ((unsigned int)CLIENT_AUTH_POST + 1)

/* All rows, those of a section together; at most CONFIG_MAX_OPTIONS. */
const struct config_option *config_options(size_t *ret_count);

/* The row of that key, or NULL. */
const struct config_option *config_option_find(enum config_section section, const char *key);

/* "integration" and the like. */
const char *config_section_name(enum config_section section);

/* The section of that name, or SECTION_COUNT. */
enum config_section config_section_find(const char *name);

/* Do headers of that section carry a name, as [role NAME]? */
bool config_section_is_named(enum config_section section);
