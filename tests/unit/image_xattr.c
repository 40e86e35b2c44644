// SPDX-License-Identifier: GPL-2.0-or-later
/* Attributes: names, ACLs, canonical sets, where they go and their bytes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errors.h"
#include "base/endian.h"
#include "image/xattr.h"

struct one {
	const char *name, *value;
	size_t len;
};

/* Make the set of @n attributes; one after the other, in this order. */
static struct xattr_set *make_set(const struct one *list, size_t n)
{
	struct xattr_builder b = { 0 };
	struct xattr_set *set;
	size_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(xattr_builder_add(&b, list[i].name,
						   list[i].value, list[i].len),
				 0);
	assert_int_equal(xattr_builder_finish(&b, &set), 0);
	assert_int_equal(b.n, 0);
	return set;
}

static void names(void **state)
{
	const struct {
		const char *name;
		errcode_t err;
		uint8_t index;
		const char *rest;
	} cases[] = {
		{ "user.a", 0, 1, "a" },
		{ "user.user.a", 0, 1, "user.a" },
		{ "trusted.overlay.opaque", 0, 4, "overlay.opaque" },
		{ "security.capability", 0, 6, "capability" },
		{ "system.nfs4_acl", 0, 7, "nfs4_acl" },
		{ "system.datum", 0, 7, "datum" },
		{ "system.posix_acl_accessor", 0, 7, "posix_acl_accessor" },
		{ "system.richacl", 0, 8, "" },
		{ "system.data", E4PACK_ET_UNSUPPORTED, 0, NULL },
		{ "btrfs.compression", E4PACK_ET_UNSUPPORTED, 0, NULL },
		{ "user", E4PACK_ET_UNSUPPORTED, 0, NULL },
		{ "User.a", E4PACK_ET_UNSUPPORTED, 0, NULL },
		{ "", E4PACK_ET_UNSUPPORTED, 0, NULL },
		{ "user.", E4PACK_ET_BAD_ENTRY, 0, NULL },
		{ "security.", E4PACK_ET_BAD_ENTRY, 0, NULL },
		{ "system.", E4PACK_ET_BAD_ENTRY, 0, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xattr_builder b = { 0 };
		struct xattr_set *set;

		assert_int_equal(xattr_builder_add(&b, cases[i].name, "v", 1),
				 cases[i].err);
		assert_int_equal(xattr_builder_finish(&b, &set), 0);
		if (cases[i].err) {
			assert_null(set);
			continue;
		}
		assert_int_equal(set->n, 1);
		assert_int_equal(set->entries[0].index, cases[i].index);
		assert_int_equal(set->entries[0].name_len,
				 strlen(cases[i].rest));
		assert_memory_equal(set->entries[0].name, cases[i].rest,
				    strlen(cases[i].rest));
		free(set);
	}
}

static void limits(void **state)
{
	struct xattr_builder b = { 0 };
	char name[300] = "user.", *value = calloc(1, 65537);

	(void)state;
	memset(name + 5, 'n', 250);
	assert_int_equal(xattr_builder_add(&b, name, NULL, 0), 0);
	name[255] = 'n';
	assert_int_equal(xattr_builder_add(&b, name, NULL, 0),
			 E4PACK_ET_BAD_ENTRY);
	assert_int_equal(xattr_builder_add(&b, "user.v", value, 65536), 0);
	assert_int_equal(xattr_builder_add(&b, "user.v", value, 65537),
			 E4PACK_ET_TOO_BIG);
	assert_int_equal(b.n, 2);
	xattr_builder_release(&b);
	assert_int_equal(b.n, 0);
	free(value);
}

#define ID_NONE "\xff\xff\xff\xff"
#define USER_OBJ "\x01\0\x06\0" ID_NONE
#define USER_7 "\x02\0\x07\0" "\x07\0\0\0"
#define GROUP_OBJ "\x04\0\x04\0" ID_NONE
#define GROUP_9 "\x08\0\x05\0" "\x09\0\0\0"
#define MASK "\x10\0\x07\0" ID_NONE
#define OTHER "\x20\0\0\0" ID_NONE
#define V2 "\2\0\0\0"
#define LIT(s) s, sizeof(s) - 1

static void acls(void **state)
{
	const struct {
		const char *acl;
		size_t len;
		const char *disk;
		size_t disk_len;	/* 0: refused */
	} cases[] = {
		{ LIT(V2 USER_OBJ GROUP_OBJ OTHER),
		  LIT("\1\0\0\0\1\0\6\0\4\0\4\0\x20\0\0\0") },
		{ LIT(V2 USER_OBJ USER_7 GROUP_OBJ GROUP_9 MASK OTHER),
		  LIT("\1\0\0\0\1\0\6\0\2\0\7\0\7\0\0\0\4\0\4\0"
		      "\x08\0\5\0\x09\0\0\0\x10\0\7\0\x20\0\0\0") },
		{ LIT(V2 USER_OBJ GROUP_OBJ MASK OTHER),
		  LIT("\1\0\0\0\1\0\6\0\4\0\4\0\x10\0\7\0\x20\0\0\0") },
		{ LIT(""), NULL, 0 },
		{ LIT("\2\0"), NULL, 0 },
		{ LIT(V2), NULL, 0 },
		{ LIT("\1\0\0\0" USER_OBJ GROUP_OBJ OTHER), NULL, 0 },
		{ LIT(V2 USER_OBJ GROUP_OBJ OTHER "\0"), NULL, 0 },
		{ LIT(V2 USER_OBJ GROUP_OBJ), NULL, 0 },
		{ LIT(V2 GROUP_OBJ OTHER), NULL, 0 },
		{ LIT(V2 USER_OBJ OTHER GROUP_OBJ), NULL, 0 },
		{ LIT(V2 USER_OBJ USER_OBJ GROUP_OBJ OTHER), NULL, 0 },
		{ LIT(V2 USER_OBJ GROUP_OBJ OTHER OTHER), NULL, 0 },
		{ LIT(V2 USER_OBJ USER_7 GROUP_OBJ OTHER), NULL, 0 },
		{ LIT(V2 USER_OBJ GROUP_OBJ GROUP_9 OTHER), NULL, 0 },
		{ LIT(V2 USER_OBJ GROUP_9 GROUP_OBJ MASK OTHER), NULL, 0 },
		{ LIT(V2 "\1\0\x08\0" ID_NONE GROUP_OBJ OTHER), NULL, 0 },
		{ LIT(V2 "\x40\0\0\0" ID_NONE GROUP_OBJ OTHER), NULL, 0 },
		{ LIT(V2 USER_OBJ "\2\0\7\0" ID_NONE GROUP_OBJ MASK OTHER),
		  NULL, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xattr_builder b = { 0 };
		struct xattr_set *set;
		errcode_t err;

		err = xattr_builder_add(&b, "system.posix_acl_default",
					cases[i].acl, cases[i].len);
		assert_int_equal(err, cases[i].disk_len ? 0 :
						E4PACK_ET_BAD_ENTRY);
		assert_int_equal(xattr_builder_finish(&b, &set), 0);
		if (err)
			continue;
		assert_int_equal(set->entries[0].index, 3);
		assert_int_equal(set->entries[0].name_len, 0);
		assert_int_equal(set->entries[0].value_len, cases[i].disk_len);
		assert_memory_equal(set->entries[0].value, cases[i].disk,
				    cases[i].disk_len);
		free(set);
	}
}

static void sets(void **state)
{
	const struct one given[] = {
		{ "user.bb", LIT("1") }, { "security.z", LIT("2") },
		{ "user.a", LIT("old") }, { "user.c", LIT("") },
		{ "user.a", LIT("new!") }, { "trusted.long", LIT("3") },
	};
	const struct one sorted[] = {
		{ "user.a", LIT("new!") }, { "user.c", LIT("") },
		{ "user.bb", LIT("1") }, { "trusted.long", LIT("3") },
		{ "security.z", LIT("2") },
	};
	const struct one other[] = { { "user.a", LIT("new") },
				     { "user.c", LIT("") } };
	struct xattr_set *a = make_set(given, 6), *b = make_set(sorted, 5);
	struct xattr_set *c = make_set(sorted, 2), *d = make_set(other, 2);
	uint32_t i;

	(void)state;
	assert_int_equal(a->n, 5);
	for (i = 0; i < a->n; i++) {
		const struct xattr *x = &a->entries[i];
		const char *rest = strchr(sorted[i].name, '.') + 1;

		assert_int_equal(x->name_len, strlen(rest));
		assert_memory_equal(x->name, rest, x->name_len);
		assert_int_equal(x->value_len, sorted[i].len);
		assert_memory_equal(x->value, sorted[i].value, sorted[i].len);
	}
	assert_int_equal(xattr_set_cmp(a, b), 0);
	assert_true(xattr_set_cmp(a, c) > 0 && xattr_set_cmp(c, a) < 0);
	assert_true(xattr_set_cmp(c, d) > 0 && xattr_set_cmp(d, c) < 0);
	free(a);
	free(b);
	free(c);
	free(d);
	assert_null(make_set(NULL, 0));
}

/* A one-letter attribute per letter of @sizes: "user.a", "user.b" ...;
 * each letter's value says where it is expected: I inode, B block, E an
 * inode of its own with the entry in the block, e with it in the inode. */
static void layouts(void **state)
{
	const struct {
		size_t room;
		uint32_t block_size;
		bool ea_inode, no_feature;
		uint32_t sizes[5];	/* bytes of the values, ends with 1 */
		const char *expect;	/* NULL: no space */
	} cases[] = {
		{ 96, 4096, false, false, { 4, 4, 1 }, "II" },
		{ 96, 4096, false, false, { 68, 1 }, "I" },
		{ 96, 4096, false, false, { 69, 1 }, "B" },
		{ 96, 4096, false, false, { 300, 20, 1 }, "BI" },
		{ 98, 4096, false, false, { 69, 1 }, "B" },
		{ 0, 4096, false, false, { 4, 4, 1 }, "BB" },
		{ 8, 4096, false, false, { 0, 1 }, "B" },
		{ 28, 4096, false, false, { 0, 1 }, "I" },
		{ 27, 4096, false, false, { 0, 1 }, "B" },
		{ 0, 1024, false, false, { 968, 1 }, "B" },
		{ 0, 1024, false, false, { 969, 1 }, NULL },
		{ 0, 65536, false, false, { 65480, 1 }, "B" },
		{ 0, 65536, false, false, { 65481, 1 }, NULL },
		{ 0, 1024, false, true, { 4, 1 }, NULL },
		{ 96, 1024, false, true, { 4, 1 }, "I" },
		{ 0, 1024, true, false, { 969, 1 }, "E" },
		{ 96, 1024, true, false, { 65536, 1 }, "e" },
		{ 96, 1024, true, false, { 500, 600, 40, 1 }, "BeI" },
		{ 0, 1024, true, false, { 600, 600, 300, 1 }, "EBB" },
		{ 0, 1024, true, false, { 900, 900, 900, 1 }, "EEB" },
	};
	static char value[65536];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct format fmt = {
			.block_size = cases[i].block_size,
			.ext_attr = !cases[i].no_feature,
			.ea_inode = cases[i].ea_inode,
		};
		struct one list[5] = { { "user.a", value, 0 },
				       { "user.b", value, 0 },
				       { "user.c", value, 0 } };
		struct xattr_layout l;
		struct xattr_set *set;
		size_t n = 0;

		for (; cases[i].sizes[n] != 1; n++)
			list[n].len = cases[i].sizes[n];
		set = make_set(list, n);
		assert_int_equal(xattr_layout_init(&l, &fmt, set,
						   cases[i].room),
				 cases[i].expect ? 0 : E4PACK_ET_NO_SPACE);
		for (k = 0; cases[i].expect && k < n; k++) {
			const char places[] = "IBeE";
			long code = strchr(places, cases[i].expect[k]) -
				    places;

			assert_int_equal(l.entry_in_block[k], code & 1);
			assert_int_equal(l.value_in_inode[k], code >> 1);
		}
		if (cases[i].expect) {
			assert_int_equal(l.has_ibody,
					 !!strpbrk(cases[i].expect, "Ie"));
			assert_int_equal(l.has_block,
					 !!strpbrk(cases[i].expect, "BE"));
			xattr_layout_release(&l);
		}
		free(set);
	}
}

/* The bytes of an inode area, entry by entry. */
static void inode_bytes(void **state)
{
	static const uint8_t expect[96] = {
		0x00, 0x00, 0x02, 0xea,
		1, 1, 0x58, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		'b', 0, 0, 0,
		1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		'e', 0, 0, 0,
		4, 6, 0x50, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
		'n', 'a', 'm', 'e',
		[84] = 'v', 'a', 'l', 'u', 'e', 0, 0, 0, 'x', 0, 0, 0,
	};
	const struct one list[] = { { "security.name", LIT("value") },
				    { "user.b", LIT("x") },
				    { "user.e", LIT("") } };
	const struct format fmt = { .block_size = 4096, .ext_attr = true };
	struct xattr_set *set = make_set(list, 3);
	struct xattr_layout l;
	uint8_t out[96];

	(void)state;
	memset(out, 0xaa, sizeof(out));
	assert_int_equal(xattr_layout_init(&l, &fmt, set, 96), 0);
	assert_false(l.has_block);
	xattr_encode_ibody(out, 96, &fmt, NULL, set, &l, NULL);
	assert_memory_equal(out, expect, sizeof(out));
	xattr_layout_release(&l);
	free(set);
}

/* A block as Linux 6.18 writes it, bytes over 0x7f in name and value. */
static void block_bytes(void **state)
{
	static const uint8_t head[] = {
		0x00, 0x00, 0x02, 0xea, 1, 0, 0, 0, 1, 0, 0, 0,
		0xcb, 0x1c, 0x3b, 0x67, 0x6a, 0x6a, 0x99, 0x7e,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		2, 1, 0xf8, 3, 0, 0, 0, 0, 5, 0, 0, 0,
		0xcf, 0x9c, 0x81, 0x82, 0xc3, 0xa9, 0, 0,
		9, 1, 0xec, 3, 0, 0, 0, 0, 10, 0, 0, 0,
		0xba, 0xe5, 0x61, 0x80,
		'm', 'i', 'm', 'e', '_', 't', 'y', 'p', 'e', 0, 0, 0,
		1, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x65, 0, 0, 0,
		'e', 0, 0, 0, 0, 0, 0, 0,
	};
	static const char tail[] = "text/plain\0\0\x81\x82\x83\x84\x85\0\0";
	static const uint8_t uuid[16] = {
		0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33,
		0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55,
	};
	const struct one list[] = {
		{ "trusted.e", LIT("") },
		{ "user.mime_type", LIT("text/plain") },
		{ "user.\xc3\xa9", LIT("\x81\x82\x83\x84\x85") },
	};
	const struct format fmt = {
		.block_size = 1024, .ext_attr = true, .metadata_csum = true,
		.csum_seed = format_crc32c(~0u, uuid, sizeof(uuid)),
	};
	struct xattr_set *set = make_set(list, 3);
	struct xattr_layout l;
	uint8_t out[1024];

	(void)state;
	memset(out, 0xaa, sizeof(out));
	assert_int_equal(xattr_layout_init(&l, &fmt, set, 0), 0);
	xattr_encode_block(out, &fmt, set, &l, NULL, 1362, 1);
	assert_memory_equal(out, head, sizeof(head));
	assert_memory_equal(out + 1004, tail, sizeof(tail));
	xattr_encode_block(out, &fmt, set, &l, NULL, 1362, 1024);
	assert_int_equal(get_le32(out + 4), 1024);
	assert_int_not_equal(get_le32(out + 16), 0x7e996a6a);
	xattr_layout_release(&l);
	free(set);
}

/* A value in an inode of its own: its number, no offset, and a hash that is
 * made of the inode's. */
static void own_inode(void **state)
{
	static char value[2000];
	const struct one list[] = { { "user.a", value, sizeof(value) },
				    { "user.bbbb", LIT("1234") } };
	const struct format fmt = { .block_size = 1024, .ext_attr = true,
				    .ea_inode = true, .csum_seed = 5 };
	const uint32_t ea_ino[] = { 4711, 0 };
	struct xattr_set *set = make_set(list, 2);
	struct xattr_layout l;
	uint8_t out[1024];
	uint32_t hash;

	(void)state;
	assert_int_equal(xattr_layout_init(&l, &fmt, set, 0), 0);
	assert_int_equal(l.n_ea_inodes, 1);
	xattr_encode_block(out, &fmt, set, &l, ea_ino, 7, 1);
	assert_int_equal(get_le16(out + 34), 0);
	assert_int_equal(get_le32(out + 36), 4711);
	assert_int_equal(get_le32(out + 40), sizeof(value));
	hash = xattr_value_hash(&fmt, (uint8_t *)value, sizeof(value));
	assert_int_equal(hash, format_crc32c(5, value, sizeof(value)));
	assert_int_equal(get_le32(out + 44), ((uint32_t)'a' << 16) ^ hash);
	assert_int_equal(get_le16(out + 54), 1020);
	assert_int_equal(get_le32(out + 56), 0);
	assert_int_equal(get_le32(out + 16), 0);
	xattr_layout_release(&l);
	free(set);
}

/* A set changed by one: taken over, one less, one again with a new value. */
static void builder_changes(void **state)
{
	struct xattr_set *set, *changed;
	struct xattr_builder b = { 0 };

	(void)state;
	assert_int_equal(xattr_builder_add_set(&b, NULL), 0);
	assert_int_equal(xattr_builder_remove(&b, "user.a"), ENODATA);
	assert_int_equal(xattr_builder_add(&b, "user.a", "1", 1), 0);
	assert_int_equal(xattr_builder_add(&b, "user.b", "2", 1), 0);
	assert_int_equal(xattr_builder_finish(&b, &set), 0);
	assert_int_equal(xattr_builder_add_set(&b, set), 0);
	assert_int_equal(xattr_builder_remove(&b, "user.a"), 0);
	assert_int_equal(xattr_builder_remove(&b, "user.a"), ENODATA);
	assert_int_equal(xattr_builder_add(&b, "user.b", "3", 1), 0);
	assert_int_equal(xattr_builder_add(&b, "user.b", "4", 1), 0);
	assert_int_equal(xattr_builder_remove(&b, "b"), E4PACK_ET_UNSUPPORTED);
	assert_int_equal(xattr_builder_remove(&b, "user."),
			 E4PACK_ET_BAD_ENTRY);
	assert_int_equal(xattr_builder_finish(&b, &changed), 0);
	assert_int_equal(changed->n, 1);
	assert_memory_equal(changed->entries[0].name, "b", 1);
	assert_memory_equal(changed->entries[0].value, "4", 1);
	assert_int_equal(set->n, 2);
	assert_memory_equal(set->entries[1].value, "2", 1);
	free(set);
	free(changed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(limits),
		cmocka_unit_test(acls),
		cmocka_unit_test(builder_changes),
		cmocka_unit_test(sets),
		cmocka_unit_test(layouts),
		cmocka_unit_test(inode_bytes),
		cmocka_unit_test(block_bytes),
		cmocka_unit_test(own_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
