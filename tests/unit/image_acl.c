// SPDX-License-Identifier: GPL-2.0-or-later
/* ACLs from the kernel's form to ext4's and back, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "image/acl.h"

enum { LEN = 4 + 6 * 8 };

/* Owner, two users, the group, a mask, the others. */
static void make(uint8_t acl[LEN])
{
	static const struct {
		uint16_t tag, perm;
		uint32_t id;
	} rows[] = {
		{ 1, 7, UINT32_MAX }, { 2, 4, 0 }, { 2, 6, 4000000000u },
		{ 4, 5, UINT32_MAX }, { 16, 7, UINT32_MAX },
		{ 32, 0, UINT32_MAX },
	};
	size_t i;

	put_le32(acl, 2);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_le16(acl + 4 + 8 * i, rows[i].tag);
		put_le16(acl + 6 + 8 * i, rows[i].perm);
		put_le32(acl + 8 + 8 * i, rows[i].id);
	}
}

static void there_and_back(void **state)
{
	uint8_t acl[LEN], *disk = NULL;
	struct buf out = BUF_INIT;
	size_t len = 0;

	(void)state;
	make(acl);
	assert_int_equal(acl_to_disk(acl, LEN, &disk, &len), 0);
	assert_int_equal(len, 4 + 2 * 8 + 4 * 4);
	assert_int_equal(buf_add(&out, "xyz", 3), 0);
	assert_int_equal(acl_from_disk(&out, disk, len), 0);
	assert_int_equal(out.len, 3 + LEN);
	assert_memory_equal(out.data + 3, acl, LEN);
	buf_release(&out);
	free(disk);
}

/* Cut anywhere, or with any byte of a tag changed, it is refused or another
 * ACL that is sane. */
static void damaged(void **state)
{
	uint8_t acl[LEN], *disk = NULL, *copy;
	struct buf out = BUF_INIT;
	size_t len = 0, i;

	(void)state;
	make(acl);
	assert_int_equal(acl_to_disk(acl, LEN, &disk, &len), 0);
	for (i = 0; i < len; i++) {
		copy = malloc(i ? i : 1);
		assert_non_null(copy);
		memcpy(copy, disk, i);
		assert_int_equal(acl_from_disk(&out, copy, i),
				 E4PACK_ET_BAD_ENTRY);
		free(copy);
	}
	for (i = 0; i < 8; i++) {
		disk[i] ^= 0x44;
		assert_int_equal(acl_from_disk(&out, disk, len),
				 E4PACK_ET_BAD_ENTRY);
		disk[i] ^= 0x44;
	}
	buf_release(&out);
	free(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
