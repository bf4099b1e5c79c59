/* SPDX-License-Identifier: MIT */
#include "ctl/pam_vendor.h"

#include <stdio.h>
#include <sys/stat.h>

#define FOLDER "/usr/lib/pam.d"

bool pam_vendor_has(const char *service)
{
	struct stat st = {0};
	char path[256] = "";
	int len = snprintf(path, sizeof(path), "%s/%s", FOLDER, service);

	return len > 0 && (size_t)len < sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Not `@include`, which is Debian's alone. A phase that the vendor's file does not have stays that
 * of the service "other". */
enum cosmo_err pam_vendor_front(const char *service, char **ret)
{
	static const char *const phases[] = {"auth", "account", "password", "session"};
	FILE *out = NULL;
	size_t size = 0;

	*ret = NULL;
	out = open_memstream(ret, &size);
	if (!out)
		return COSMO_E_NOMEM;
	for (size_t i = 0; i < COSMO_ARRAY_LEN(phases); i++)
		fprintf(out, "%-8s include %s/%s\n", phases[i], FOLDER, service);
	return fclose(out) == 0 ? COSMO_OK : COSMO_E_NOMEM;
}
