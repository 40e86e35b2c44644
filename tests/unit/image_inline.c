// SPDX-License-Identifier: GPL-2.0-or-later
/* Inline data: what fits, and the bytes of folders and attributes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "image/inline_data.h"
#include "image/inode.h"
#include "image/xattr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct format usual = {
	.block_size = 4096, .block_bits = 12, .inode_size = 256,
	.extra_isize = 32, .filetype = true, .ext_attr = true,
	.inline_data = true,
};

/* As measured on Linux 6.18: one byte more and the file has a block. */
static void most(void **state)
{
	static const struct {
		uint32_t inode_size, extra_isize, max;
	} cases[] = {
		{ 128, 0, 0 }, { 256, 32, 128 }, { 512, 32, 384 },
		{ 1024, 32, 896 }, { 256, 108, 0 }, { 256, 100, 60 },
		{ 256, 96, 64 },
	};
	struct format fmt = usual;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		fmt.inode_size = cases[i].inode_size;
		fmt.extra_isize = cases[i].extra_isize;
		assert_int_equal(inline_max(&fmt), cases[i].max);
	}
	fmt = usual;
	fmt.inline_data = false;
	assert_int_equal(inline_max(&fmt), 0);
	assert_int_equal(inline_rest(0), 0);
	assert_int_equal(inline_rest(60), 0);
	assert_int_equal(inline_rest(61), 1);
}

/* A folder of nine names as Linux 6.18 has it, the attributes of its inode
 * included. */
static void kernel_bytes(void **state)
{
	static const uint8_t head[] = {
		10, 0, 0, 0,
		0x26, 0, 0, 0, 12, 0, 2, 1, 'n', '1', 0, 0,
		0x27, 0, 0, 0, 12, 0, 2, 1, 'n', '2', 0, 0,
		0x28, 0, 0, 0, 12, 0, 2, 1, 'n', '3', 0, 0,
		0x29, 0, 0, 0, 20, 0, 2, 1, 'n', '4', 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t area[96] = {
		0, 0, 2, 0xea,
		4, 7, 24, 0, 0, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0,
		'd', 'a', 't', 'a', 0, 0, 0, 0,
		0x2a, 0, 0, 0, 12, 0, 2, 1, 'n', '5', 0, 0,
		0x2b, 0, 0, 0, 12, 0, 2, 1, 'n', '6', 0, 0,
		0x2c, 0, 0, 0, 12, 0, 2, 1, 'n', '7', 0, 0,
		0x2d, 0, 0, 0, 12, 0, 2, 1, 'n', '8', 0, 0,
		0x2e, 0, 0, 0, 20, 0, 2, 1, 'n', '9', 0, 0,
	};
	static const char text[] = "n1n2n3n4n5n6n7n8n9";
	struct dir_name names[9];
	uint8_t out[129], got[96];
	struct xattr data;
	uint32_t i;

	(void)state;
	for (i = 0; i < 9; i++)
		names[i] = (struct dir_name){ text + 2 * i, 2, 1, 0x26 + i };
	assert_int_equal(inline_dir_size(&usual, names, 9), 120);
	memset(out, 0xaa, sizeof(out));
	inline_dir_encode(out, 128, &usual, 10, names, 9);
	assert_int_equal(out[128], 0xaa);
	assert_memory_equal(out, head, sizeof(head));
	data = xattr_data(out + INLINE_HEAD, 68);
	memset(got, 0xaa, sizeof(got));
	xattr_encode_ibody(got, 96, &usual, &data, NULL, NULL, NULL);
	assert_memory_equal(got, area, sizeof(area));
}

/* Records of a part cover it exactly.  Return: those with a name. */
static uint32_t check_part(const uint8_t *at, uint32_t len)
{
	uint32_t used = 0, n = 0, rec_len;

	while (used < len) {
		rec_len = get_le16(at + used + 4);
		assert_true(rec_len >= 12 && rec_len % 4 == 0);
		assert_true(rec_len <= len - used);
		assert_true(8u + at[used + 6] <= rec_len);
		n += get_le32(at + used) != 0;
		used += rec_len;
	}
	assert_int_equal(used, len);
	return n;
}

/* Lengths of names, and the size of their folder in an inode of 256. */
static void folders(void **state)
{
	static const struct {
		uint32_t n;
		uint8_t len[12];
		uint32_t size;
	} cases[] = {
		{ 0, { 0 }, 60 }, { 1, { 48 }, 60 }, { 1, { 49 }, 120 },
		{ 1, { 60 }, 128 }, { 1, { 61 }, 0 }, { 1, { 255 }, 0 },
		{ 2, { 48, 60 }, 128 }, { 2, { 60, 48 }, 128 },
		{ 2, { 49, 49 }, 0 }, { 3, { 36, 60, 4 }, 128 },
		{ 3, { 36, 60, 5 }, 0 }, { 4, { 1, 60, 12, 12 }, 128 },
		{ 9, { 4, 4, 4, 4, 4, 4, 4, 4, 4 }, 120 },
		{ 10, { 4, 4, 4, 4, 4, 4, 4, 4, 4, 4 }, 0 },
	};
	struct dir_name names[12];
	uint8_t out[129];
	char text[255];
	uint32_t i, k, size, seen;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (i = 0; i < COUNT(cases); i++) {
		for (k = 0; k < cases[i].n; k++)
			names[k] = (struct dir_name){ text, cases[i].len[k],
						      2, 100 + k };
		size = inline_dir_size(&usual, names, cases[i].n);
		assert_int_equal(size, cases[i].size);
		if (!size)
			continue;
		memset(out, 0xaa, sizeof(out));
		inline_dir_encode(out, size, &usual, 77, names, cases[i].n);
		assert_int_equal(out[size], 0xaa);
		assert_int_equal(get_le32(out), 77);
		seen = check_part(out + 4, 56);
		seen += check_part(out + 60, size - 60);
		assert_int_equal(seen, cases[i].n);
	}
}

/* Whatever is said to fit leaves the end mark between entries and values. */
static void beside(void **state)
{
	static const char value[128] = { 0 };
	struct xattr_builder b = { 0 };
	struct xattr_layout l;
	struct xattr_set *set;
	struct xattr data;
	uint8_t area[100];
	size_t len, k, at;

	(void)state;
	for (k = 0; k < 60; k++) {
		assert_int_equal(xattr_builder_add(&b, "user.k", value, k), 0);
		assert_int_equal(xattr_builder_finish(&b, &set), 0);
		assert_int_equal(xattr_layout_init(&l, &usual, set, 96), 0);
		for (len = 0; len <= 68; len++) {
			bool fits = 20 + (len + 3) / 4 * 4 + 20 +
				    (k + 3) / 4 * 4 <= 88;

			assert_int_equal(xattr_fits_beside_data(set, 96, len),
					 fits);
			if (!fits)
				continue;
			data = xattr_data((const uint8_t *)value, len);
			memset(area, 0xaa, sizeof(area));
			xattr_encode_ibody(area, 96, &usual, &data, set, &l,
					   NULL);
			assert_int_equal(area[96], 0xaa);
			for (at = 4; get_le32(area + at); at += 20)
				assert_true(at < 44);
			assert_int_equal(at, 44);
			assert_int_equal(get_le32(area + 12), len);
			assert_int_equal(get_le32(area + 32), k);
		}
		xattr_layout_release(&l);
		free(set);
	}
	assert_true(xattr_fits_beside_data(NULL, 96, 68));
	assert_false(xattr_fits_beside_data(NULL, 96, 69));
	assert_false(xattr_fits_beside_data(NULL, 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most),
		cmocka_unit_test(kernel_bytes),
		cmocka_unit_test(folders),
		cmocka_unit_test(beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
