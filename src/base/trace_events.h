/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inner door of the trace: names and fields of the events. */
#ifndef E4PACK_BASE_TRACE_EVENTS_H
#define E4PACK_BASE_TRACE_EVENTS_H

#include "base/trace.h"

struct trace_form {
	const char *name;
	const char *fields;	/* see trace_events.c */
};

/* The form of each event. */
extern const struct trace_form trace_forms[TRACE_EVENTS];

/* A bit and how it is written. */
struct trace_flag {
	uint32_t bit;
	const char *name;
};

/* A set of bits: @flags ends with bit 0. */
struct trace_flag_set {
	char conversion;	/* the letter behind the percent sign */
	const char *separator;
	const struct trace_flag *flags;
};

/* Return: the set that is written by %@conversion, or NULL. */
const struct trace_flag_set *trace_flag_set(char conversion);

/* Return: the name of a step of the allocator's search, or NULL. */
const char *trace_criteria(uint64_t criteria);

#endif
