// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes, in the inode or in a block: a header, entries from there on up
 * to four zero bytes, values anywhere behind.
 *
 *	entry	0 length of the name u8 | 1 prefix u8 | 2 offset of the value
 *		u16 | 4 inode with the value u32 | 8 size u32 | 12 hash u32 |
 *		16 name, padded to four bytes
 *
 * No byte belongs to two of them.  The hash is over name and padded value, or
 * over the name and the hash of the value where that has an inode of its own;
 * in an inode it may be 0, as old kernels left it.  In a block entries are
 * sorted by prefix, length of the name, and name, as the search wants them.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/xattr.h"
#include "report/check.h"

enum {
	ENTRY = 16, END = 4, AREA_MAX = 65536,
	AT_ATIME = 8, PREFIX_SYSTEM = 7, PREFIX_ENCRYPTION = 9,
};

/* Bytes of an area that are taken. */
struct taken {
	uint8_t bits[AREA_MAX / 8 + 1];
	uint32_t size;
};

/* Return: false when the bytes are outside or taken already. */
static bool take(struct taken *t, uint64_t start, uint64_t len)
{
	uint64_t i;

	if (len > t->size || start > t->size - len)
		return false;
	for (i = start; i < start + len; i++) {
		if (t->bits[i / 8] & 1u << i % 8)
			return false;
		t->bits[i / 8] |= (uint8_t)(1u << i % 8);
	}
	return true;
}

static uint32_t pad(uint32_t len)
{
	return (len + 3) & ~3u;
}

static bool hash_is(const uint8_t *e, const uint8_t *value, size_t len)
{
	const uint32_t hash = get_le32(e + 12);

	return hash == xattr_entry_hash(e + ENTRY, e[0], value, len, false) ||
	       hash == xattr_entry_hash(e + ENTRY, e[0], value, len, true);
}

/* Inline data is kept as the value of "system.data", how an inode is
 * encrypted as that of "c" with a prefix of its own. */
static void note_meaning(struct xattr_check *x, const uint8_t *e)
{
	if (e[1] == PREFIX_ENCRYPTION && e[0] == 1 && e[ENTRY] == 'c')
		x->has_policy = true;
	if (e[1] != PREFIX_SYSTEM || e[0] != 4 || memcmp(e + ENTRY, "data", 4))
		return;
	x->has_data = true;
	x->data_len = get_le32(e + 8);
}

/* A value in the area itself.  Return: what is wrong, or NULL. */
static const char *value_fault(const struct xattr_check *x, struct taken *t,
			       const uint8_t *e)
{
	const uint32_t size = get_le32(e + 8);
	const uint64_t at = (uint64_t)x->base + get_le16(e + 2);
	const uint8_t *value = x->area + at;

	if (size > AREA_MAX)
		return "a value is too large";
	if (size && !take(t, at, pad(size)))
		return "a value is outside or overlaps";
	if (!size)
		value = x->area;
	if ((x->in_block || get_le32(e + 12)) &&
	    !hash_is(e, value, pad(size)))
		return "an entry has a wrong hash";
	return NULL;
}

/* A value with an inode of its own. */
static errcode_t check_value_inode(struct xattr_check *x, const uint8_t *e,
				   const char **wrong)
{
	struct check *c = x->check;
	const uint32_t ino = get_le32(e + 4);
	const uint8_t *raw;
	struct inode_info info;
	uint8_t hash[4];
	errcode_t err;

	if (ino < c->geo->first_ino || ino > c->geo->inodes) {
		*wrong = "the inode of a value is out of range";
		return 0;
	}
	if (array_reserve(&c->ea_used, &c->cap_ea_used, c->n_ea_used + 1,
			  sizeof(*c->ea_used)))
		return diag_nomem(image_diag(c->img));
	c->ea_used[c->n_ea_used++] = ino;
	x->values++;
	x->value_clusters += div_round_up(get_le32(e + 8),
			(uint64_t)c->geo->block_size << c->geo->cluster_bits);
	err = read_inode_raw(&raw, c->img, ino);
	if (err) {
		*wrong = "the inode of a value cannot be read";
		return err == E4PACK_ET_BAD_IMAGE ? 0 : err;
	}
	inode_decode(&info, raw, c->geo, ino);
	memcpy(hash, raw + AT_ATIME, sizeof(hash));
	if (!(info.flags & FL_EA_INODE))
		*wrong = "the inode of a value has not the flag for it";
	else if (!hash_is(e, hash, sizeof(hash)))
		*wrong = "an entry has a wrong hash";
	else if (info.size != get_le32(e + 8))
		*wrong = "a value is not of the size of its inode";
	return 0;
}

/* Order two entries of a block. */
static int compare(const uint8_t *a, const uint8_t *b)
{
	if (a[1] != b[1])
		return a[1] - b[1];
	if (a[0] != b[0])
		return a[0] - b[0];
	return memcmp(a + ENTRY, b + ENTRY, a[0]);
}

/* Check the entry at @at; @last is the one before it, or NULL. */
static errcode_t check_entry(struct xattr_check *x, struct taken *t,
			     uint32_t at, const uint8_t *last,
			     const char **wrong)
{
	const uint8_t *e = x->area + at;

	if (x->size - at < ENTRY || !take(t, at, pad(ENTRY + e[0])))
		*wrong = "an entry is outside or overlaps";
	else if (x->in_block && !e[1])
		*wrong = "a name has no prefix";
	else if (x->in_block && last && compare(last, e) >= 0)
		*wrong = "entries are out of order";
	else if (get_le32(e + 4))
		return check_value_inode(x, e, wrong);
	else
		*wrong = value_fault(x, t, e);
	if (!*wrong)
		note_meaning(x, e);
	return 0;
}

errcode_t check_xattr_area(struct xattr_check *x)
{
	struct taken t;
	const uint8_t *last = NULL;
	const char *wrong = NULL;
	uint32_t at = x->header;
	errcode_t err = 0;

	t.size = x->size;
	memset(t.bits, 0, x->size / 8 + 1);
	take(&t, 0, x->header);
	while (!err && !wrong && at + END <= x->size &&
	       get_le32(x->area + at)) {
		err = check_entry(x, &t, at, last, &wrong);
		last = x->area + at;
		at += pad(ENTRY + last[0]);
	}
	if (!err && !wrong && !take(&t, at, END))
		wrong = "the entries have no end";
	if (wrong)
		fault_inode(x->check->faults, x->ino, "attributes%s: %s",
			    x->in_block ? " in its block" : "", wrong);
	return err;
}
