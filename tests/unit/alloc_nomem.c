// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory runs out at each allocation in turn: the call says so, the free
 * space is what it was, and nothing leaks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc/mballoc_kernel.h"

/* The linker sends every allocation of the allocator here (--wrap). */
static int allowed = -1;	/* allocations until one fails, -1: no limit */
static bool failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(void)
{
	if (allowed == 0)
		failed = true;
	else if (allowed > 0)
		allowed--;
	return failed;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

static void limit(int n)
{
	allowed = n;
	failed = false;
}

static const struct run gaps[] = {
	{ 1, 50 }, { 100, 60 }, { 300, 200 }, { 600, 80 },
};

static const struct mballoc_kernel_options options = {
	.blocks = 1024, .group_blocks = 256, .block_bits = 12,
};

static errcode_t make(struct mballoc **mb, bool kernel)
{
	if (kernel)
		return mballoc_kernel_new(mb, gaps, 4, &options);
	return mballoc_new(mb, gaps, 4, 256, 0);
}

static void new_fails(void **state)
{
	struct mballoc *mb;
	bool ended;
	int n, kernel;

	(void)state;
	for (kernel = 0; kernel < 2; kernel++) {
		for (n = 0, ended = false; !ended; n++) {
			errcode_t err;

			limit(n);
			err = make(&mb, kernel);
			ended = !failed;
			limit(-1);
			assert_int_equal(err, ended ? 0 : ENOMEM);
			if (!err)
				mballoc_free(mb);
		}
		assert_true(n > 5);
	}
}

typedef errcode_t step(struct mballoc *mb, struct run_list *out);

static errcode_t fit_whole(struct mballoc *mb, struct run_list *out)
{
	const struct alloc_request req = { .len = 20 };

	return mballoc_best_fit(mb, out, &req);
}

static errcode_t fit_window(struct mballoc *mb, struct run_list *out)
{
	const struct alloc_request req = { .len = 270 };

	return mballoc_best_fit(mb, out, &req);
}

static errcode_t fit_scattered(struct mballoc *mb, struct run_list *out)
{
	const struct alloc_request req = { .len = 270 };

	return mballoc_scattered(mb, out, &req);
}

static errcode_t fit_kernel(struct mballoc *mb, struct run_list *out)
{
	const struct alloc_request req = {
		.len = 20, .ino = 12, .file_blocks = 20,
		.flags = REQUEST_DATA,
	};

	return mballoc_kernel(mb, out, &req);
}

/* Each of a row of blocks by itself, so that runs have to be made. */
static errcode_t give_back(struct mballoc *mb, struct run_list *out)
{
	(void)out;
	return mballoc_release(mb, 110, 1);
}

static void in_use(struct mballoc *mb, struct run_list *out, bool kernel)
{
	struct alloc_request req = { .len = 1, .flags = REQUEST_DATA };
	uint64_t left = 390;

	while (left) {
		req.len = left < 40 ? left : 40;
		assert_int_equal(kernel ? mballoc_kernel(mb, out, &req) :
				 mballoc_scattered(mb, out, &req), 0);
		req.lblk += (uint32_t)(left - mballoc_free_blocks(mb));
		left = mballoc_free_blocks(mb);
	}
}

struct step_case {
	step *run;
	bool kernel, full;
};

static void step_fails(const struct step_case *c)
{
	bool ended = false;
	int n;

	for (n = 0; !ended; n++) {
		struct run_list out = { NULL, 0, 0 }, used = { NULL, 0, 0 };
		struct mballoc *mb;
		uint64_t free;
		errcode_t err;

		assert_int_equal(make(&mb, c->kernel), 0);
		if (c->full)
			in_use(mb, &used, c->kernel);
		free = mballoc_free_blocks(mb);
		limit(n);
		err = c->run(mb, &out);
		ended = !failed;
		limit(-1);
		assert_int_equal(err, ended ? 0 : ENOMEM);
		if (err) {
			assert_int_equal(out.n, 0);
			assert_int_equal(mballoc_free_blocks(mb), free);
			assert_int_equal(c->run(mb, &out), 0);
		}
		mballoc_verify(mb);
		run_list_release(&out);
		run_list_release(&used);
		mballoc_free(mb);
	}
}

static void steps_fail(void **state)
{
	static const struct step_case cases[] = {
		{ fit_whole, false, false },
		{ fit_window, false, false },
		{ fit_scattered, false, false },
		{ fit_kernel, true, false },
		{ give_back, false, true },
		{ give_back, true, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		step_fails(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_fails),
		cmocka_unit_test(steps_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
