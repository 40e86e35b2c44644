// SPDX-License-Identifier: GPL-2.0-or-later
/* Points in time for people; always in UTC, so that an image is shown alike
 * on every host. */
#include "base/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

char *timestamp_text(char out[TIMESTAMP_TEXT_LEN], struct timestamp t,
		     bool seconds)
{
	time_t sec = (time_t)t.sec;
	struct tm tm;

	if (sec != t.sec || !gmtime_r(&sec, &tm) ||
	    !strftime(out, TIMESTAMP_TEXT_LEN, seconds ? "%Y-%m-%d %H:%M:%S" :
		      "%Y-%m-%d %H:%M", &tm))
		snprintf(out, TIMESTAMP_TEXT_LEN, "%" PRId64, t.sec);
	return out;
}
