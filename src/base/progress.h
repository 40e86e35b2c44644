/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far a long piece of work is, and whether it should stop.  Work calls
 * progress_add() often; the sink draws, and the stop flag is what a signal
 * handler sets.  Rooms below cmd/ know neither terminals nor signals.
 */
#ifndef E4PACK_BASE_PROGRESS_H
#define E4PACK_BASE_PROGRESS_H

#include <signal.h>
#include <stdint.h>

#include <et/com_err.h>

/* Told at each step: @done of @total (0: not known) units of @phase. */
typedef void progress_sink(void *arg, const char *phase, uint64_t done,
			   uint64_t total);

struct progress {
	progress_sink *sink;	/* NULL: nothing is drawn */
	void *arg;
	const volatile sig_atomic_t *stop;	/* NULL, or not 0: stop */
	const char *phase;
	uint64_t done, total;
};

/* Start @phase; counts from 0 again. */
void progress_begin(struct progress *p, const char *phase, uint64_t total);

/* Count @n more.  One thread at a time.
 * Return: 0, or E4PACK_ET_INTERRUPTED when the work is to stop. */
errcode_t progress_add(struct progress *p, uint64_t n);

/* Whether the work is to stop; safe from any thread. */
errcode_t progress_check(const struct progress *p);

#endif
