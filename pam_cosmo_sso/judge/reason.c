/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/judge/reason.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/base/log.h"

enum cosmo_err reason_give(struct reason *why, enum cosmo_err err, const char *format, ...)
{
	char text[1024] = "";
	va_list args;

	if (!why)
		return err;
	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	log_filter(text, false, why->text, sizeof(why->text));
	return err;
}
