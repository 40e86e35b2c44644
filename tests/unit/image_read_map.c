// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings that lie: extent trees and indirect blocks made by hand in an
 * empty file system of mke2fs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/read_map.h"

enum { BLOCK = 1024, LEAF = 1000, INDEX = 1001, SKIP = 77 };

static char path[] = "/tmp/image_read_map.XXXXXX";

struct told {
	struct extent e[8];
	size_t n;
	uint64_t blocks, meta;
};

static errcode_t keep(void *arg, const struct extent *e)
{
	struct told *t = arg;

	if (t->n < 8)
		t->e[t->n] = *e;
	t->n++;
	t->blocks += e->len;
	return 0;
}

static errcode_t count_meta(void *arg, uint64_t pblk)
{
	struct told *t = arg;

	(void)pblk;
	t->meta++;
	return 0;
}

/* Write a node; each entry is three words: lblk, then as on disk. */
static void put_node(uint8_t *out, uint16_t depth, uint16_t max,
		     uint16_t entries, const uint32_t (*words)[3], size_t n)
{
	size_t i, k;

	put_le16(out, 0xf30a);
	put_le16(out + 2, entries);
	put_le16(out + 4, max);
	put_le16(out + 6, depth);
	for (i = 0; i < n; i++)
		for (k = 0; k < 3; k++)
			put_le32(out + 12 + 12 * i + 4 * k, words[i][k]);
}

static void write_block(uint64_t pblk, const uint8_t *data)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	assert_int_equal(fseek(f, (long)(pblk * BLOCK), SEEK_SET), 0);
	assert_int_equal(fwrite(data, BLOCK, 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

static errcode_t walk(struct told *t, const uint8_t i_block[60],
		      uint32_t flags)
{
	struct inode_info i = { .ino = 12, .mode = S_IFREG | 0644,
				.flags = flags };
	const struct map_visitor v = {
		.extent = keep, .meta = count_meta, .arg = t,
	};
	struct image *img = NULL;
	struct diag diag;
	errcode_t err;

	memset(t, 0, sizeof(*t));
	memcpy(i.i_block, i_block, 60);
	diag_init(&diag, NULL, NULL);
	assert_int_equal(image_open(&img, path, 0, &diag), 0);
	err = read_map(img, &i, &v);
	assert_int_equal(diag.errors, err ? 1 : 0);
	image_close(img);
	diag_release(&diag);
	return err;
}

/* A tree of one node, which lies in the inode. */
struct root_case {
	const char *what;
	uint16_t depth, max, entries;
	uint32_t words[4][3];	/* lblk, len | pblk_hi << 16, pblk_lo */
	errcode_t err;
	uint32_t extents;	/* told */
};

static const struct root_case roots[] = {
	{ "empty", 0, 4, 0, { { 0 } }, 0, 0 },
	{ "one", 0, 4, 1, { { 0, 5, 2000 } }, 0, 1 },
	{ "unwritten", 0, 4, 1, { { 0, 32768 + 7, 2000 } }, 0, 1 },
	{ "last block", 0, 4, 1, { { 0xfffffffe, 1, 2000 } }, 0, 1 },
	{ "past the last", 0, 4, 1, { { 0xfffffffe, 2, 2000 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "length 0", 0, 4, 1, { { 0, 0, 2000 } }, E4PACK_ET_BAD_IMAGE, 0 },
	{ "overlap", 0, 4, 2, { { 0, 5, 2000 }, { 4, 5, 3000 } },
	  E4PACK_ET_BAD_IMAGE, 1 },
	{ "order", 0, 4, 2, { { 9, 5, 2000 }, { 0, 5, 3000 } },
	  E4PACK_ET_BAD_IMAGE, 1 },
	{ "superblock", 0, 4, 1, { { 0, 1, 1 } }, E4PACK_ET_BAD_IMAGE, 0 },
	{ "past the image", 0, 4, 1, { { 0, 2, 8191 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "far past it", 0, 4, 1, { { 0, 2 | 0xffff0000, 0xffffffff } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "more than there are", 0, 4, 3,
	  { { 0, 4000, 2000 }, { 4000, 4000, 2000 }, { 8000, 4000, 2000 } },
	  E4PACK_ET_BAD_IMAGE, 2 },
	{ "max over the node", 0, 5, 1, { { 0, 5, 2000 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "entries over max", 0, 4, 5, { { 0, 5, 2000 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "depth 65535", 65535, 4, 1, { { 0, LEAF, 0 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "empty index", 1, 4, 0, { { 0 } }, E4PACK_ET_BAD_IMAGE, 0 },
	{ "index out of the image", 1, 4, 1, { { 0, 9000, 0 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "leaf", 1, 4, 1, { { 0, LEAF, 0 } }, 0, 2 },
	{ "leaf twice", 1, 4, 2, { { 0, LEAF, 0 }, { 50, LEAF, 0 } },
	  E4PACK_ET_BAD_IMAGE, 2 },
	{ "leaf below its key", 1, 4, 1, { { 20, LEAF, 0 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "keys equal", 1, 4, 2, { { 0, LEAF, 0 }, { 0, LEAF, 0 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "wrong depth below", 2, 4, 1, { { 0, LEAF, 0 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
	{ "index on itself", 2, 4, 1, { { 0, INDEX, 0 } },
	  E4PACK_ET_BAD_IMAGE, 0 },
};

static void extent_trees(void **state)
{
	const uint32_t leaf[2][3] = { { 10, 5, 2000 }, { 15, 3, 2100 } };
	const uint32_t self[1][3] = { { 0, INDEX, 0 } };
	uint8_t block[BLOCK] = { 0 };
	size_t i;

	(void)state;
	put_node(block, 0, 84, 2, leaf, 2);
	write_block(LEAF, block);
	put_node(block, 1, 84, 1, self, 1);
	write_block(INDEX, block);
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		const struct root_case *c = &roots[i];
		uint8_t i_block[60] = { 0 };
		struct told t;
		errcode_t err;

		put_node(i_block, c->depth, c->max, c->entries, c->words, 4);
		err = walk(&t, i_block, INODE_FLAG_EXTENTS);
		if (err != c->err || t.n != c->extents)
			fail_msg("%s: %ld, %zu extents", c->what, (long)err,
				 t.n);
	}
}

static void extent_values(void **state)
{
	const uint32_t words[1][3] = { { 3, 32768 + 7, 2000 } };
	uint8_t i_block[60] = { 0 };
	struct told t;

	(void)state;
	put_node(i_block, 0, 4, 1, words, 1);
	assert_int_equal(walk(&t, i_block, INODE_FLAG_EXTENTS), 0);
	assert_int_equal(t.e[0].lblk, 3);
	assert_int_equal(t.e[0].len, 7);
	assert_int_equal(t.e[0].pblk, 2000);
	assert_true(t.e[0].unwritten);
	i_block[0] = 0;
	assert_int_equal(walk(&t, i_block, INODE_FLAG_EXTENTS),
			 E4PACK_ET_BAD_IMAGE);
	assert_int_equal(walk(&t, i_block, INODE_FLAG_INLINE), 0);
	assert_int_equal(t.n, 0);
}

static void indirect(void **state)
{
	uint8_t i_block[60] = { 0 }, block[BLOCK] = { 0 };
	struct told t;
	uint32_t i;

	(void)state;
	for (i = 0; i < 12; i++)
		put_le32(i_block + 4 * i, 3000 + i);
	put_le32(i_block + 48, 1100);
	put_le32(i_block + 52, 1101);
	/* Goes on where the direct blocks end, then a hole, then one more. */
	put_le32(block, 3012);
	put_le32(block + 40, 3500);
	write_block(1100, block);
	memset(block, 0, sizeof(block));
	put_le32(block + 4, 1102);
	write_block(1101, block);
	memset(block, 0, sizeof(block));
	put_le32(block + 8, 3501);
	write_block(1102, block);
	assert_int_equal(walk(&t, i_block, 0), 0);
	assert_int_equal(t.n, 3);
	assert_int_equal(t.meta, 3);
	assert_int_equal(t.e[0].len, 13);
	assert_int_equal(t.e[1].lblk, 22);
	assert_int_equal(t.e[1].pblk, 3500);
	/* 12 + 256 by the first level, 256 by the first half of the second */
	assert_int_equal(t.e[2].lblk, 12 + 256 + 256 + 2);
}

static void indirect_loop(void **state)
{
	uint8_t i_block[60] = { 0 }, block[BLOCK] = { 0 };
	struct told t;
	uint32_t i;

	(void)state;
	for (i = 0; i < BLOCK / 4; i++)
		put_le32(block + 4 * i, 1103);
	write_block(1103, block);
	put_le32(i_block + 56, 1103);
	assert_int_equal(walk(&t, i_block, 0), E4PACK_ET_BAD_IMAGE);
	assert_true(t.blocks <= 8192);
	memset(i_block, 0, sizeof(i_block));
	put_le32(i_block, 8192);
	assert_int_equal(walk(&t, i_block, 0), E4PACK_ET_BAD_IMAGE);
}

static int make_image(void **state)
{
	char command[256];
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin mke2fs "
		 "-q -F -t ext4 -b 1024 -O ^metadata_csum %s 8192 "
		 ">/dev/null 2>&1", path);
	if (system(command) == 0)
		return 0;
	unlink(path);
	exit(SKIP);
}

static int remove_image(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extent_trees),
		cmocka_unit_test(extent_values),
		cmocka_unit_test(indirect),
		cmocka_unit_test(indirect_loop),
	};

	return cmocka_run_group_tests(tests, make_image, remove_image);
}
