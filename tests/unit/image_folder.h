/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders for the tests of dirblock.h, and their bytes. */
#ifndef E4PACK_TESTS_IMAGE_FOLDER_H
#define E4PACK_TESTS_IMAGE_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/dirblock.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { INO = 17, PARENT = 2, FIRST_INO = 100 };

static inline struct format format(uint32_t block_size, bool csum,
				   bool filetype)
{
	struct format fmt = { .block_size = block_size,
			      .block_bits = __builtin_ctz(block_size),
			      .csum_seed = 0x1234abcd,
			      .hash_seed = { 1, 2, 3, 4 }, .hash_version = 1,
			      .metadata_csum = csum, .filetype = filetype,
			      .dir_index = true };

	return fmt;
}

/* @n decimal names of @width digits, all types of file in turn. */
struct folder {
	uint32_t n;
	struct dir_name *names;
	char *text;
};

static inline struct folder make_folder(uint32_t n, uint8_t width)
{
	struct folder f = { .n = n };
	uint32_t i;

	f.names = test_calloc(n + 1, sizeof(*f.names));
	f.text = test_malloc((size_t)n * width + 1);
	for (i = 0; i < n; i++) {
		char *name = f.text + (size_t)i * width;

		snprintf(name, width + 1, "%0*u", width, i);
		f.names[i] = (struct dir_name){ name, width, 1 + i % 7,
						FIRST_INO + i };
	}
	return f;
}

static inline void free_folder(struct folder *f)
{
	test_free(f->text);
	test_free(f->names);
}

static inline uint8_t *encode(const struct dir_layout *l,
			      const struct format *fmt,
			      const struct dir_name *names)
{
	size_t len = l->blocks * fmt->block_size;
	uint8_t *blocks = test_malloc(len + 1);

	memset(blocks, 0x5a, len + 1);
	dir_encode(l, blocks, fmt, INO, 0, PARENT, names);
	assert_int_equal(blocks[len], 0x5a);
	return blocks;
}

#endif
