/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A point in time as files carry it: wider than time_t on any host. */
#ifndef E4PACK_BASE_TIMESTAMP_H
#define E4PACK_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

/* Trees have four of these for each file: no room for padding. */
struct timestamp {
	int64_t sec;	/* seconds since 1970-01-01 UTC, negative before */
	uint32_t nsec;	/* 0 to 999999999, always counted forward */
} __attribute__((packed, aligned(4)));

enum { TIMESTAMP_TEXT_LEN = 64 };

/* Write the date and time of @t in UTC, "2026-01-31 23:59" and the seconds
 * if @seconds, or "SEC" where no calendar reaches it.  Return: @out. */
char *timestamp_text(char out[TIMESTAMP_TEXT_LEN], struct timestamp t,
		     bool seconds);

#endif
