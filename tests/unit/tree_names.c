// SPDX-License-Identifier: GPL-2.0-or-later
/* The names of a folder against an array of flags, in several orders, and
 * without memory once the next name is prepared. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tree/tree.h"

enum { NAMES = 1000, DIGITS = 4 };

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool no_memory;

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

struct fixture {
	struct names set;
	struct name_leaf *spare;
	struct node *nodes[NAMES];
	char text[NAMES][DIGITS + 1];
	bool there[NAMES];
	uint32_t random;
};

static int setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	size_t i;

	if (!fx)
		return -1;
	for (i = 0; i < NAMES; i++) {
		snprintf(fx->text[i], sizeof(fx->text[i]), "%04zu", i);
		fx->nodes[i] = calloc(1, sizeof(struct node) + DIGITS);
		if (!fx->nodes[i])
			return -1;
		memcpy(fx->nodes[i]->name, fx->text[i], DIGITS);
		fx->nodes[i]->name_len = DIGITS;
	}
	fx->random = 1;
	*state = fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;
	size_t i;

	for (i = 0; i < NAMES; i++)
		free(fx->nodes[i]);
	names_release(&fx->set);
	free(fx->spare);
	free(fx);
	return 0;
}

static uint32_t draw(struct fixture *fx, uint32_t below)
{
	fx->random = fx->random * 1664525 + 1013904223;
	return (fx->random >> 8) % below;
}

/* Once prepared, a name goes in whether there is memory or not. */
static void put(struct fixture *fx, size_t i, bool memory)
{
	assert_int_equal(names_prepare(&fx->set, &fx->spare), 0);
	no_memory = !memory;
	names_insert(&fx->set, fx->nodes[i], &fx->spare);
	no_memory = false;
	fx->there[i] = true;
}

static void take(struct fixture *fx, size_t i)
{
	names_remove(&fx->set, fx->nodes[i]);
	fx->there[i] = false;
}

static void check(struct fixture *fx)
{
	struct names_cursor c = names_begin(&fx->set);
	bool any = false;
	size_t i;

	for (i = 0; i < NAMES; i++) {
		struct node *n = fx->there[i] ? fx->nodes[i] : NULL;

		assert_ptr_equal(names_find(&fx->set, fx->text[i], DIGITS), n);
		any = any || n;
		if (n)
			assert_ptr_equal(names_next(&c), n);
	}
	assert_null(names_next(&c));
	assert_int_equal(names_empty(&fx->set), !any);
	assert_null(names_find(&fx->set, "", 0));
	assert_null(names_find(&fx->set, "05", 2));
	assert_null(names_find(&fx->set, "05000", 5));
	assert_null(names_find(&fx->set, "\xff", 1));
}

static void orders(void **state)
{
	struct fixture *fx = *state;
	size_t step, i;

	/* Up, down, and two that jump: all are prime to their number. */
	static const size_t steps[] = { 1, NAMES - 1, 7, 381 };

	for (step = 0; step < 4 * 2; step++) {
		for (i = 0; i < NAMES; i++)
			put(fx, i * steps[step / 2] % NAMES, step % 2);
		check(fx);
		for (i = 0; i < NAMES; i++) {
			take(fx, i * steps[3 - step / 2] % NAMES);
			if (i % 97 == 0)
				check(fx);
		}
		check(fx);
	}
}

static void at_random(void **state)
{
	struct fixture *fx = *state;
	size_t i, k;

	for (i = 0; i < 20000; i++) {
		k = draw(fx, NAMES);
		if (fx->there[k])
			take(fx, k);
		else
			put(fx, k, draw(fx, 2));
		if (i % 200 == 0)
			check(fx);
	}
}

/* What is greater than all there are leaves no leaf half full. */
static void ascending_is_dense(void **state)
{
	struct fixture *fx = *state;
	size_t i;

	for (i = 0; i < NAMES; i++)
		put(fx, i, true);
	assert_int_equal(fx->set.n_leaves, (NAMES + 31) / 32);
}

static void nothing_without_memory(void **state)
{
	struct fixture *fx = *state;

	no_memory = true;
	assert_int_equal(names_prepare(&fx->set, &fx->spare), ENOMEM);
	no_memory = false;
	check(fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(orders, setup, teardown),
		cmocka_unit_test_setup_teardown(at_random, setup, teardown),
		cmocka_unit_test_setup_teardown(ascending_is_dense, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_without_memory, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
