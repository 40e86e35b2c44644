// SPDX-License-Identifier: GPL-2.0-or-later
/* A thread for each step but the first, which is the caller's. */
#include "base/tasks.h"

#include <pthread.h>

enum { MAX_THREADS = 8 };

static void *run(void *arg)
{
	struct task *t = arg;

	t->err = t->run(t->arg);
	return NULL;
}

errcode_t tasks_run(struct task *tasks, size_t n, bool side_by_side)
{
	pthread_t threads[MAX_THREADS];
	size_t started = 0, i;

	/* The last ones get the threads: what gets none follows the first. */
	while (side_by_side && started + 1 < n && started < MAX_THREADS &&
	       !pthread_create(&threads[started], NULL, run,
			       &tasks[n - 1 - started]))
		started++;
	for (i = 0; i < n - started; i++)
		run(&tasks[i]);
	while (started)
		pthread_join(threads[--started], NULL);
	for (i = 0; i < n; i++)
		if (tasks[i].err)
			return tasks[i].err;
	return 0;
}
