/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A point in time as files carry it: wider than time_t on any host. */
#ifndef E4PACK_BASE_TIMESTAMP_H
#define E4PACK_BASE_TIMESTAMP_H

#include <stdint.h>

struct timestamp {
	int64_t sec;	/* seconds since 1970-01-01 UTC, negative before */
	uint32_t nsec;	/* 0 to 999999999, always counted forward */
};

#endif
