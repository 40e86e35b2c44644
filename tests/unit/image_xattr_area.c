// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries of attributes read back: those that the encoder wrote, and areas
 * with every byte of them changed in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "image/read_xattr.h"

enum { BLOCK = 1024, INODE = 256, EXTRA = 32, HEADER = 32 };

static const struct format format = {
	.block_size = BLOCK, .block_bits = 10, .inode_size = INODE,
	.extra_isize = EXTRA, .ext_attr = true, .metadata_csum = true,
};

static struct xattr_set *make_set(void)
{
	struct xattr_builder b = { 0 };
	struct xattr_set *set = NULL;
	uint8_t long_value[300];

	memset(long_value, 'v', sizeof(long_value));
	assert_int_equal(xattr_builder_add(&b, "user.a", "1", 1), 0);
	assert_int_equal(xattr_builder_add(&b, "user.empty", "", 0), 0);
	assert_int_equal(xattr_builder_add(&b, "trusted.long", long_value,
					   sizeof(long_value)), 0);
	assert_int_equal(xattr_builder_finish(&b, &set), 0);
	return set;
}

static bool is_same(const struct xattr *a, const struct xattr *b)
{
	return a->index == b->index && a->name_len == b->name_len &&
	       a->value_len == b->value_len &&
	       !memcmp(a->name, b->name, a->name_len) &&
	       !memcmp(a->value, b->value, a->value_len);
}

/* Count the entries of @a that are in @set; all have to be. */
static uint32_t count_known(struct xattr_area *a, const struct xattr_set *set)
{
	struct xattr_entry e;
	uint32_t i, n = 0;

	while (xattr_area_next(a, &e) == XATTR_NEXT_ENTRY) {
		for (i = 0; i < set->n; i++)
			if (is_same(&set->entries[i], &e.x))
				break;
		assert_true(i < set->n);
		assert_int_equal(e.value_ino, 0);
		n++;
	}
	assert_int_equal(xattr_area_next(a, &e), XATTR_NEXT_END);
	return n;
}

static void encode(uint8_t *inode, uint8_t *block,
		   const struct xattr_set *set)
{
	struct xattr_layout l;
	const size_t room = INODE - 128 - EXTRA;

	memset(inode, 0, INODE);
	inode[128] = EXTRA;
	assert_int_equal(xattr_layout_init(&l, &format, set, room), 0);
	assert_true(l.has_ibody && l.has_block);
	xattr_encode_ibody(inode + 128 + EXTRA, room, &format, NULL, set, &l,
			   NULL);
	xattr_encode_block(block, &format, set, &l, NULL, 77, 1);
	xattr_layout_release(&l);
}

static void what_was_written(void **state)
{
	struct xattr_set *set = make_set();
	uint8_t inode[INODE], block[BLOCK];
	struct xattr_area a;
	uint32_t n;

	(void)state;
	encode(inode, block, set);
	assert_true(xattr_area_of_inode(&a, inode, INODE));
	n = count_known(&a, set);
	a = (struct xattr_area){ .bytes = block, .size = BLOCK,
				 .at = HEADER };
	assert_int_equal(n + count_known(&a, set), set->n);
	inode[128 + EXTRA] ^= 1;
	assert_false(xattr_area_of_inode(&a, inode, INODE));
	assert_false(xattr_area_of_inode(&a, inode, 128));
	free(set);
}

/* Every entry that is told lies in the area whole, and they come to an end. */
static void drain(struct xattr_area *a)
{
	const uint8_t *end = a->bytes + a->size;
	struct xattr_entry e;
	size_t n = 0;

	while (xattr_area_next(a, &e) == XATTR_NEXT_ENTRY) {
		assert_true((const uint8_t *)e.x.name >= a->bytes &&
			    (const uint8_t *)e.x.name + e.x.name_len <= end);
		if (!e.value_ino && e.x.value_len)
			assert_true(e.x.value >= a->bytes &&
				    e.x.value_len <=
				    (size_t)(end - e.x.value));
		assert_true(++n <= a->size);
	}
}

static void every_byte_changed(void **state)
{
	static const uint8_t masks[] = { 1, 0x80, 0xff };
	struct xattr_set *set = make_set();
	uint8_t inode[INODE], block[BLOCK];
	struct xattr_area a;
	size_t i, k;

	(void)state;
	encode(inode, block, set);
	for (i = 0; i < 3 * BLOCK; i++) {
		block[i / 3] ^= masks[i % 3];
		a = (struct xattr_area){ .bytes = block, .size = BLOCK,
					 .at = HEADER };
		drain(&a);
		block[i / 3] ^= masks[i % 3];
	}
	for (i = 0; i < INODE; i++) {
		for (k = 0; k < 256; k++) {
			inode[i] ^= k;
			if (xattr_area_of_inode(&a, inode, INODE))
				drain(&a);
			inode[i] ^= k;
		}
	}
	free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written),
		cmocka_unit_test(every_byte_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
