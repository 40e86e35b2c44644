// SPDX-License-Identifier: GPL-2.0-or-later
/* The blocks of a log against bytes written down by hand, and the figures
 * that follow from each set of features. */
#include "journal_device.h"

struct layout_case {
	uint32_t compat, incompat;
	uint32_t tag_bytes, tail_bytes;
	uint32_t tags_4k, tags_1k;
};

static const struct layout_case layouts[] = {
	{ 0, 0, 8, 0, 508, 124 },
	{ 1, 0, 8, 0, 508, 124 },
	{ 0, JBD_INCOMPAT_64BIT, 12, 0, 339, 83 },
	{ 0, JBD_INCOMPAT_CSUM_V2, 10, 4, 406, 99 },
	{ 0, JBD_INCOMPAT_CSUM_V2 | JBD_INCOMPAT_64BIT, 14, 4, 290, 70 },
	{ 0, JBD_INCOMPAT_CSUM_V3, 16, 4, 254, 62 },
	{ 0, JBD_INCOMPAT_CSUM_V3 | JBD_INCOMPAT_64BIT, 16, 4, 254, 62 },
};

static const uint8_t uuid[JBD_UUID] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
					12, 13, 14, 15, 16 };

static void sizes(void **state)
{
	struct jbd_layout l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		const struct layout_case *c = &layouts[i];

		jbd_layout_init(&l, 4096, c->compat, c->incompat, uuid);
		assert_int_equal(l.tag_bytes, c->tag_bytes);
		assert_int_equal(l.tail_bytes, c->tail_bytes);
		assert_int_equal(jbd_tags_per_block(&l), c->tags_4k);
		jbd_layout_init(&l, 1024, c->compat, c->incompat, uuid);
		assert_int_equal(jbd_tags_per_block(&l), c->tags_1k);
	}
}

/* A tag of block 0x1234567890 with flags ESCAPE | LAST_TAG | SAME_UUID. */
static const struct {
	uint32_t incompat, len;
	uint8_t bytes[17];
} tags[] = {
	{ 0, 8, "\x34\x56\x78\x90\xbe\xef\0\x0b" },
	{ JBD_INCOMPAT_64BIT, 12,
	  "\x34\x56\x78\x90\xbe\xef\0\x0b\0\0\0\x12" },
	{ JBD_INCOMPAT_CSUM_V2, 10, "\x34\x56\x78\x90\xbe\xef\0\x0b\0" },
	{ JBD_INCOMPAT_CSUM_V2 | JBD_INCOMPAT_64BIT, 14,
	  "\x34\x56\x78\x90\xbe\xef\0\x0b\0\0\0\x12\0" },
	{ JBD_INCOMPAT_CSUM_V3, 16,
	  "\x34\x56\x78\x90\0\0\0\x0b\0\0\0\0\xde\xad\xbe\xef" },
	{ JBD_INCOMPAT_CSUM_V3 | JBD_INCOMPAT_64BIT, 16,
	  "\x34\x56\x78\x90\0\0\0\x0b\0\0\0\x12\xde\xad\xbe\xef" },
};

static void tag_bytes(void **state)
{
	uint8_t block[1024];
	struct jbd_layout l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		const bool v3 = tags[i].incompat & JBD_INCOMPAT_CSUM_V3;
		const bool wide = tags[i].incompat & JBD_INCOMPAT_64BIT;
		const struct jbd_tag t = {
			.home = UINT64_C(0x1234567890),
			.flags = JBD_TAG_ESCAPE | JBD_TAG_LAST |
				 JBD_TAG_SAME_UUID,
			.csum = v3 ? 0xdeadbeef : 0xbeef,
		};
		struct jbd_tag got;
		uint32_t at = 0;

		jbd_layout_init(&l, 1024, 0, tags[i].incompat, uuid);
		memset(block, 0xff, sizeof(block));
		assert_int_equal(jbd_tag_put(block + JBD_HEADER, &t, &l),
				 tags[i].len);
		assert_memory_equal(block + JBD_HEADER, tags[i].bytes,
				    tags[i].len);
		assert_int_equal(block[JBD_HEADER + tags[i].len], 0xff);
		assert_true(jbd_tag_next(&got, &at, block, &l));
		assert_int_equal(at, JBD_HEADER);
		assert_true(got.home == (wide ? t.home : 0x34567890));
		assert_int_equal(got.flags, t.flags);
		assert_int_equal(got.csum, t.csum);
		assert_false(jbd_tag_next(&got, &at, block, &l));
	}
}

/* A descriptor without LAST_TAG ends with its block: as many tags as the
 * kernel counts, whether the UUIDs are there or not. */
static void tags_end(void **state)
{
	uint8_t block[1024];
	struct jbd_layout l;
	struct jbd_tag t;
	uint32_t at = 0, n = 0;

	(void)state;
	jbd_layout_init(&l, 1024, 0, JBD_INCOMPAT_CSUM_V3, uuid);
	memset(block, 0, sizeof(block));
	while (jbd_tag_next(&t, &at, block, &l))
		n++;
	assert_int_equal(n, (1024 - 4 - 12 + 16) / 32);
	memset(block, 0, sizeof(block));
	for (at = JBD_HEADER; at + 16 <= 1020; at += 16)
		put_be32(block + at + 4, JBD_TAG_SAME_UUID);
	n = at = 0;
	while (jbd_tag_next(&t, &at, block, &l))
		n++;
	assert_int_equal(n, (1024 - 4 - 12) / 16);
}

static void commits(void **state)
{
	uint8_t block[1024];
	struct jbd_layout l;
	struct jbd_commit c;

	(void)state;
	jbd_layout_init(&l, 1024, 0, JBD_INCOMPAT_CSUM_V3, uuid);
	jbd_commit_put(block, &l, 7, UINT64_C(0x1122334455), 123456789);
	assert_memory_equal(block, "\xc0\x3b\x39\x98\0\0\0\2\0\0\0\7\0\0\0\0",
			    16);
	assert_memory_equal(block + 48, "\0\0\0\x11\x22\x33\x44\x55"
			    "\x07\x5b\xcd\x15", 12);
	assert_true(jbd_commit_is_good(&l, block, 0));
	block[1000] ^= 1;
	assert_false(jbd_commit_is_good(&l, block, 0));
	jbd_commit_get(&c, block);
	assert_true(c.sec == UINT64_C(0x1122334455));
	assert_int_equal(c.nsec, 123456789);
	/* v1: kind and length stand before the checksum; all zero is well. */
	jbd_layout_init(&l, 1024, JBD_COMPAT_CHECKSUM, 0, uuid);
	jbd_commit_put(block, &l, 7, 1, 0);
	assert_true(jbd_commit_is_good(&l, block, 5));
	memcpy(block + 12, "\1\4\0\0\0\0\0\5", 8);
	assert_true(jbd_commit_is_good(&l, block, 5));
	assert_false(jbd_commit_is_good(&l, block, 6));
}

static void revokes(void **state)
{
	uint8_t block[1024] = { 0 };
	struct jbd_layout l;

	(void)state;
	jbd_layout_init(&l, 1024, 0, JBD_INCOMPAT_64BIT, uuid);
	put_be32(block + 12, 32);
	put_be64(block + 16, UINT64_C(0x500000001));
	assert_int_equal(jbd_revoke_bytes(&l, block), 32);
	assert_true(jbd_revoke_get(&l, block + 16) == UINT64_C(0x500000001));
	put_be32(block + 12, 1024);
	assert_int_equal(jbd_revoke_bytes(&l, block), 1024);
	put_be32(block + 12, 1025);
	assert_int_equal(jbd_revoke_bytes(&l, block), 0);
	put_be32(block + 12, 3);
	assert_int_equal(jbd_revoke_bytes(&l, block), JBD_REVOKE_HEADER);
	jbd_layout_init(&l, 1024, 0, JBD_INCOMPAT_CSUM_V2, uuid);
	put_be32(block + 12, 1021);
	assert_int_equal(jbd_revoke_bytes(&l, block), 0);
}

static void order_of_transactions(void **state)
{
	(void)state;
	assert_true(jbd_tid_before(1, 2));
	assert_false(jbd_tid_before(2, 2));
	assert_true(jbd_tid_before(0xffffffff, 0));
	assert_true(jbd_tid_before(0xfffffff0, 5));
	assert_false(jbd_tid_before(5, 0xfffffff0));
}

/* Each field of the superblock with a value that would lead astray. */
static const struct {
	uint32_t at, value, incompat, compat;
	errcode_t err;
} supers[] = {
	{ 4, 4, 0, 0, 0 },
	{ 4, 3, 0, 0, 0 },
	{ 4, 5, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 0, 0, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 12, 4096, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 16, LOG_BLOCKS + 1, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 16, 1, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 20, 0, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 20, LOG_BLOCKS, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 28, LOG_BLOCKS, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 28, LOG_BLOCKS - 1, 0, 0, 0 },
	{ 40, 0x40, 0, 0, E4PACK_ET_UNSUPPORTED },
	{ 44, 1, 0, 0, E4PACK_ET_UNSUPPORTED },
	{ 36, 0x8, 0, 0, 0 },
	{ 40, 0x18, 0, 0, E4PACK_ET_BAD_IMAGE },
	{ 36, 1, JBD_INCOMPAT_CSUM_V3, 0, E4PACK_ET_BAD_IMAGE },
	{ 80, 0x01000000, JBD_INCOMPAT_CSUM_V3, 0, E4PACK_ET_BAD_IMAGE },
	{ 252, 0, JBD_INCOMPAT_CSUM_V3, 0, E4PACK_ET_BAD_CSUM },
	{ 1020, 1, JBD_INCOMPAT_CSUM_V2, 0, E4PACK_ET_BAD_CSUM },
	{ 84, 20, JBD_INCOMPAT_FAST_COMMIT, 0, 0 },
	{ 84, 39, JBD_INCOMPAT_FAST_COMMIT, 0, E4PACK_ET_BAD_IMAGE },
	{ 84, 0xffffffff, JBD_INCOMPAT_FAST_COMMIT, 0, E4PACK_ET_BAD_IMAGE },
	{ 84, 0, JBD_INCOMPAT_FAST_COMMIT, 0, E4PACK_ET_BAD_IMAGE },
};

static void super_fields(void **state)
{
	struct device d;
	struct journal j;
	size_t i;

	(void)state;
	device_init(&d, 1024);
	for (i = 0; i < sizeof(supers) / sizeof(supers[0]); i++) {
		unsigned int before = d.diag.errors;
		errcode_t err;

		device_super(&d, supers[i].compat, supers[i].incompat, 0, 1);
		put_be32(device_log(&d, 0) + supers[i].at, supers[i].value);
		err = device_open(&j, &d);
		if (err != supers[i].err)
			fail_msg("%u = %u: %ld: %s", supers[i].at,
				 supers[i].value, (long)err, d.said);
		assert_int_equal(d.diag.errors - before, err ? 1 : 0);
		if (!err)
			journal_release(&j);
	}
	device_release(&d);
}

static void names_of_features(void **state)
{
	static const char *const names[] = {
		"checksum", "compat:0x20", "64bit", "fast_commit",
		"incompat:0x40", "ro_compat:0x80000000",
	};
	struct jsuper_feature f = { .bit = 0 };
	struct device d;
	struct jsuper s;
	size_t n = 0;

	(void)state;
	device_init(&d, 1024);
	device_super(&d, 0x21, 0x62, 0, 1);
	put_be32(device_log(&d, 0) + 44, 0x80000000);
	assert_true(jsuper_decode(&s, device_log(&d, 0)));
	while (jsuper_next_feature(&f, &s))
		assert_string_equal(f.name, names[n++]);
	assert_int_equal(n, sizeof(names) / sizeof(names[0]));
	put_be32(device_log(&d, 0), 0);
	assert_false(jsuper_decode(&s, device_log(&d, 0)));
	device_release(&d);
}

static void map_of_log(void **state)
{
	struct logmap m;
	uint32_t run;

	(void)state;
	memset(&m, 0, sizeof(m));
	assert_int_equal(logmap_add(&m, 100, 5), 0);
	assert_int_equal(logmap_add(&m, 105, 5), 0);
	assert_int_equal(logmap_add(&m, 50, 1), 0);
	assert_int_equal(logmap_finish(&m), 0);
	assert_int_equal(m.n, 2);
	assert_int_equal(logmap_find(&m, 0, &run), 100);
	assert_int_equal(run, 10);
	assert_int_equal(logmap_find(&m, 9, &run), 109);
	assert_int_equal(run, 1);
	assert_int_equal(logmap_find(&m, 10, &run), 50);
	assert_true(logmap_has(&m, 50) && logmap_has(&m, 100));
	assert_true(logmap_has(&m, 109) && !logmap_has(&m, 110));
	assert_true(!logmap_has(&m, 51) && !logmap_has(&m, 99));
	assert_int_equal(logmap_add(&m, 109, 1), 0);
	assert_int_equal(logmap_finish(&m), E4PACK_ET_BAD_IMAGE);
	assert_int_equal(logmap_add(&m, 1000, UINT32_MAX), E4PACK_ET_TOO_BIG);
	logmap_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(tag_bytes),
		cmocka_unit_test(tags_end),
		cmocka_unit_test(commits),
		cmocka_unit_test(revokes),
		cmocka_unit_test(order_of_transactions),
		cmocka_unit_test(super_fields),
		cmocka_unit_test(names_of_features),
		cmocka_unit_test(map_of_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
