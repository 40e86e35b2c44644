// SPDX-License-Identifier: GPL-2.0-or-later
/* The first look at a superblock: each field with a value that would lead
 * later arithmetic astray. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/read_super.h"

enum { SUPER = 1024, BLOCKS = 8192 };

/* A field of the superblock and its value. */
struct field {
	uint32_t offset, bytes;
	uint64_t value;
};

/* One group of 8192 blocks of 1 KiB. */
static const struct field good[] = {
	{ 0, 4, 2048 },		/* inodes */
	{ 4, 4, BLOCKS },	/* blocks */
	{ 20, 4, 1 },		/* first data block */
	{ 32, 4, 8192 },	/* blocks per group */
	{ 36, 4, 8192 },	/* clusters per group */
	{ 40, 4, 2048 },	/* inodes per group */
	{ 56, 2, 0xef53 },
	{ 76, 4, 1 },		/* revision */
	{ 84, 4, 11 },		/* first inode */
	{ 88, 2, 256 },		/* inode size */
	{ 96, 4, 0x42 },	/* filetype, extents */
};

struct super_case {
	const char *what;
	struct field f[3];
	errcode_t err;
};

static const struct super_case cases[] = {
	{ "good", { { 0 } }, 0 },
	{ "magic", { { 56, 2, 0x1234 } }, E4PACK_ET_NOT_EXT4 },
	{ "log_block_size 7", { { 24, 4, 7 }, { 28, 4, 7 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "log_block_size 31", { { 24, 4, 31 }, { 28, 4, 31 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "cluster size alone", { { 28, 4, 2 } }, E4PACK_ET_BAD_IMAGE },
	{ "cluster size 2^31", { { 100, 4, 0x200 }, { 28, 4, 31 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "bigalloc", { { 100, 4, 0x200 }, { 28, 4, 2 },
			{ 36, 4, 2048 } }, 0 },
	{ "blocks per group 0", { { 32, 4, 0 }, { 36, 4, 0 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "blocks per group over a bitmap",
	  { { 32, 4, 8200 }, { 36, 4, 8200 } }, E4PACK_ET_BAD_IMAGE },
	{ "blocks and clusters disagree", { { 36, 4, 4096 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "groups of 8 blocks", { { 32, 4, 8 }, { 36, 4, 8 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "inodes per group 0", { { 40, 4, 0 } }, E4PACK_ET_BAD_IMAGE },
	{ "inodes per group over a bitmap",
	  { { 40, 4, 8200 }, { 0, 4, 8200 } }, E4PACK_ET_BAD_IMAGE },
	{ "inodes disagree", { { 0, 4, 2049 } }, E4PACK_ET_BAD_IMAGE },
	{ "inode size 0", { { 88, 2, 0 } }, E4PACK_ET_BAD_IMAGE },
	{ "inode size 65535", { { 88, 2, 65535 } }, E4PACK_ET_BAD_IMAGE },
	{ "inode size 192", { { 88, 2, 192 } }, E4PACK_ET_BAD_IMAGE },
	{ "inode size over a block", { { 88, 2, 2048 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "inode size of revision 0",
	  { { 88, 2, 7 }, { 76, 4, 0 } }, 0 },
	{ "inode table over a group", { { 40, 4, 8192 }, { 0, 4, 8192 },
					{ 88, 2, 1024 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "descriptor size 1", { { 96, 4, 0xc2 }, { 254, 2, 1 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "descriptor size 32 with 64bit",
	  { { 96, 4, 0xc2 }, { 254, 2, 32 } }, E4PACK_ET_BAD_IMAGE },
	{ "descriptor size 64", { { 96, 4, 0xc2 }, { 254, 2, 64 } }, 0 },
	{ "descriptor size 1 without 64bit", { { 254, 2, 1 } }, 0 },
	{ "first inode 0", { { 84, 4, 0 } }, E4PACK_ET_BAD_IMAGE },
	{ "first inode past the last", { { 84, 4, 2049 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "first data block 0", { { 20, 4, 0 } }, E4PACK_ET_BAD_IMAGE },
	{ "first data block past the end", { { 20, 4, BLOCKS } },
	  E4PACK_ET_BAD_IMAGE },
	{ "no blocks", { { 4, 4, 1 } }, E4PACK_ET_BAD_IMAGE },
	{ "2^48 blocks", { { 96, 4, 0xc2 }, { 254, 2, 64 },
			   { 336, 4, 0x10000 } }, E4PACK_ET_BAD_IMAGE },
	{ "upper half without 64bit", { { 336, 4, 0x10000 } }, 0 },
	{ "reserved descriptors", { { 206, 2, 300 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "first meta group", { { 96, 4, 0x52 }, { 260, 4, 2 } },
	  E4PACK_ET_BAD_IMAGE },
	{ "revision 2", { { 76, 4, 2 } }, E4PACK_ET_BAD_IMAGE },
	{ "a journal", { { 96, 4, 0x8 } }, E4PACK_ET_UNSUPPORTED },
	{ "compression", { { 96, 4, 0x1 } }, E4PACK_ET_UNSUPPORTED },
	{ "a feature of the future", { { 96, 4, 0x80000000 } },
	  E4PACK_ET_UNSUPPORTED },
	{ "one block short", { { 4, 4, BLOCKS + 1 } }, E4PACK_ET_SHORT },
};

struct message {
	char text[256];
};

static void keep_message(void *arg, enum diag_level level,
			 const char *subject, const char *text)
{
	struct message *m = arg;

	(void)level;
	assert_string_equal(subject, "image");
	strncpy(m->text, text, sizeof(m->text) - 1);
}

static void put_field(uint8_t *super, const struct field *f)
{
	if (f->bytes == 2)
		put_le16(super + f->offset, (uint16_t)f->value);
	else if (f->bytes == 4)
		put_le32(super + f->offset, (uint32_t)f->value);
}

static errcode_t look(struct image_geometry *geo, const uint8_t super[1024],
		      uint64_t bytes, struct message *m)
{
	struct super_source src = { .path = "image", .bytes = bytes };
	struct diag diag;
	errcode_t err;

	memset(m, 0, sizeof(*m));
	diag_init(&diag, keep_message, m);
	src.diag = &diag;
	src.fd = memfd_create("image", 0);
	assert_true(src.fd >= 0);
	assert_int_equal(pwrite(src.fd, super, 1024, SUPER), 1024);
	err = read_super(geo, &src);
	assert_int_equal(diag.errors, err ? 1 : 0);
	close(src.fd);
	diag_release(&diag);
	return err;
}

static void make_good(uint8_t super[1024])
{
	size_t i;

	memset(super, 0, 1024);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		put_field(super, &good[i]);
}

static void fields(void **state)
{
	struct image_geometry geo;
	struct message m;
	uint8_t super[1024];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		errcode_t err;

		make_good(super);
		for (k = 0; k < 3; k++)
			put_field(super, &cases[i].f[k]);
		err = look(&geo, super, BLOCKS * 1024, &m);
		if (err != cases[i].err)
			fail_msg("%s: %ld: %s", cases[i].what, (long)err,
				 m.text);
	}
}

static void figures(void **state)
{
	struct image_geometry geo;
	struct message m;
	uint8_t super[1024];

	(void)state;
	make_good(super);
	assert_int_equal(look(&geo, super, BLOCKS * 1024, &m), 0);
	assert_int_equal(geo.blocks, BLOCKS);
	assert_int_equal(geo.block_size, 1024);
	assert_int_equal(geo.groups, 1);
	assert_int_equal(geo.inodes, 2048);
	assert_int_equal(geo.first_ino, 11);
	assert_true(geo.filetype);
	assert_false(geo.metadata_csum);
}

static void words(void **state)
{
	struct image_geometry geo;
	struct message m;
	uint8_t super[1024];

	(void)state;
	make_good(super);
	assert_int_equal(look(&geo, super, BLOCKS * 1024 - 5, &m),
			 E4PACK_ET_SHORT);
	assert_string_equal(m.text, "the image is 5 bytes short");
	assert_int_equal(look(&geo, super, 0, &m), E4PACK_ET_NOT_EXT4);
	assert_string_equal(m.text, "not an ext2/3/4 image (it is empty)");
	memset(super, 0, sizeof(super));
	memcpy(super, "\xe2\xe1\xf5\xe0", 4);
	assert_int_equal(look(&geo, super, BLOCKS * 1024, &m),
			 E4PACK_ET_NOT_EXT4);
	assert_string_equal(m.text,
			    "not an ext2/3/4 image (looks like erofs)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(figures),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
