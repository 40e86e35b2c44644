// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Indexed folders: digests made by another program, and every name found
 * again the way the kernel looks it up, at each depth and to its limit.
 */
#include <ext2fs/ext2fs.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image_fnv.h"
#include "image_folder.h"

static const uint32_t HASH_END = 0xfffffffe;

struct index_case {
	uint32_t block_size;
	bool csum, filetype;
	uint32_t n;
	uint8_t width;
	uint64_t blocks;
	uint32_t leaves;
	uint8_t levels;
	uint64_t digest;
};

static void indexed(void **state)
{
	const struct index_case cases[] = {
		{ 1024, true, true, 100, 8, 3, 2, 0, 0x95950ce3ded979bd },
		{ 1024, false, true, 100, 8, 3, 2, 0, 0xb95408d285063358 },
		{ 1024, true, false, 100, 8, 3, 2, 0, 0xf59152b05dd57985 },
		{ 1024, false, false, 100, 8, 3, 2, 0, 0x8d9757290180b869 },
		{ 4096, true, true, 400, 20, 4, 3, 0, 0xb2d69044603b9ccb },
		{ 1024, true, true, 1500, 255, 505, 500, 1,
		  0x8e0a66a032ffa140 },
		{ 1024, false, true, 1500, 255, 505, 500, 1,
		  0xc954920e6fad594a },
		{ 2048, true, true, 1500, 77, 67, 66, 0, 0x67317d956c694234 },
		{ 65536, true, true, 5000, 20, 4, 3, 0, 0x192bd7bd113419d1 },
		{ 65536, false, true, 3000, 100, 6, 5, 0, 0x621fd08b8f1cb2c6 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct index_case *c = &cases[i];
		struct format fmt = format(c->block_size, c->csum,
					   c->filetype);
		struct folder f = make_folder(c->n, c->width);
		struct dir_layout l;
		uint8_t *blocks;

		assert_int_equal(dir_layout_init(&l, &fmt, f.names, f.n, 1),
				 0);
		assert_true(l.indexed);
		assert_int_equal(l.blocks, c->blocks);
		assert_int_equal(l.leaves, c->leaves);
		blocks = encode(&l, &fmt, f.names);
		assert_int_equal(blocks[30], c->levels);
		assert_true(fnv(blocks, l.blocks * c->block_size) ==
			    c->digest);
		test_free(blocks);
		dir_layout_release(&l);
		free_folder(&f);
	}
}

static const uint8_t *entries_of(const uint8_t *blocks,
				 const struct format *fmt, uint32_t block)
{
	return blocks + (size_t)block * fmt->block_size + (block ? 8 : 32);
}

/* The last entry of an index block whose hash is not over @hash. */
static uint32_t search(const uint8_t *entries, uint32_t hash)
{
	uint32_t low = 1, high = get_le16(entries + 2);

	assert_true(high >= 1 && high <= get_le16(entries));
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (get_le32(entries + 8 * mid) > hash)
			high = mid;
		else
			low = mid + 1;
	}
	return low - 1;
}

static uint32_t find_in_leaf(const uint8_t *leaf, const struct format *fmt,
			     const struct dir_name *name)
{
	uint32_t at = 0, rec_len;

	for (; at < fmt->block_size; at += rec_len) {
		rec_len = get_le16(leaf + at + 4);
		if (rec_len == 0xffff)
			rec_len = 65536;
		assert_true(rec_len >= 8 && rec_len % 4 == 0 &&
			    rec_len <= fmt->block_size - at);
		if (get_le32(leaf + at) && leaf[at + 6] == name->len &&
		    memcmp(leaf + at + 8, name->name, name->len) == 0)
			return get_le32(leaf + at);
	}
	assert_int_equal(at, fmt->block_size);
	return 0;
}

/* Look @name up: down the index, then on through leaves of the same hash. */
static uint32_t look_up(const uint8_t *blocks, const struct format *fmt,
			const struct dir_name *name)
{
	uint32_t path[4] = { 0 }, slot[4], level, ino, hash;
	uint32_t levels = blocks[30];
	const uint8_t *e;

	assert_int_equal(ext2fs_dirhash(EXT2_HASH_HALF_MD4_UNSIGNED,
					name->name, name->len, fmt->hash_seed,
					&hash, NULL), 0);
	if (hash == HASH_END)
		hash = HASH_END - 2;
	for (level = 0; level <= levels; level++) {
		e = entries_of(blocks, fmt, path[level]);
		slot[level] = search(e, hash);
		path[level + 1] = get_le32(e + 8 * slot[level] + 4);
	}
	for (;;) {
		ino = find_in_leaf(blocks + (size_t)path[levels + 1] *
				   fmt->block_size, fmt, name);
		if (ino)
			return ino;
		for (level = levels + 1; level > 0; level--) {
			e = entries_of(blocks, fmt, path[level - 1]);
			if (++slot[level - 1] < get_le16(e + 2))
				break;
		}
		if (!level || get_le32(e + 8 * slot[level - 1]) != (hash | 1))
			return 0;
		path[level] = get_le32(e + 8 * slot[level - 1] + 4);
		for (; level <= levels; level++) {
			slot[level] = 0;
			e = entries_of(blocks, fmt, path[level]);
			path[level + 1] = get_le32(e + 4);
		}
	}
}

struct depth_case {
	bool csum, large_dir;
	uint32_t n;	/* names of 255 bytes, three a leaf */
	errcode_t err;
	uint8_t levels;
};

static void check_depth(const struct depth_case *c, const struct folder *f)
{
	struct format fmt = format(1024, c->csum, true);
	struct dir_layout l = { .n = 12345 };
	uint8_t *blocks;
	uint32_t i;

	fmt.large_dir = c->large_dir;
	assert_int_equal(dir_layout_init(&l, &fmt, f->names, c->n, 1), c->err);
	if (c->err) {
		assert_int_equal(l.n, 12345);
		return;
	}
	blocks = encode(&l, &fmt, f->names);
	assert_int_equal(blocks[30], c->levels);
	for (i = 0; i < c->n; i++)
		assert_int_equal(look_up(blocks, &fmt, &f->names[i]),
				 FIRST_INO + i);
	test_free(blocks);
	dir_layout_release(&l);
}

/* 1 KiB: 123 entries in the root and 126 in a node with checksums, one more
 * each without. */
static void depths(void **state)
{
	const struct depth_case cases[] = {
		{ true, false, 3 * 123, 0, 0 },
		{ true, false, 3 * 123 + 1, 0, 1 },
		{ false, false, 3 * 124, 0, 0 },
		{ false, false, 3 * 124 + 1, 0, 1 },
		{ true, false, 3 * 123 * 126, 0, 1 },
		{ true, false, 3 * 123 * 126 + 1, E4PACK_ET_TOO_BIG, 0 },
		{ true, true, 3 * 123 * 126 + 1, 0, 2 },
		{ false, false, 3 * 124 * 127, 0, 1 },
		{ false, false, 3 * 124 * 127 + 1, E4PACK_ET_TOO_BIG, 0 },
		{ false, true, 3 * 124 * 127 + 1, 0, 2 },
	};
	struct folder f = make_folder(3 * 124 * 127 + 1, 255);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		check_depth(&cases[i], &f);
	free_folder(&f);
}

/* Four names of 255 bytes with one hash, found by search. */
static struct folder same_hash(void)
{
	const char *const starts[] = { "006230010", "017525353", "022210044",
				       "022414280" };
	struct folder f = make_folder(4, 255);
	size_t i;

	memset(f.text, 'z', 4 * 255);
	for (i = 0; i < 4; i++) {
		memcpy(f.text + 255 * i, starts[i], 9);
		f.names[i].ino = 20 + i;
		f.names[i].file_type = 1;
	}
	return f;
}

static void hash_over_leaves(void **state)
{
	const uint8_t root[32] = {
		0, 0, 0, 0, 1, 8, 0, 0, 124, 0, 2, 0, 1, 0, 0, 0,
		0x37, 0x05, 0xa8, 0x01, 2, 0, 0, 0,
	};
	struct format fmt = format(1024, false, true);
	struct folder f = same_hash();
	struct dir_layout l;
	uint8_t *blocks;
	size_t i;

	(void)state;
	assert_int_equal(dir_layout_init(&l, &fmt, f.names, 4, 1), 0);
	assert_int_equal(l.leaves, 2);
	blocks = encode(&l, &fmt, f.names);
	assert_memory_equal(blocks + 24, root, sizeof(root));
	assert_true(fnv(blocks, 3 * 1024) == UINT64_C(0x692faccbf82f628b));
	for (i = 0; i < 4; i++)
		assert_int_equal(look_up(blocks, &fmt, &f.names[i]), 20 + i);
	test_free(blocks);
	dir_layout_release(&l);
	free_folder(&f);
}

/* Names whose hash is the kernel's end mark, and one (the fourth) just below
 * it, behind a growing number of others: the kernel must find them all, and
 * no leaf but the last may have the former, as e2fsck wants it. */
static void end_mark(void **state)
{
	const char *const ends[] = { "eof.ijdkijlj", "eof.jamfgfpe",
				     "eof.kjnkkble", "eof.mjggkeah",
				     "eof.ppalkmif" };
	struct format fmt = format(1024, true, true);
	uint32_t n, i, moved = 0, last;
	struct dir_layout l;
	struct folder f;
	uint8_t *blocks;

	(void)state;
	for (n = 100; n < 200; n++) {
		f = make_folder(n, 20);
		for (i = 0; i < COUNT(ends); i++) {
			f.names[n - 5 + i].name = ends[i];
			f.names[n - 5 + i].len = 12;
		}
		assert_int_equal(dir_layout_init(&l, &fmt, f.names, n, 1), 0);
		blocks = encode(&l, &fmt, f.names);
		for (i = 0; i < n; i++)
			assert_int_equal(look_up(blocks, &fmt, &f.names[i]),
					 FIRST_INO + i);
		for (i = n - 5; i < n; i++)
			if (i != n - 2)
				assert_int_not_equal(find_in_leaf(blocks +
					l.leaves * 1024, &fmt, &f.names[i]),
					0);
		last = get_le32(blocks + 32 + 8 * (l.leaves - 1));
		moved += last == (HASH_END - 2) || last == HASH_END - 1;
		test_free(blocks);
		dir_layout_release(&l);
		free_folder(&f);
	}
	assert_true(moved > 0);
}

static void bad_hash(void **state)
{
	struct format fmt = format(1024, true, true);
	struct folder f = make_folder(200, 8);
	struct dir_layout l = { .n = 12345 };

	(void)state;
	fmt.hash_version = 77;
	assert_int_equal(dir_layout_init(&l, &fmt, f.names, f.n, 1),
			 EXT2_ET_DIRHASH_UNSUPP);
	assert_int_equal(l.n, 12345);
	free_folder(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(indexed),
		cmocka_unit_test(depths),
		cmocka_unit_test(hash_over_leaves),
		cmocka_unit_test(end_mark),
		cmocka_unit_test(bad_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
