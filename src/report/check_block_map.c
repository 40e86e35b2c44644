// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block maps of ext2: i_block has 12 blocks, then one block of 32-bit numbers
 * each for one, two and three levels.  A number of 0 is a hole.  Blocks that
 * follow each other are claimed as one run.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "report/check.h"

enum {
	DIRECT = 12, LEVELS = 3,
	DIR_LIMIT_BITS = 21, FILE_LIMIT_BITS = 31,
};

struct map_walk {
	struct check *check;
	struct check_inode *inode;
	uint64_t lblk, pblk, len;	/* a run that may still grow */
	uint64_t next;			/* logical block behind the last */
	bool fixed;		/* data blocks are part of the frame: they
				 * are counted, not claimed */
};

static void bad(struct map_walk *w, const char *what, uint64_t lblk)
{
	w->inode->bad_map = true;
	fault_inode(w->check->faults, w->inode->info.ino,
		    "block map: %s, at logical block %" PRIu64, what, lblk);
}

static void flush_run(struct map_walk *w)
{
	if (w->len && w->fixed)
		w->inode->clusters += w->len;
	else if (w->len)
		check_mapped(w->check, w->inode, w->lblk, w->pblk, w->len,
			     false);
	w->len = 0;
}

/* Return: what is wrong with a block of data, or NULL. */
static const char *block_fault(const struct map_walk *w, uint64_t lblk,
			       uint64_t pblk)
{
	const struct check *c = w->check;
	const struct inode_info *info = &w->inode->info;
	const uint32_t log = c->geo->block_bits - 10;

	if (!check_inside(c, pblk))
		return "a block is outside of the image";
	if (S_ISDIR(info->mode) && !(c->incompat & INCOMPAT_LARGEDIR) &&
	    lblk > UINT64_C(1) << (DIR_LIMIT_BITS - log))
		return "a folder is too large";
	if (S_ISREG(info->mode) &&
	    w->inode->clusters + w->len + 1 >=
	    UINT64_C(1) << (FILE_LIMIT_BITS - log))
		return "a file is too large";
	if (S_ISLNK(info->mode) && lblk)
		return "a link has more than one block";
	return NULL;
}

static void add_block(struct map_walk *w, uint64_t lblk, uint32_t pblk)
{
	const char *wrong;

	if (!pblk)
		return;
	wrong = block_fault(w, lblk, pblk);
	if (wrong) {
		bad(w, wrong, lblk);
		return;
	}
	if (S_ISDIR(w->inode->info.mode) && lblk != w->next &&
	    (!(w->check->incompat & INCOMPAT_LARGEDIR) ||
	     (w->check->incompat & INCOMPAT_INLINE_DATA)))
		bad(w, "a folder has a hole", w->next);
	w->next = lblk + 1;
	if (w->len && w->lblk + w->len == lblk && w->pblk + w->len == pblk) {
		w->len++;
		return;
	}
	flush_run(w);
	w->lblk = lblk;
	w->pblk = pblk;
	w->len = 1;
}

/* Look at the block of numbers @pblk, @level above the data. */
static errcode_t walk_node(struct map_walk *w, uint32_t pblk, uint32_t level,
			   uint64_t lblk)
{
	struct check *c = w->check;
	const uint32_t n = c->geo->block_size / 4;
	const uint32_t bits = c->geo->block_bits - 2;
	const bool claim = !w->fixed || level == 2;
	const uint8_t *block;
	bool taken = false;
	uint8_t *copy;
	errcode_t err;
	uint32_t k;

	if (!pblk)
		return 0;
	if (!check_inside(c, pblk)) {
		bad(w, "a block of numbers is outside of the image", lblk);
		return 0;
	}
	if (claim)
		w->inode->clusters += claim_blocks(c, w->inode->info.ino,
						   pblk, 1, &taken);
	else
		w->inode->clusters++;
	/* It is read once, whoever points to it: no loops. */
	if (taken) {
		w->inode->bad_map = true;
		return 0;
	}
	err = image_peek(c->img, &block, pblk);
	if (err)
		return err;
	copy = malloc(c->geo->block_size);
	if (!copy)
		return diag_nomem(image_diag(c->img));
	memcpy(copy, block, c->geo->block_size);
	for (k = 0; !err && k < n; k++) {
		uint64_t at = lblk + ((uint64_t)k << bits * (level - 1));
		uint32_t number = get_le32(copy + 4 * (size_t)k);

		if (level > 1)
			err = walk_node(w, number, level - 1, at);
		else
			add_block(w, at, number);
	}
	free(copy);
	return err;
}

errcode_t check_block_map(struct check *c, struct check_inode *i)
{
	const uint32_t bits = c->geo->block_bits - 2;
	struct map_walk w = {
		.check = c, .inode = i,
		.fixed = i->info.ino == FORMAT_RESIZE_INO &&
			 (c->compat & COMPAT_RESIZE_INODE),
	};
	uint64_t lblk = DIRECT;
	errcode_t err = 0;
	uint32_t k, level;

	for (k = 0; k < DIRECT; k++)
		add_block(&w, k, get_le32(i->info.i_block + 4 * k));
	for (level = 1; !err && level <= LEVELS; level++, k++) {
		err = walk_node(&w, get_le32(i->info.i_block + 4 * k), level,
				lblk);
		lblk += UINT64_C(1) << bits * level;
	}
	flush_run(&w);
	return err;
}
