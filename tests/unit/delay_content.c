// SPDX-License-Identifier: GPL-2.0-or-later
/* The content map against a model that keeps the origin of each byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delay/content.h"

enum { BYTES = 200, ORIGINS = 3 };

struct byte {
	struct origin *origin;
	uint64_t at;		/* in the origin */
	bool set;
};

struct fixture {
	struct content content;
	struct byte model[BYTES];
	struct origin origins[ORIGINS];
	uint64_t random;
};

static void origin_freed(struct origin *o)
{
	o->ops = NULL;
}

static const struct origin_ops fake_ops = { .free = origin_freed };

static int setup(void **state)
{
	static struct fixture fx;
	size_t i;

	memset(&fx, 0, sizeof(fx));
	content_init(&fx.content);
	for (i = 0; i < ORIGINS; i++)
		fx.origins[i] = (struct origin){ .ops = &fake_ops, .refs = 1 };
	fx.random = 88172645463325252u;
	*state = &fx;
	return 0;
}

/* Whatever was done, releasing gives every reference back. */
static int teardown(void **state)
{
	struct fixture *fx = *state;
	size_t i;

	content_release(&fx->content);
	assert_int_equal(content_count(&fx->content), 0);
	for (i = 0; i < ORIGINS; i++)
		assert_int_equal(fx->origins[i].refs, 1);
	return 0;
}

static uint32_t draw(struct fixture *fx, uint32_t below)
{
	fx->random ^= fx->random << 13;
	fx->random ^= fx->random >> 7;
	fx->random ^= fx->random << 17;
	return (fx->random >> 16) % below;
}

/* Blocks of 8 bytes: which are touched, and as far as it stays so. */
static void compare_blocks(struct fixture *fx)
{
	const uint32_t limit = BYTES / 8 - 1;
	bool model[BYTES / 8];
	uint32_t b, k, next;

	for (b = 0; b < BYTES / 8; b++) {
		model[b] = false;
		for (k = 0; k < 8; k++)
			model[b] |= fx->model[b * 8 + k].set;
	}
	for (b = 0; b < limit; b = next) {
		assert_int_equal(content_touches(&fx->content, 3, b, limit,
						 &next), model[b]);
		assert_true(next > b && next <= limit);
		for (k = b; k < next; k++)
			assert_int_equal(model[k], model[b]);
		assert_true(next == limit || model[next] != model[b]);
	}
}

/* A walk finds what single questions do. */
static void compare_walk(struct fixture *fx, uint64_t step)
{
	struct content_walk w = { .content = NULL };
	struct content_range one, walked;
	uint64_t pos;
	bool found;

	for (pos = 0; pos < BYTES; pos += step) {
		found = content_next(&fx->content, pos, &one);
		assert_int_equal(content_walk_next(&fx->content, &w, pos,
						   &walked), found);
		if (found)
			assert_memory_equal(&one, &walked, sizeof(one));
	}
}

/* Ranges come in order, cover what the model says, and none could be joined
 * with the next. */
static void compare(struct fixture *fx)
{
	struct content_range r, prev = { .len = 0 };
	uint64_t pos = 0, i, count = 0, refs = ORIGINS, have = 0;

	while (content_next(&fx->content, pos, &r)) {
		assert_true(r.offset >= pos && r.len);
		for (; pos < r.offset; pos++)
			assert_false(fx->model[pos].set);
		for (i = 0; i < r.len; i++, pos++) {
			assert_true(fx->model[pos].set);
			assert_ptr_equal(fx->model[pos].origin, r.origin);
			if (r.origin)
				assert_int_equal(fx->model[pos].at,
						 r.origin_offset + i);
		}
		assert_false(prev.len && prev.offset + prev.len == r.offset &&
			     prev.origin == r.origin &&
			     (!r.origin || prev.origin_offset + prev.len ==
			      r.origin_offset));
		refs += r.origin != NULL;
		count++;
		prev = r;
	}
	for (; pos < BYTES; pos++)
		assert_false(fx->model[pos].set);
	assert_int_equal(content_count(&fx->content), count);
	compare_blocks(fx);
	compare_walk(fx, 1);
	compare_walk(fx, 2 + count % 30);
	for (i = 0; i < ORIGINS; i++)
		have += fx->origins[i].refs;
	assert_int_equal(have, refs);
}

static void set(struct fixture *fx, uint64_t offset, uint64_t len,
		struct origin *o, uint64_t at)
{
	struct content_range r = { offset, len, at, o };
	uint64_t i;

	assert_int_equal(content_set(&fx->content, &r), 0);
	for (i = 0; i < len; i++)
		fx->model[offset + i] = (struct byte){ o, at + i, true };
}

static void forget(struct fixture *fx, uint64_t offset, uint64_t len)
{
	memset(&fx->model[offset], 0, len * sizeof(fx->model[0]));
}

static void punch(struct fixture *fx, uint64_t offset, uint64_t len)
{
	uint64_t head = draw(fx, len + 1), tail = draw(fx, len - head + 1), i;

	assert_int_equal(content_punch(&fx->content, offset, len, head, tail),
			 0);
	for (i = 0; i < len; i++)
		fx->model[offset + i] = (struct byte){
			.set = i < head || i >= len - tail };
}

static void random_step(struct fixture *fx)
{
	uint32_t offset = draw(fx, BYTES), len = draw(fx, BYTES - offset);
	uint32_t which = draw(fx, ORIGINS + 1);

	if (draw(fx, 3))
		len %= 20;
	switch (draw(fx, 12)) {
	case 0:
		assert_int_equal(content_clear(&fx->content, offset, len), 0);
		forget(fx, offset, len);
		break;
	case 1:
		content_truncate(&fx->content, offset);
		forget(fx, offset, BYTES - offset);
		break;
	case 2:
		punch(fx, offset, len);
		break;
	default:
		/* Two ways of lying in an origin, so that some continue. */
		set(fx, offset, len, which < ORIGINS ? &fx->origins[which] :
						       NULL,
		    offset + 1000 * draw(fx, 2));
	}
}

static void random_against_model(void **state)
{
	struct fixture *fx = *state;
	int i;

	for (i = 0; i < 30000; i++) {
		random_step(fx);
		compare(fx);
		if (i % 500 == 499) {
			content_release(&fx->content);
			forget(fx, 0, BYTES);
		}
	}
}

struct one_case {
	uint64_t offset, len, at;
	bool map;		/* whether memory is needed then */
};

/* The common ways of a file with one range cost no memory. */
static void one_range_is_inline(void **state)
{
	struct fixture *fx = *state;
	const struct one_case cases[] = {
		{ 0, 60, 10, false },	/* first */
		{ 0, 60, 90, false },	/* over all of it */
		{ 60, 20, 150, false },	/* appended */
		{ 0, 95, 0, false },	/* over more than it */
		{ 95, 5, 7, true },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set(fx, cases[i].offset, cases[i].len, &fx->origins[0],
		    cases[i].at);
		compare(fx);
		assert_int_equal(content_map_of(&fx->content) != NULL,
				 cases[i].map);
	}
	content_release(&fx->content);
	forget(fx, 0, BYTES);
	set(fx, 0, 100, &fx->origins[1], 0);
	content_truncate(&fx->content, 40);
	forget(fx, 40, 60);
	compare(fx);
	assert_int_equal(content_clear(&fx->content, 40, 60), 0);
	assert_int_equal(content_clear(&fx->content, 0, 40), 0);
	forget(fx, 0, 40);
	compare(fx);
	assert_null(content_map_of(&fx->content));
	assert_int_equal(fx->origins[1].refs, 1);
}

/* Replacing a range by one of the same, last reference. */
static void last_reference(void **state)
{
	struct fixture *fx = *state;
	struct origin *o = &fx->origins[2];

	set(fx, 0, 10, o, 0);
	o->refs--;
	set(fx, 0, 10, o, 100);
	assert_int_equal(o->refs, 1);
	set(fx, 50, 10, o, 0);
	set(fx, 0, 60, o, 7);
	assert_int_equal(o->refs, 1);
	assert_non_null(o->ops);
	content_truncate(&fx->content, 0);
	assert_null(o->ops);
	forget(fx, 0, BYTES);
	o->ops = &fake_ops;
	o->refs = 1;
	compare(fx);
}

enum { MANY = 100000, STEP = 4096 };

static void many_ranges(void **state)
{
	struct fixture *fx = *state;
	struct content_range r = { .len = STEP };
	uint64_t i, pos, seen = 0;

	for (i = 0; i < MANY; i++) {
		r.offset = i * STEP;
		r.origin = &fx->origins[i % 2];
		r.origin_offset = i * STEP;
		assert_int_equal(content_set(&fx->content, &r), 0);
	}
	assert_int_equal(content_count(&fx->content), MANY);
	/* Replaced in an order far from theirs, then all is one range. */
	for (i = 0; i < MANY; i++) {
		pos = i * 7919 % MANY;
		r.offset = r.origin_offset = pos * STEP;
		r.origin = &fx->origins[2];
		assert_int_equal(content_set(&fx->content, &r), 0);
	}
	for (pos = 0; content_next(&fx->content, pos, &r); seen++)
		pos = r.offset + r.len;
	assert_int_equal(seen, 1);
	assert_true(pos == (uint64_t)MANY * STEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_against_model, setup,
						teardown),
		cmocka_unit_test_setup_teardown(one_range_is_inline, setup,
						teardown),
		cmocka_unit_test_setup_teardown(last_reference, setup,
						teardown),
		cmocka_unit_test_setup_teardown(many_ranges, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
