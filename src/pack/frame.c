// SPDX-License-Identifier: GPL-2.0-or-later
/* The parameters of a file system, each checked before anything is read. */
#include "pack/frame.h"

#include <errno.h>
#include <string.h>

#include "base/errors.h"

/* mke2fs takes twice as much, but e2fsck 1.47 then finds the blocks of a group
 * to be none. */
static const uint32_t MAX_CLUSTER_SIZE = UINT32_C(256) << 20;

/* Inodes that headroom may come to, far from where numbers of 32 bits end. */
static const uint64_t MOST_WISHED = UINT64_C(1) << 31;

enum {
	DEFAULT_BLOCK_SIZE = 4096, DEFAULT_INODE_SIZE = 256,
	JOURNAL_MIN_BLOCKS = 1024, JOURNAL_MAX_BLOCKS = 10240000,
	LABEL_MAX = 16, DEFAULT_CLUSTER_BLOCKS = 16,
};

static bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static errcode_t check_sizes(const struct geometry_options *f,
			     struct diag *diag)
{
	if (!power_of_two(f->block_size) || f->block_size < 1024 ||
	    f->block_size > 65536)
		return diag_error(diag, "-b", E4PACK_ET_USAGE,
				  "the block size must be a power of two from "
				  "1024 to 65536, not %u", f->block_size);
	if (!power_of_two(f->inode_size) || f->inode_size < 128 ||
	    f->inode_size > f->block_size)
		return diag_error(diag, "-I", E4PACK_ET_USAGE,
				  "the inode size must be a power of two from "
				  "128 to the block size, not %u",
				  f->inode_size);
	if (f->inode_size == 128 && features_has(&f->features, "inline_data"))
		return diag_error(diag, "-I", E4PACK_ET_USAGE,
				  "inodes of 128 bytes are too small for "
				  "-O inline_data");
	return 0;
}

static errcode_t check_cluster(const struct geometry_options *f,
			       const struct e4pack_options *o,
			       struct diag *diag)
{
	if (!features_has(&f->features, "bigalloc"))
		return o->cluster_size ?
			diag_error(diag, "-C", E4PACK_ET_USAGE,
				   "a cluster size needs -O bigalloc") : 0;
	if (power_of_two(f->cluster_size) &&
	    f->cluster_size > f->block_size &&
	    f->cluster_size <= MAX_CLUSTER_SIZE)
		return 0;
	return diag_error(diag, "-C", E4PACK_ET_USAGE,
			  "the cluster size must be a power of two, over the "
			  "block size of %u and up to %u, not %u",
			  f->block_size, MAX_CLUSTER_SIZE, f->cluster_size);
}

static errcode_t check_journal(const struct geometry_options *f,
			       const struct e4pack_options *o,
			       struct diag *diag)
{
	uint64_t blocks = ((uint64_t)o->journal_mib << 20) / f->block_size;

	if (!o->journal_mib)
		return 0;
	if (!features_has(&f->features, "has_journal"))
		return diag_error(diag, "-J", E4PACK_ET_USAGE,
				  "there is no journal with -O ^has_journal");
	if (blocks < JOURNAL_MIN_BLOCKS || blocks > JOURNAL_MAX_BLOCKS)
		return diag_error(diag, "-J", E4PACK_ET_USAGE,
				  "a journal has %d to %d blocks, not %llu",
				  JOURNAL_MIN_BLOCKS, JOURNAL_MAX_BLOCKS,
				  (unsigned long long)blocks);
	return 0;
}

static errcode_t check_extended(const struct geometry_options *f,
				const struct e4pack_options *o,
				struct diag *diag)
{
	if (f->packed_meta && !features_has(&f->features, "flex_bg"))
		return diag_error(diag, "packed_meta_blocks", E4PACK_ET_USAGE,
				  "needs -O flex_bg");
	if (o->has_num_backup_sb &&
	    !features_has(&f->features, "sparse_super2"))
		return diag_error(diag, "num_backup_sb", E4PACK_ET_USAGE,
				  "needs -O sparse_super2");
	if (o->num_backup_sb > 2)
		return diag_error(diag, "num_backup_sb", E4PACK_ET_USAGE,
				  "is 0, 1 or 2");
	if (o->resize_blocks && !features_has(&f->features, "resize_inode"))
		return diag_error(diag, "resize", E4PACK_ET_USAGE,
				  "needs -O resize_inode");
	if (o->stride > UINT16_MAX)
		return diag_error(diag, "stride", E4PACK_ET_USAGE,
				  "is at most 65535 blocks");
	if (o->has_offset && o->offset % 512)
		return diag_error(diag, "offset", E4PACK_ET_USAGE,
				  "is a multiple of 512 bytes");
	return 0;
}

static errcode_t check_numbers(const struct e4pack_options *o,
			       struct diag *diag)
{
	if (o->inodes.kind == E4PACK_INODES_RATIO &&
	    (o->inodes.value < 1024 || o->inodes.value > 64 << 20))
		return diag_error(diag, "-i", E4PACK_ET_USAGE,
				  "is 1024 to 67108864 bytes per inode");
	if (o->inodes.kind == E4PACK_INODES_COUNT && !o->inodes.value)
		return diag_error(diag, "-N", E4PACK_ET_USAGE, "is not 0");
	if (!(o->reserved_percent >= 0 && o->reserved_percent <= 50))
		return diag_error(diag, "-m", E4PACK_ET_USAGE,
				  "is 0 to 50 percent");
	if (o->label && strlen(o->label) > LABEL_MAX)
		return diag_error(diag, "-L", E4PACK_ET_USAGE,
				  "a label has at most %d bytes, \"%s\" has "
				  "%zu", LABEL_MAX, o->label,
				  strlen(o->label));
	return 0;
}

static void set_format(struct format *fmt, const struct geometry_options *f)
{
	memset(fmt, 0, sizeof(*fmt));
	fmt->block_size = f->block_size;
	while (UINT32_C(1) << fmt->block_bits < f->block_size)
		fmt->block_bits++;
	while (f->block_size << fmt->cluster_bits < f->cluster_size)
		fmt->cluster_bits++;
	fmt->inode_size = f->inode_size;
	geometry_set_features(fmt, &f->features);
}

errcode_t frame_settle(struct geometry_options *f, struct format *fmt,
		       const struct e4pack_options *o, struct diag *diag)
{
	errcode_t err;

	memset(f, 0, sizeof(*f));
	f->features = features_default();
	f->block_size = o->block_size ? o->block_size : DEFAULT_BLOCK_SIZE;
	f->inode_size = o->inode_size ? o->inode_size : DEFAULT_INODE_SIZE;
	f->reserved_percent = o->reserved_percent;
	f->stride = o->stride;
	f->stripe_width = o->stripe_width;
	f->resize_blocks = o->resize_blocks;
	f->packed_meta = o->packed_meta_blocks;
	f->num_backup_sb = o->has_num_backup_sb ? (int)o->num_backup_sb : 2;
	f->time = o->has_epoch ? o->epoch : 1;
	err = o->features ? features_edit(&f->features, o->features, diag) : 0;
	if (!err)
		err = check_sizes(f, diag);
	f->cluster_size = f->block_size;
	if (features_has(&f->features, "bigalloc"))
		f->cluster_size = o->cluster_size ? o->cluster_size :
			f->block_size * DEFAULT_CLUSTER_BLOCKS;
	if (!err)
		err = check_cluster(f, o, diag);
	if (!err)
		err = check_journal(f, o, diag);
	if (!err)
		err = check_extended(f, o, diag);
	if (!err)
		err = check_numbers(o, diag);
	if (err)
		return err;
	if (o->label)
		strcpy(f->label, o->label);
	set_format(fmt, f);
	return 0;
}

uint64_t frame_inodes(const struct geometry_options *f,
		      const struct e4pack_inodes *wish, uint64_t blocks,
		      uint64_t least, uint64_t percent_e6)
{
	uint64_t most = geometry_most_inodes(f, blocks), n = least;

	switch (wish->kind) {
	case E4PACK_INODES_COUNT:
		n = wish->value;
		break;
	case E4PACK_INODES_MIN_PERCENT:
		n = least + (uint64_t)((__uint128_t)least * wish->value / 100);
		break;
	case E4PACK_INODES_RATIO:
		n = (uint64_t)((__uint128_t)blocks * f->block_size /
			       wish->value);
		break;
	case E4PACK_INODES_DEFAULT:
		n = least + (uint64_t)((__uint128_t)least * percent_e6 /
				       100000000);
		if (n > most)
			n = most;
		if (n > blocks && blocks > least)
			n = blocks;
		if (n > MOST_WISHED && MOST_WISHED > least)
			n = MOST_WISHED;
		break;
	}
	return n > least ? n : least;
}

uint64_t frame_journal(const struct geometry_options *f,
		       const struct e4pack_options *o, uint64_t blocks)
{
	if (!features_has(&f->features, "has_journal"))
		return 0;
	if (o->journal_mib)
		return ((uint64_t)o->journal_mib << 20) / f->block_size;
	return geometry_journal_blocks(blocks);
}

errcode_t frame_room(uint64_t *ret, const struct geometry_options *f,
		     const struct e4pack_options *o, uint64_t bytes)
{
	struct geometry_options empty = *f;
	struct geometry g;
	uint64_t journal;
	errcode_t err;

	*ret = 0;
	empty.blocks = bytes / f->block_size;
	empty.inodes = FORMAT_LOST_FOUND_INO;
	if (!empty.blocks)
		return 0;
	err = geometry_init(&g, &empty);
	if (err)
		return err == ENOMEM ? err : 0;
	journal = format_whole_clusters(&g.format,
					frame_journal(f, o, empty.blocks));
	*ret = g.free_blocks > journal ? g.free_blocks - journal : 0;
	geometry_release(&g);
	return 0;
}
