/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work that is done side by side. */
#ifndef E4PACK_BASE_TASKS_H
#define E4PACK_BASE_TASKS_H

#include <stdbool.h>
#include <stddef.h>

#include <et/com_err.h>

/* Threads that work at the same thing, at most. */
enum { WORKERS_MAX = 64 };

/* Call @work with @arg in up to @n threads, the caller's among them, and wait
 * for all of them: one that cannot be made is done without. */
void workers_run(unsigned int n, void (*work)(void *arg), void *arg);

/* A step of work. */
struct task {
	errcode_t (*run)(void *arg);
	void *arg;
	errcode_t err;		/* what it returned */
};

/* Run all @n tasks, each to its end whatever the others return; one after the
 * other if not @side_by_side, else with a thread for each as far as these can
 * be made.  They begin in their order, so one may wait for an earlier one.
 * Return: 0, or the first failure in the order of the tasks. */
errcode_t tasks_run(struct task *tasks, size_t n, bool side_by_side);

#endif
