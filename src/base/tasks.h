/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that do not depend on each other, done side by side. */
#ifndef E4PACK_BASE_TASKS_H
#define E4PACK_BASE_TASKS_H

#include <stdbool.h>
#include <stddef.h>

#include <et/com_err.h>

struct task {
	errcode_t (*run)(void *arg);
	void *arg;
	errcode_t err;		/* what it returned */
};

/* Run all @n tasks, each to its end whatever the others return; in their
 * order if not @side_by_side, else each in a thread of its own as far as
 * threads can be made.
 * Return: 0, or the first failure in the order of the tasks. */
errcode_t tasks_run(struct task *tasks, size_t n, bool side_by_side);

#endif
