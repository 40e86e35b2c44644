// SPDX-License-Identifier: GPL-2.0-or-later
/* Inodes: bytes and digests made by another program, and every edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <ext2fs/ext2fs.h>

#include "base/endian.h"
#include "image/inode.h"
#include "image_fnv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { HUGE_FILE_FL = 0x40000 };

static const int64_t LAST_WIDE = INT64_C(15032385535);

static struct format format(uint32_t inode_size, uint32_t extra, bool csum)
{
	struct format fmt = { .block_size = 4096, .block_bits = 12,
			      .inode_size = inode_size, .extra_isize = extra,
			      .csum_seed = 0x1234abcd,
			      .metadata_csum = csum, .huge_file = true };

	return fmt;
}

/* Every field with a value of its own. */
static struct inode_values sample(void)
{
	struct inode_values v = {
		.mode = 0100644, .uid = 0x12345678, .gid = 0x9abcdef0,
		.links = 65000, .flags = 0x80000, .generation = 0xdeadbeef,
		.version = UINT64_C(0x77cafe0001),
		.size = UINT64_C(0x1289abcdef),
		.blocks = 0x123456789, .file_acl = UINT64_C(0xabcdef012345),
		.times = {
			[INODE_ATIME] = { -1, 999999999 },
			[INODE_MTIME] = { INT64_C(1) << 31, 1 },
			[INODE_CTIME] = { 1700000000, 123456789 },
			[INODE_CRTIME] = { LAST_WIDE, 5 },
		},
	};
	uint8_t i;

	for (i = 0; i < 60; i++)
		v.i_block[i] = i;
	return v;
}

static void bytes(void **state)
{
	const uint8_t want[160] = {
		0xa4, 0x81, 0x78, 0x56, 0xef, 0xcd, 0xab, 0x89, 0xff, 0xff,
		0xff, 0xff, 0x00, 0xf1, 0x53, 0x65, 0x00, 0x00, 0x00, 0x80,
		0x00, 0x00, 0x00, 0x00, 0xf0, 0xde, 0xe8, 0xfd, 0x48, 0x3c,
		0x2b, 0x1a, 0x00, 0x00, 0x08, 0x00, 0x01, 0x00, 0xfe, 0xca,
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
		0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13,
		0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d,
		0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
		0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31,
		0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b,
		0xef, 0xbe, 0xad, 0xde, 0x45, 0x23, 0x01, 0xef, 0x12, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x00, 0xcd, 0xab,
		0x34, 0x12, 0xbc, 0x9a, 0x5a, 0xa9, 0x00, 0x00, 0x20, 0x00,
		0xba, 0x97, 0x54, 0x34, 0x6f, 0x1d, 0x05, 0x00, 0x00, 0x00,
		0xfc, 0x27, 0x6b, 0xee, 0xff, 0xff, 0xff, 0x7f, 0x17, 0x00,
		0x00, 0x00, 0x77, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	struct format fmt = format(256, 32, true);
	struct inode_values v = sample();
	uint8_t out[257];
	size_t i;

	(void)state;
	memset(out, 0x5a, sizeof(out));
	inode_encode(out, &fmt, 12, &v);
	assert_memory_equal(out, want, sizeof(want));
	for (i = sizeof(want); i < 256; i++)
		assert_int_equal(out[i], 0);
	assert_int_equal(out[256], 0x5a);
}

static void sizes(void **state)
{
	const struct {
		uint32_t inode_size, extra;
		bool csum;
		size_t ibody_len;
		uint8_t ibody;		/* repeated */
		uint64_t digest;
	} cases[] = {
		{ 128, 0, true, 0, 0, UINT64_C(0xdc1c9a56e2f35977) },
		{ 128, 0, false, 0, 0, UINT64_C(0x72abcc1ce8f2945f) },
		{ 256, 32, true, 96, 9, UINT64_C(0x4a9f2018a0431d22) },
		{ 256, 32, false, 0, 0, UINT64_C(0x112d9090862905f6) },
		{ 256, 0, true, 0, 0, UINT64_C(0x421f92e59c293697) },
		{ 256, 4, true, 0, 0, UINT64_C(0xa51155bec8951e63) },
		{ 256, 20, true, 0, 0, UINT64_C(0x514101e0aef32786) },
		{ 256, 28, true, 0, 0, UINT64_C(0xfa9ad1343ed680db) },
		{ 1024, 32, true, 864, 7, UINT64_C(0x52073a806955d908) },
	};
	uint8_t out[1024], ibody[1024];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct format fmt = format(cases[i].inode_size, cases[i].extra,
					   cases[i].csum);
		struct inode_values v = sample();

		memset(ibody, cases[i].ibody, sizeof(ibody));
		v.ibody = ibody;
		v.ibody_len = cases[i].ibody_len;
		assert_true(v.ibody_len <= inode_xattr_room(&fmt));
		inode_encode(out, &fmt, 12, &v);
		assert_true(fnv(out, fmt.inode_size) == cases[i].digest);
	}
}

static void xattr_room(void **state)
{
	const struct {
		uint32_t inode_size, extra;
		size_t room;
	} cases[] = {
		{ 128, 0, 0 }, { 256, 32, 96 }, { 256, 28, 100 },
		{ 256, 0, 128 }, { 256, 128, 0 }, { 1024, 32, 864 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct format fmt = format(cases[i].inode_size, cases[i].extra,
					   true);

		assert_int_equal(inode_xattr_room(&fmt), cases[i].room);
	}
}

/* sec, nsec; what 256-byte inodes store; what 128-byte ones do. */
static void times(void **state)
{
	const int64_t two31 = INT64_C(1) << 31, two32 = INT64_C(1) << 32;
	const struct {
		struct timestamp t, wide;
		uint32_t low, extra;
		struct timestamp narrow;
	} cases[] = {
		{ { 0, 0 }, { 0, 0 }, 0, 0, { 0, 0 } },
		{ { 5, 7 }, { 5, 7 }, 5, 7 << 2, { 5, 0 } },
		{ { -1, 999999999 }, { -1, 999999999 }, 0xffffffff,
		  999999999u << 2, { -1, 0 } },
		{ { two31 - 1, 0 }, { two31 - 1, 0 }, 0x7fffffff, 0,
		  { two31 - 1, 0 } },
		{ { two31, 3 }, { two31, 3 }, 0x80000000, 3 << 2 | 1,
		  { two31 - 1, 0 } },
		{ { two32, 0 }, { two32, 0 }, 0, 1, { two31 - 1, 0 } },
		{ { two32 + two31, 0 }, { two32 + two31, 0 }, 0x80000000, 2,
		  { two31 - 1, 0 } },
		{ { LAST_WIDE, 999999999 }, { LAST_WIDE, 999999999 },
		  0x7fffffff, 999999999u << 2 | 3, { two31 - 1, 0 } },
		{ { LAST_WIDE + 1, 4 }, { LAST_WIDE, 0 }, 0x7fffffff, 3,
		  { two31 - 1, 0 } },
		{ { INT64_MAX, 4 }, { LAST_WIDE, 0 }, 0x7fffffff, 3,
		  { two31 - 1, 0 } },
		{ { -two31, 6 }, { -two31, 6 }, 0x80000000, 6 << 2,
		  { -two31, 0 } },
		{ { -two31 - 1, 999999999 }, { -two31, 0 }, 0x80000000, 0,
		  { -two31, 0 } },
		{ { INT64_MIN, 1 }, { -two31, 0 }, 0x80000000, 0,
		  { -two31, 0 } },
	};
	struct format wide = format(256, 32, false);
	struct format narrow = format(128, 0, false);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct timestamp t = cases[i].t, w, n;
		struct inode_values v = { .times = { t, t, t, t } };
		uint8_t out[256];

		w = inode_time_clamp(&wide, t);
		n = inode_time_clamp(&narrow, t);
		assert_true(w.sec == cases[i].wide.sec);
		assert_int_equal(w.nsec, cases[i].wide.nsec);
		assert_true(n.sec == cases[i].narrow.sec);
		assert_int_equal(n.nsec, cases[i].narrow.nsec);
		inode_encode(out, &wide, 12, &v);
		assert_int_equal(get_le32(out + 0x08), cases[i].low);
		assert_int_equal(get_le32(out + 0x8c), cases[i].extra);
		assert_int_equal(get_le32(out + 0x90), cases[i].low);
		assert_int_equal(get_le32(out + 0x94), cases[i].extra);
		inode_encode(out, &narrow, 12, &v);
		assert_int_equal(get_le32(out + 0x10),
				 (uint32_t)cases[i].narrow.sec);
	}
}

static void devices(void **state)
{
	const struct {
		uint32_t major, minor, old, new;
	} cases[] = {
		{ 0, 0, 0, 0 },
		{ 1, 3, 0x103, 0 },
		{ 255, 255, 0xffff, 0 },
		{ 256, 0, 0, 0x10000 },
		{ 1, 256, 0, 0x100100 },
		{ 259, 70000, 0, 0x11110370 },
		{ 4095, 1048575, 0, 0xffffffff },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		uint8_t i_block[60];

		memset(i_block, 0x5a, sizeof(i_block));
		inode_set_device(i_block, cases[i].major, cases[i].minor);
		assert_int_equal(get_le32(i_block), cases[i].old);
		assert_int_equal(get_le32(i_block + 4), cases[i].new);
		for (k = 8; k < 60; k++)
			assert_int_equal(i_block[k], 0);
	}
}

static void links(void **state)
{
	const struct {
		uint32_t mode, links;
		uint16_t stored;
	} cases[] = {
		{ 0100644, 1, 1 }, { 0100644, 65000, 65000 },
		{ 0040755, 2, 2 }, { 0040755, 65000, 65000 },
		{ 0040755, 65001, 1 }, { 0040755, 1000000, 1 },
	};
	struct format fmt = format(256, 32, true);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct inode_values v = { .mode = cases[i].mode,
					  .links = cases[i].links };
		uint8_t out[256];

		inode_encode(out, &fmt, 12, &v);
		assert_int_equal(get_le16(out + 0x1a), cases[i].stored);
	}
}

static void block_counts(void **state)
{
	const struct {
		uint64_t blocks;
		uint32_t flags, low;
		uint16_t high;
		uint32_t stored_flags;
	} cases[] = {
		{ 0, 0x80000, 0, 0, 0x80000 },
		{ 1, HUGE_FILE_FL, 8, 0, 0 },
		{ (UINT64_C(1) << 29) - 1, 0, 0xfffffff8, 0, 0 },
		{ UINT64_C(1) << 29, 0, 0, 1, 0 },
		{ (UINT64_C(1) << 45) - 1, 0, 0xfffffff8, 0xffff, 0 },
		{ UINT64_C(1) << 45, 0x80000, 0, 0x2000,
		  HUGE_FILE_FL | 0x80000 },
	};
	struct format fmt = format(256, 32, true);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct inode_values v = { .mode = 0100644,
					  .blocks = cases[i].blocks,
					  .flags = cases[i].flags };
		uint8_t out[256];

		inode_encode(out, &fmt, 12, &v);
		assert_int_equal(get_le32(out + 0x1c), cases[i].low);
		assert_int_equal(get_le16(out + 0x74), cases[i].high);
		assert_int_equal(get_le32(out + 0x20), cases[i].stored_flags);
	}
}

/* The high half means the size only for files, and folders of large_dir. */
static void size_high(void **state)
{
	const struct {
		uint32_t mode;
		bool large_dir;
		uint32_t high;
	} cases[] = {
		{ 0100644, false, 0x12 }, { 0100644, true, 0x12 },
		{ 0040755, true, 0x12 }, { 0040755, false, 0 },
		{ 0120777, true, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct format fmt = format(256, 32, true);
		struct inode_values v = { .mode = cases[i].mode,
					  .size = UINT64_C(0x1200001000) };
		uint8_t out[256];

		fmt.large_dir = cases[i].large_dir;
		inode_encode(out, &fmt, 12, &v);
		assert_int_equal(get_le32(out + 4), 0x1000);
		assert_int_equal(get_le32(out + 0x6c), cases[i].high);
	}
}

/* With the instruction of the processor and without it: the same, whatever
 * the length and the alignment. */
static void checksums(void **state)
{
	uint8_t bytes[320];
	uint32_t crc = ~0U;
	size_t i, from;

	(void)state;
	assert_int_equal(~format_crc32c(~0U, "123456789", 9), 0xe3069283);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 2654435761U >> 11);
	for (from = 0; from < 9; from++)
		for (i = 0; i < sizeof(bytes) - from; i++) {
			assert_int_equal(format_crc32c(crc, bytes + from, i),
					 ext2fs_crc32c_le(crc, bytes + from,
							  i));
			crc = crc * 69069 + 1;
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(sizes),
		cmocka_unit_test(xattr_room),
		cmocka_unit_test(times),
		cmocka_unit_test(devices),
		cmocka_unit_test(links),
		cmocka_unit_test(block_counts),
		cmocka_unit_test(size_high),
		cmocka_unit_test(checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
