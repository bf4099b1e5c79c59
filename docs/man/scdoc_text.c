/* SPDX-License-Identifier: MIT */
#include "docs/man/scdoc_text.h"

#include <stdio.h>
#include <string.h>

void scdoc_put(const char *text)
{
	for (; *text; text++) {
		if (*text == '`')
			putchar('*');
		else if (*text == '_' || *text == '*' || *text == '\\' || *text == '[' ||
			 *text == '#')
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

const char *scdoc_pam_name(enum pam_phase phase, enum cosmo_err err)
{
	const char *name = pam_result_name(pam_result(phase, err, false));

	return name ? name + strlen("PAM_") : NULL;
}
