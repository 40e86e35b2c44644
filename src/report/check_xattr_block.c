// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attribute blocks.  Inodes with equal attributes share one, whose header
 * counts them:
 *
 *	header	0 magic u32 | 4 inodes u32 | 8 blocks u32, 1 | 12 hash u32 |
 *		16 checksum u32 | 32 entries
 *
 * The first inode that has it claims and checks it; each counts, in a table by
 * place, and in the end the counts have to be those of the headers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "report/check.h"

enum { MAGIC = 0xea020000, HEADER = 32, AT_CSUM = 16 };

struct xattr_block {
	uint64_t pblk;		/* 0: no block */
	uint64_t value_clusters;
	uint32_t values;
	uint32_t ino;		/* the first inode that has it */
	uint32_t stored, found;	/* inodes */
	bool has_policy;
	bool bad;		/* told: it is no such block */
};

static struct xattr_block *find(const struct check *c, uint64_t pblk)
{
	size_t mask = c->cap_xattr_blocks - 1;
	size_t at = (size_t)(pblk * UINT64_C(0x9e3779b97f4a7c15) >> 20);

	for (at &= mask; c->xattr_blocks[at].pblk; at = (at + 1) & mask)
		if (c->xattr_blocks[at].pblk == pblk)
			break;
	return &c->xattr_blocks[at];
}

/* Keep the table at most half full. */
static errcode_t reserve(struct check *c)
{
	struct check old = *c;
	size_t i;

	if (c->cap_xattr_blocks && c->n_xattr_blocks * 2 < c->cap_xattr_blocks)
		return 0;
	c->cap_xattr_blocks = c->cap_xattr_blocks ? c->cap_xattr_blocks * 2 :
						    1024;
	c->xattr_blocks = calloc(c->cap_xattr_blocks,
				 sizeof(*c->xattr_blocks));
	if (!c->xattr_blocks) {
		c->xattr_blocks = old.xattr_blocks;
		c->cap_xattr_blocks = old.cap_xattr_blocks;
		return diag_nomem(image_diag(c->img));
	}
	for (i = 0; i < old.cap_xattr_blocks; i++)
		if (old.xattr_blocks[i].pblk)
			*find(c, old.xattr_blocks[i].pblk) =
				old.xattr_blocks[i];
	free(old.xattr_blocks);
	return 0;
}

static bool csum_is_right(const struct check *c, const uint8_t *block,
			  uint64_t pblk)
{
	static const uint8_t zero[4];
	const uint32_t len = c->geo->block_size - AT_CSUM - 4;
	uint8_t place[8];
	uint32_t crc;

	put_le64(place, pblk);
	crc = format_crc32c(c->geo->csum_seed, place, sizeof(place));
	crc = format_crc32c(crc, block, AT_CSUM);
	crc = format_crc32c(crc, zero, sizeof(zero));
	crc = format_crc32c(crc, block + AT_CSUM + 4, len);
	return crc == get_le32(block + AT_CSUM);
}

/* Check a block that is met for the first time. */
static errcode_t check_new(struct check *c, struct xattr_block *b,
			   const uint8_t *block)
{
	struct xattr_check x = {
		.check = c, .ino = b->ino, .area = block,
		.size = c->geo->block_size, .header = HEADER,
		.in_block = true,
	};
	errcode_t err;

	if (get_le32(block) != MAGIC || get_le32(block + 8) != 1) {
		fault_inode(c->faults, b->ino, "block %" PRIu64 " is to hold "
			    "its attributes and does not", b->pblk);
		b->bad = true;
		return 0;
	}
	b->stored = get_le32(block + 4);
	if (c->geo->metadata_csum && !csum_is_right(c, block, b->pblk))
		fault_inode(c->faults, b->ino, "attributes in its block: "
			    "wrong checksum");
	err = check_xattr_area(&x);
	b->value_clusters = x.value_clusters;
	b->values = x.values;
	b->has_policy = x.has_policy;
	return err;
}

static errcode_t add_block(struct check *c, struct xattr_block *b)
{
	uint8_t *copy = malloc(c->geo->block_size);
	const uint8_t *block;
	errcode_t err;
	bool taken;

	if (!copy)
		return diag_nomem(image_diag(c->img));
	c->n_xattr_blocks++;
	claim_blocks(c, b->ino, b->pblk, 1, &taken);
	err = image_peek(c->img, &block, b->pblk);
	if (!err) {
		memcpy(copy, block, c->geo->block_size);
		err = check_new(c, b, copy);
	}
	free(copy);
	return err;
}

errcode_t check_xattr_block(struct check *c, struct check_inode *i)
{
	const uint64_t pblk = i->info.file_acl;
	struct xattr_block *b;
	errcode_t err;

	if (!(c->compat & COMPAT_EXT_ATTR) || !check_inside(c, pblk)) {
		fault_inode(c->faults, i->info.ino, "its attributes are to be "
			    "in block %" PRIu64 "%s", pblk,
			    c->compat & COMPAT_EXT_ATTR ? "" :
			    ", without the feature ext_attr");
		return 0;
	}
	err = reserve(c);
	if (err)
		return err;
	b = find(c, pblk);
	if (!b->pblk) {
		b->pblk = pblk;
		b->ino = i->info.ino;
		err = add_block(c, b);
	}
	b->found++;
	i->has_policy |= b->has_policy;
	i->clusters += 1 + b->value_clusters;
	i->values += b->values;
	return err;
}

void check_xattr_uses(struct check *c)
{
	size_t i;

	for (i = 0; i < c->cap_xattr_blocks; i++) {
		const struct xattr_block *b = &c->xattr_blocks[i];

		if (b->pblk && !b->bad && b->stored != b->found)
			fault_inode(c->faults, b->ino, "its attribute block "
				    "counts %u inodes, %u have it", b->stored,
				    b->found);
	}
	free(c->xattr_blocks);
	c->xattr_blocks = NULL;
	c->cap_xattr_blocks = 0;
}
