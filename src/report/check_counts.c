// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bitmaps and counts against what was found:
 *
 *	block bitmap = claimed clusters,  inode bitmap = inodes in use
 *	free of a group = its bits that are 0;  free of all = sum over groups
 *
 * A group whose bitmap was never written has what the frame takes, or no
 * inode.  Behind the end of a bitmap all bits are 1.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/number.h"
#include "image/read_group.h"
#include "report/check.h"

struct counter {
	struct check *check;
	uint8_t *want, *have;	/* a block each */
	size_t next_fixed;	/* in check->fixed */
	uint64_t free_clusters, free_inodes;
	uint64_t folders;	/* in check->folder, seen so far */
};

static uint32_t count_zeros(const uint8_t *bits, uint32_t n)
{
	uint32_t zeros = 0, i;

	for (i = 0; i + 8 <= n; i += 8)
		zeros += 8 - (uint32_t)__builtin_popcount(bits[i / 8]);
	for (; i < n; i++)
		zeros += !(bits[i / 8] >> i % 8 & 1);
	return zeros;
}

/* Put the @n numbers from @start on of a set into @out, all behind them 1. */
static void fill(uint8_t *out, uint32_t size, const struct bits *b,
		 uint64_t start, uint32_t n)
{
	uint32_t i;

	memset(out, 0xff, size);
	for (i = 0; i < n; i++) {
		if (i % 64 == 0 && n - i >= 64 && (start + i) % 64 == 0) {
			put_le64(out + i / 8, b->words[(start + i) / 64]);
			i += 63;
		} else if (!bits_has(b, start + i)) {
			out[i / 8] &= (uint8_t)~(1u << i % 8);
		}
	}
}

/* The bits of a bitmap that nobody wrote: the frame's, in @n clusters. */
static void fill_fixed(struct counter *k, uint64_t start, uint32_t n)
{
	const struct check *c = k->check;
	const uint32_t shift = c->geo->cluster_bits;
	uint64_t first, last;

	memset(k->have, 0, c->geo->block_size);
	for (; k->next_fixed < c->n_fixed; k->next_fixed++) {
		const struct run *r = &c->fixed[k->next_fixed];

		first = r->start >> shift;
		last = (r->start + r->len - 1) >> shift;
		if (first >= start + n)
			break;
		if (first < start)
			first = start;
		for (; first <= last && first < start + n; first++)
			k->have[(first - start) / 8] |=
				(uint8_t)(1u << (first - start) % 8);
		if (last >= start + n)
			break;
	}
}

/* Compare the first @n bits and tell of the first run that differs. */
static void compare(struct counter *k, uint32_t group, uint64_t base,
		    uint32_t n, bool of_inodes)
{
	const char *what = of_inodes ? "inode" : "block";
	uint32_t i, first = 0, used = 0, free = 0;
	bool is_used = false;

	for (i = 0; i < n; i++) {
		uint8_t differs = k->want[i / 8] ^ k->have[i / 8];

		if (!differs) {
			i |= 7;
			continue;
		}
		if (!(differs >> i % 8 & 1))
			continue;
		if (!used && !free) {
			first = i;
			is_used = k->want[i / 8] >> i % 8 & 1;
		}
		if (k->want[i / 8] >> i % 8 & 1)
			used++;
		else
			free++;
	}
	if (used || free)
		fault_group(k->check->faults, group, "the %s bitmap says that "
			    "%s %" PRIu64 " is %s, and %u more are wrong",
			    what, of_inodes ? "inode" :
			    k->check->geo->cluster_bits ? "cluster" : "block",
			    base + first, is_used ? "free" : "in use",
			    used + free - 1);
}

/* Behind the last of @n bits all are 1. */
static void check_padding(struct counter *k, uint32_t group, uint32_t n,
			  bool of_inodes)
{
	const uint32_t size = k->check->geo->block_size;
	uint32_t i;

	for (i = n; i < size * 8; i++)
		if (!(k->have[i / 8] >> i % 8 & 1))
			break;
	if (i < size * 8)
		fault_group(k->check->faults, group, "the padding of the %s "
			    "bitmap is not set",
			    of_inodes ? "inode" : "block");
}

/* Read a bitmap to k->have.  Return: whether that could be done. */
static errcode_t read_bitmap(struct counter *k, uint32_t group, uint64_t pblk,
			     uint32_t n, bool of_inodes, bool *ok)
{
	struct check *c = k->check;
	errcode_t err;

	*ok = check_inside(c, pblk);
	if (!*ok)
		return 0;
	err = image_read(c->img, pblk, 1, k->have);
	if (err)
		return err;
	if (!group_bitmap_is_right(c->img, group, k->have, of_inodes))
		fault_group(c->faults, group, "the %s bitmap has a wrong "
			    "checksum", of_inodes ? "inode" : "block");
	check_padding(k, group, n, of_inodes);
	return 0;
}

static errcode_t count_blocks(struct counter *k, uint32_t group,
			      const struct group_fields *g)
{
	struct check *c = k->check;
	const struct image_geometry *geo = c->geo;
	const uint32_t shift = geo->cluster_bits;
	const uint32_t per = geo->blocks_per_group >> shift;
	const uint64_t start = (geo->first_data_block >> shift) +
			       (uint64_t)group * per;
	const uint64_t end = div_round_up(geo->blocks, UINT64_C(1) << shift);
	const uint32_t n = end - start < per ? (uint32_t)(end - start) : per;
	bool ok = true;
	errcode_t err = 0;
	uint32_t free;

	fill(k->want, geo->block_size, &c->blocks, start, n);
	if (geo->group_csum && (g->flags & GROUP_BLOCK_UNINIT))
		fill_fixed(k, start, n);
	else
		err = read_bitmap(k, group, g->block_bitmap, n, false, &ok);
	if (err)
		return err;
	if (ok)
		compare(k, group, start, n, false);
	free = count_zeros(k->want, n);
	k->free_clusters += free;
	if (free != g->free_clusters)
		fault_group(c->faults, group, "it counts %u free %s, %u found",
			    g->free_clusters, shift ? "clusters" : "blocks",
			    free);
	return 0;
}

static errcode_t count_inodes(struct counter *k, uint32_t group,
			      const struct group_fields *g)
{
	struct check *c = k->check;
	const uint32_t n = c->geo->inodes_per_group;
	const uint64_t start = (uint64_t)group * n + 1;
	uint32_t free, folders = 0;
	bool ok = true;
	errcode_t err = 0;

	fill(k->want, c->geo->block_size, &c->used, start, n);
	if (c->geo->group_csum && (g->flags & GROUP_INODE_UNINIT))
		memset(k->have, 0, c->geo->block_size);
	else
		err = read_bitmap(k, group, g->inode_bitmap, n, true, &ok);
	if (err)
		return err;
	if (ok)
		compare(k, group, start, n, true);
	free = count_zeros(k->want, n);
	k->free_inodes += free;
	for (; k->folders < c->n_folders &&
	     c->folder[k->folders].ino < start + n; k->folders++)
		folders++;
	if (free != g->free_inodes)
		fault_group(c->faults, group, "it counts %u free inodes, %u "
			    "found", g->free_inodes, free);
	if (folders != g->folders)
		fault_group(c->faults, group, "it counts %u folders, %u found",
			    g->folders, folders);
	return 0;
}

static void check_sums(struct counter *k)
{
	struct check *c = k->check;
	uint64_t blocks = sb32(c, SB_FREE_BLOCKS);
	const uint64_t found = k->free_clusters << c->geo->cluster_bits;

	/* While it is mounted the kernel does not keep them; a mount counts
	 * anew. */
	if (c->incompat & INCOMPAT_RECOVER)
		return;
	if (c->incompat & INCOMPAT_64BIT)
		blocks |= (uint64_t)sb32(c, SB_FREE_BLOCKS_HI) << 32;
	if (blocks != found)
		fault_image(c->faults, "superblock: it counts %" PRIu64
			    " free blocks, %" PRIu64 " found", blocks, found);
	if (sb32(c, SB_FREE_INODES) != k->free_inodes)
		fault_image(c->faults, "superblock: it counts %u free inodes, "
			    "%" PRIu64 " found", sb32(c, SB_FREE_INODES),
			    k->free_inodes);
}

errcode_t check_counts(struct check *c)
{
	const uint32_t size = c->geo->block_size;
	struct counter k = { .check = c };
	struct group_fields g;
	errcode_t err = 0;
	uint32_t group;

	k.want = malloc((size_t)size * 2);
	if (!k.want)
		return diag_nomem(image_diag(c->img));
	k.have = k.want + size;
	for (group = 0; !err && group < c->geo->groups; group++) {
		read_group_fields(&g, c->img, group);
		err = count_blocks(&k, group, &g);
		if (!err)
			err = count_inodes(&k, group, &g);
	}
	free(k.want);
	if (!err)
		check_sums(&k);
	return err;
}
