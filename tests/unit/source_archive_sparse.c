// SPDX-License-Identifier: GPL-2.0-or-later
/* Sparse files in a tar: holes that are kept, and maps that are refused. */
#include "unit/archive_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errors.h"

/* A file in GNU's format 0.1, with another behind it. */
static void sparse(struct buf *b, const char *map, const char *size,
		   const char *data)
{
	struct buf r = BUF_INIT;

	record(&r, "GNU.sparse.size", size, strlen(size));
	record(&r, "GNU.sparse.map", map, strlen(map));
	extended(b, &r);
	file(b, "s", data);
	file(b, "t", "after");
	tail(b);
}

static void sparse_good(struct buf *b)
{
	sparse(b, "3,2,7,1,12,0", "12", "abc");
}

static void sparse_hole(struct buf *b)
{
	sparse(b, "4,0", "4", "");
}

static void sparse_overlap(struct buf *b)
{
	sparse(b, "3,2,4,1", "12", "abc");
}

static void sparse_unsorted(struct buf *b)
{
	sparse(b, "7,2,3,1", "12", "abc");
}

static void sparse_over_size(struct buf *b)
{
	sparse(b, "3,2,11,2", "12", "abcd");
}

static void sparse_overflow(struct buf *b)
{
	sparse(b, "9223372036854775807,2", "12", "ab");
}

static void sparse_short_map(struct buf *b)
{
	sparse(b, "3,1", "12", "abc");
}

static void sparse_long_map(struct buf *b)
{
	sparse(b, "3,5", "12", "abc");
}

static const struct archive_case cases[] = {
	{ "sparse", sparse_good, "s=...ab..c.... t=after ", 0, 0, NULL },
	{ "sparse, a hole", sparse_hole, "s=.... t=after ", 0, 0, NULL },
	{ "sparse, overlap", sparse_overlap, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "sparse, unsorted", sparse_unsorted, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "sparse, over size", sparse_over_size, "", E4PACK_ET_BAD_ARCHIVE,
	  0, "" },
	{ "sparse, overflow", sparse_overflow, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "sparse, short map", sparse_short_map, NULL, E4PACK_ET_BAD_ARCHIVE,
	  0, "" },
	{ "sparse, long map", sparse_long_map, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
};

static void good_and_bad(void **state)
{
	(void)state;
	run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_and_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
