/* SPDX-License-Identifier: MIT */
/* Prints the table of options, one in a line with tabs between, for the checks of the
 * documentation: section, whether its headers carry a name, key, default, what holds without one,
 * allowed values. */
#include <stdio.h>

#include "common/config_options.h"

int main(void)
{
	size_t count = 0;
	const struct config_option *options = config_options(&count);

	for (size_t i = 0; i < count; i++) {
		char expects[512] = "";

		config_option_expects(&options[i], expects, sizeof(expects));
		printf("%s\t%d\t%s\t%s\t%s\t%s\n", config_section_name(options[i].section),
			config_section_is_named(options[i].section), options[i].key,
			options[i].fallback ? options[i].fallback : "",
			options[i].note ? options[i].note : "", expects);
	}
	return 0;
}
