/* SPDX-License-Identifier: MIT */
#include "ctl/doctor_conf.h"

#include <fcntl.h>

#include "common/base/fdio.h"
#include "common/config_parts.h"
#include "common/ini.h"
#include "paths.h"

struct wanted {
	const char *section;
	const char *key;
	unsigned int line; /* 0: not seen */
};

static enum cosmo_err note_line(void *context, const struct ini_line *line)
{
	struct wanted *wanted = context;

	if (line->key && streq(line->section, wanted->section) && streq(line->key, wanted->key))
		wanted->line = line->number;
	return COSMO_OK;
}

/* 0: nothing sets it, or the file cannot be read as far as that. */
static unsigned int line_of(const char *section, const char *key)
{
	const struct fdio_demands demands = {
		.owner = 0, .forbidden_mode = 022, .max_bytes = CONFIG_MAX_BYTES};
	struct wanted wanted = {.section = section, .key = key};
	COSMO_AUTO(free) char *text = NULL;
	const char *problem = NULL;
	unsigned int line = 0;
	size_t len = 0;

	if (fdio_read_file(AT_FDCWD, COSMO_CONF_FILE, &demands, &text, &len) ||
		ini_read(text, len, note_line, &wanted, &line, &problem))
		return 0;
	return wanted.line;
}

void doctor_conf_mend(
	struct doctor_list *list, const char *section, const char *key, const char *what)
{
	unsigned int line = line_of(section, key);

	if (line)
		doctor_mend(list, "Edit %s, line %u: %s", COSMO_CONF_FILE, line, what);
	else
		doctor_mend(list, "Edit %s, [%s]: %s", COSMO_CONF_FILE, section, what);
}
