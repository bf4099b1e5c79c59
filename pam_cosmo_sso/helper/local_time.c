/* SPDX-License-Identifier: MIT */
#include "pam_cosmo_sso/helper/local_time.h"

#include <time.h>

bool local_time_write(int64_t time_s, char ret[LOCAL_TIME_BYTES])
{
	time_t when = (time_t)time_s;
	struct tm tm = {0};

	if (time_s > 0 && localtime_r(&when, &tm) &&
		strftime(ret, LOCAL_TIME_BYTES, "%Y-%m-%d %H:%M", &tm) > 0)
		return true;
	ret[0] = '\0';
	return false;
}
