// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of writing has every item once, by ascending places, however they
 * were given; few stretches leave the items where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "delay/write_order.h"

enum { ITEMS = 20000 };

/* The item that was given as number @i. */
static struct delayed_file *name(size_t i)
{
	return (struct delayed_file *)(uintptr_t)(8 * (i + 1));
}

static struct writeback_item *make(const uint64_t *places, size_t n)
{
	struct writeback_item *items = calloc(n, sizeof(*items));
	size_t i;

	assert_non_null(items);
	for (i = 0; i < n; i++)
		items[i] = (struct writeback_item){ name(i), places[i] };
	return items;
}

/* Go through the order of @places.  Return: whether the items have moved. */
static bool check(const uint64_t *places, size_t n)
{
	struct writeback_item *items = make(places, n), *it;
	bool *seen = calloc(n, sizeof(*seen)), moved = false;
	struct write_position at;
	struct write_order o;
	uint64_t last = 0;
	size_t i, met = 0;

	assert_non_null(seen);
	assert_int_equal(write_order_init(&o, items, n), 0);
	at = write_order_begin(&o);
	do {
		it = &items[at.item];
		i = (uintptr_t)it->file / 8 - 1;
		assert_true(i < n && !seen[i]);
		assert_true(it->pblk == places[i] && it->pblk > last);
		moved = moved || i != at.item;
		last = it->pblk;
		seen[i] = true;
		met++;
	} while (write_order_next(&o, &at));
	assert_int_equal(met, n);
	/* At the end it stays there. */
	i = at.item;
	assert_false(write_order_next(&o, &at));
	assert_int_equal(at.item, i);
	write_order_release(&o);
	free(items);
	free(seen);
	return moved;
}

/* Rows of @len places each, which lie at @stride * (a number of @order). */
static bool check_rows(const unsigned int *order, size_t rows, size_t len,
		       uint64_t stride, uint64_t step)
{
	static uint64_t places[ITEMS];
	size_t i, k, n = 0;

	for (i = 0; i < rows; i++)
		for (k = 0; k < len; k++)
			places[n++] = 1 + order[i] * stride + k * step;
	return check(places, n);
}

static void test_one(void **state)
{
	const uint64_t one[] = { 7 }, two[] = { 9, 3 };

	(void)state;
	assert_false(check(one, 1));
	check(two, 2);
}

static void test_rows_apart(void **state)
{
	const unsigned int sorted[] = { 0, 1, 2, 3 }, mixed[] = { 2, 0, 3, 1 };

	(void)state;
	assert_false(check_rows(sorted, 4, 1000, 100000, 1));
	assert_false(check_rows(mixed, 4, 1000, 100000, 1));
}

/* A row leaps over what later rows fill: the first ones end behind them. */
static void test_rows_in_holes(void **state)
{
	static uint64_t places[3000];
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		places[i] = 1 + i + (i < 500 ? 0 : 100000);
		places[1000 + i] = 50001 + i;
		places[2000 + i] = 10001 + i + (i < 700 ? 0 : 200000);
	}
	assert_false(check(places, 3000));
}

/* Rows like the teeth of two combs are not worth stretches. */
static void test_interleaved(void **state)
{
	static uint64_t places[ITEMS];
	size_t i;

	(void)state;
	for (i = 0; i < ITEMS; i++)
		places[i] = 1 + 2 * (i % (ITEMS / 2)) + i / (ITEMS / 2);
	assert_true(check(places, ITEMS));
}

static void test_falling(void **state)
{
	static uint64_t places[ITEMS];
	size_t i;

	(void)state;
	for (i = 0; i < ITEMS; i++)
		places[i] = ITEMS - i;
	assert_true(check(places, ITEMS));
}

/* As many rows as are looked at, and one more. */
static void test_many_rows(void **state)
{
	static unsigned int order[257];
	size_t i;

	(void)state;
	for (i = 0; i < 257; i++)
		order[i] = 256 - i;
	assert_false(check_rows(order + 1, 256, 75, 1000, 3));
	assert_true(check_rows(order, 257, 75, 1000, 3));
}

static void test_random(void **state)
{
	static uint64_t places[500];
	unsigned int seed = 1;
	size_t round, i, n;

	(void)state;
	for (round = 0; round < 300; round++) {
		uint64_t at = 1;
		size_t a, b;

		n = 1 + rand_r(&seed) % 500;
		for (i = 0; i < n; i++)
			places[i] = at += 1 + rand_r(&seed) % 9;
		/* Some stretches change places. */
		for (i = 0; i < round % 12; i++) {
			uint64_t kept[500];

			a = rand_r(&seed) % n;
			b = a + rand_r(&seed) % (n - a);
			memcpy(kept, places, a * sizeof(*kept));
			memmove(places, places + a, (b - a) * sizeof(*kept));
			memcpy(places + (b - a), kept, a * sizeof(*kept));
		}
		check(places, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_rows_apart),
		cmocka_unit_test(test_rows_in_holes),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_falling),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
