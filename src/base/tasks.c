// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads that begin and end with one call. */
#include "base/tasks.h"

#include <pthread.h>
#include <stdatomic.h>

struct worker {
	void (*work)(void *arg);
	void *arg;
};

static void *run_worker(void *arg)
{
	const struct worker *w = arg;

	w->work(w->arg);
	return NULL;
}

void workers_run(unsigned int n, void (*work)(void *arg), void *arg)
{
	struct worker w = { work, arg };
	pthread_t threads[WORKERS_MAX - 1];
	unsigned int started = 0;

	while (started + 1 < n && started + 1 < WORKERS_MAX &&
	       !pthread_create(&threads[started], NULL, run_worker, &w))
		started++;
	work(arg);
	while (started)
		pthread_join(threads[--started], NULL);
}

struct task_list {
	struct task *tasks;
	size_t n;
	atomic_size_t next;	/* nobody has it yet */
};

static void run_tasks(void *arg)
{
	struct task_list *list = arg;
	size_t i;

	while ((i = atomic_fetch_add(&list->next, 1)) < list->n)
		list->tasks[i].err = list->tasks[i].run(list->tasks[i].arg);
}

errcode_t tasks_run(struct task *tasks, size_t n, bool side_by_side)
{
	struct task_list list = { .tasks = tasks, .n = n };
	size_t i;

	workers_run(side_by_side ? (unsigned int)n : 1, run_tasks, &list);
	for (i = 0; i < n; i++)
		if (tasks[i].err)
			return tasks[i].err;
	return 0;
}
