// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inline data: every short word of operations against the model, staged and
 * on a live image, with room, without room and without memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delay_allocator.h"

enum { LETTERS = 14, MAX_PARTS = 2, BLOCKS = 8 };

enum where { NOWHERE, INODE, IN_BLOCKS };

/* A small file, where it is by the rules, and how it is written. */
struct small {
	struct live l;
	enum where where;
	bool is_live;
};

static void small_init(struct small *s, uint32_t bits, uint64_t room,
		       bool is_live, bool nodelalloc)
{
	live_init(&s->l, BLOCKS, bits, room, false, nodelalloc);
	s->l.w.d.inline_max = MAX_PARTS * PART;
	s->where = NOWHERE;
	s->is_live = is_live;
	if (!is_live)
		s->l.w.d.ops = &delay_ops;
}

static void check(struct small *s)
{
	settle(&s->l);
	compare(&s->l.w);
	assert_int_equal(s->l.w.f.in_inode, s->where == INODE);
	assert_int_equal(s->l.w.f.in_blocks, s->where == IN_BLOCKS);
}

/* In the model, the bytes in the inode get a block. */
static void leave(struct small *s)
{
	if (s->where == INODE) {
		s->l.w.model[0].status = ES_DELAYED;
		s->l.w.model[0].staged = true;
	}
	s->where = IN_BLOCKS;
}

static errcode_t write_small(struct small *s, uint32_t part, uint32_t n,
			     struct origin *o)
{
	struct world *w = &s->l.w;
	bool stays = s->where != IN_BLOCKS && part + n <= MAX_PARTS &&
		     w->model_size <= MAX_PARTS * PART;
	errcode_t err;

	if (!stays) {
		leave(s);
		return s->is_live ? live_write(&s->l, part, n, o) :
				    write_parts(w, part, n, o);
	}
	err = da_write(&w->d, &w->f, part * PART, n * PART, o, part * PART);
	if (err)
		return err;
	s->where = INODE;
	memset(&w->parts[part], o ? STAGED : ZEROS, n);
	if (w->model_size < (part + n) * PART)
		w->model_size = (part + n) * PART;
	return 0;
}

static errcode_t truncate_small(struct small *s, uint32_t parts)
{
	if (s->where == INODE && parts * PART > s->l.w.model_size)
		leave(s);
	return truncate_parts(&s->l.w, parts);
}

static errcode_t fallocate_small(struct small *s, uint32_t part, uint32_t n)
{
	leave(s);
	return s->is_live ? live_fallocate(&s->l, part, n) :
			    fallocate_parts(&s->l.w, part, n);
}

static errcode_t punch_small(struct small *s, uint32_t part, uint32_t n)
{
	leave(s);
	return punch_parts(&s->l.w, part, n);
}

static errcode_t letter(struct small *s, uint32_t which)
{
	struct world *w = &s->l.w;

	switch (which) {
	case 0: return write_small(s, 0, 1, &w->origins[0]);
	case 1: return write_small(s, 1, 1, &w->origins[0]);
	case 2: return write_small(s, 0, 2, NULL);
	case 3: return write_small(s, 0, 3, &w->origins[0]);
	case 4: return write_small(s, 6, 1, &w->origins[0]);
	case 5: return truncate_small(s, 0);
	case 6: return truncate_small(s, 1);
	case 7: return truncate_small(s, 2);
	case 8: return truncate_small(s, 9);
	case 9: return fallocate_small(s, 0, 1);
	case 10: return fallocate_small(s, 5, 2);
	case 11: return punch_small(s, 0, 1);
	case 12: return punch_small(s, 1, 8);
	default: return s->is_live ? live_sync(&s->l) : place_all(w);
	}
}

/* As letter(), but a failure must have changed nothing.  Without memory a
 * block may stay where the bytes in the inode were to go. */
static errcode_t attempt(struct small *s, uint32_t which)
{
	struct world *w = &s->l.w;
	enum where where = s->where;
	struct fact before[MAX_BLOCKS];
	errcode_t err;

	memcpy(before, w->model, sizeof(before));
	err = letter(s, which);
	if (!err)
		return 0;
	memcpy(w->model, before, sizeof(before));
	s->where = where;
	if (err == ENOMEM && w->f.in_blocks)
		leave(s);
	return err;
}

static void all_words(uint32_t bits, bool is_live, bool nodelalloc)
{
	uint32_t word, i, rest;
	struct small s;

	for (word = 0; word < LETTERS * LETTERS * LETTERS * LETTERS; word++) {
		small_init(&s, bits, 100, is_live, nodelalloc);
		for (i = 0, rest = word; i < 4; i++, rest /= LETTERS) {
			assert_int_equal(letter(&s, rest % LETTERS), 0);
			check(&s);
		}
		world_release(&s.l.w);
	}
}

static void tiny_world(void **state)
{
	(void)state;
	all_words(0, false, false);
	all_words(0, true, false);
	all_words(0, true, true);
	all_words(2, true, false);
}

/* Words of three letters where the image is full at some point. */
static void full_world(void **state)
{
	uint32_t word, i, rest, room, refused = 0;
	struct small s;
	errcode_t err;

	(void)state;
	for (word = 0; word < LETTERS * LETTERS * LETTERS * 4; word++) {
		room = word % 4 % 2;
		small_init(&s, 0, room, word % 4 / 2, false);
		for (i = 0, rest = word / 4; i < 3; i++, rest /= LETTERS) {
			err = attempt(&s, rest % LETTERS);
			assert_true(!err || err == E4PACK_ET_NO_SPACE);
			refused += err != 0;
			check(&s);
		}
		world_release(&s.l.w);
	}
	assert_true(refused > 1000);
}

static void no_memory(void **state)
{
	uint32_t word, at, failed = 0;
	struct small s;
	errcode_t err;

	(void)state;
	for (word = 0; word < LETTERS * LETTERS * 2; word++) {
		for (at = 1; at < 12; at++) {
			small_init(&s, 0, 100, word % 2, false);
			assert_int_equal(letter(&s, word / 2 % LETTERS), 0);
			check(&s);
			fail_after = at;
			err = attempt(&s, word / 2 / LETTERS);
			fail_after = 0;
			assert_true(!err || err == ENOMEM);
			failed += err != 0;
			assert_true(delayed_file_verify(&s.l.w.d, &s.l.w.f));
			world_release(&s.l.w);
		}
	}
	assert_true(failed > 100);
}

/* Below 60 bytes a file may grow in its inode, above it does not. */
static void growing(void **state)
{
	static const struct {
		uint64_t written, size;
		bool stays;
	} cases[] = {
		{ 1, 60, true }, { 1, 61, false }, { 60, 60, true },
		{ 61, 61, true }, { 61, 62, false }, { 128, 60, true },
		{ 128, 0, true }, { 128, 128, true }, { 128, 129, false },
	};
	struct small s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		small_init(&s, 0, 10, false, false);
		s.l.w.d.inline_max = 128;
		assert_int_equal(da_write(&s.l.w.d, &s.l.w.f, 0,
					  cases[i].written, NULL, 0), 0);
		assert_true(s.l.w.f.in_inode);
		assert_int_equal(da_truncate(&s.l.w.d, &s.l.w.f,
					     cases[i].size), 0);
		assert_int_equal(s.l.w.f.in_inode, cases[i].stays);
		assert_int_equal(s.l.w.f.es.reserved, !cases[i].stays);
		assert_true(s.l.w.f.size == cases[i].size);
		assert_true(delayed_file_verify(&s.l.w.d, &s.l.w.f));
		world_release(&s.l.w);
	}
}

/* What is no write has its block at once; a write delays. */
static void at_once(void **state)
{
	uint32_t i;
	struct small s;

	(void)state;
	for (i = 0; i < 4; i++) {
		small_init(&s, 0, 10, true, false);
		assert_int_equal(write_small(&s, 0, 1, &s.l.w.origins[0]), 0);
		assert_int_equal(s.l.n_requests, 0);
		assert_int_equal(letter(&s, (uint8_t[]){ 3, 8, 9, 11 }[i]),
				 0);
		assert_int_equal(s.l.n_requests, i != 0);
		assert_int_equal(s.l.w.f.es.reserved, i == 0);
		check(&s);
		world_release(&s.l.w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiny_world),
		cmocka_unit_test(full_world),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(growing),
		cmocka_unit_test(at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
