// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The form of a folder, and linear ones.  Linear blocks are filled in the
 * order of the names, without going back to gaps: the same names always give
 * the same blocks.  A folder is indexed when it needs more blocks in linear
 * form than it must have anyway: one, or min_blocks.
 */
#include "image/dirblock.h"

#include <ext2fs/ext2_fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/number.h"
#include "image/dirleaf.h"
#include "image/htree.h"

/* Without large_dir the size of a folder is a signed number of 32 bits. */
static const uint64_t SMALL_DIR_BYTES = INT32_MAX;

uint8_t dir_file_type(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return EXT2_FT_REG_FILE;
	case S_IFDIR:
		return EXT2_FT_DIR;
	case S_IFCHR:
		return EXT2_FT_CHRDEV;
	case S_IFBLK:
		return EXT2_FT_BLKDEV;
	case S_IFIFO:
		return EXT2_FT_FIFO;
	case S_IFSOCK:
		return EXT2_FT_SOCK;
	case S_IFLNK:
		return EXT2_FT_SYMLINK;
	}
	return EXT2_FT_UNKNOWN;
}

static uint64_t count_linear(const struct format *fmt,
			     const struct dir_name *names, uint32_t n)
{
	uint32_t room = dirleaf_room(fmt), used = DIRLEAF_DOTS, i;
	uint64_t blocks = 1;

	for (i = 0; i < n; i++) {
		uint32_t rec_len = dirleaf_record(names[i].len);

		if (rec_len > room - used) {
			blocks++;
			used = 0;
		}
		used += rec_len;
	}
	return blocks;
}

/* Give @l, which is linear so far, an index; but leave it linear where names
 * pack so much better in hash order that it would have too few blocks. */
static errcode_t make_indexed(struct dir_layout *l, const struct format *fmt,
			      const struct dir_name *names, uint64_t least)
{
	struct dir_layout form = *l;
	errcode_t err;

	err = htree_layout(&form, fmt, names);
	if (err)
		return err;
	if (form.blocks >= least)
		*l = form;
	else
		dir_layout_release(&form);
	return 0;
}

errcode_t dir_layout_init(struct dir_layout *l, const struct format *fmt,
			  const struct dir_name *names, uint32_t n,
			  uint64_t min_blocks)
{
	struct dir_layout form = { .n = n };
	uint64_t least = min_blocks > 1 ? min_blocks : 1;
	errcode_t err;

	form.blocks = count_linear(fmt, names, n);
	if (form.blocks <= least)
		form.blocks = least;
	else if (fmt->dir_index) {
		err = make_indexed(&form, fmt, names, least);
		if (err)
			return err;
	}
	if (form.blocks > FORMAT_MAX_LBLK || (!fmt->large_dir &&
	    form.blocks > SMALL_DIR_BYTES >> fmt->block_bits)) {
		dir_layout_release(&form);
		return E4PACK_ET_TOO_BIG;
	}
	*l = form;
	return 0;
}

uint64_t dir_blocks_bound(const struct format *fmt, uint64_t bytes,
			  uint64_t min_blocks)
{
	uint32_t room = dirleaf_room(fmt);
	uint32_t filled = room - dirleaf_record(FORMAT_NAME_MAX) + 1;
	uint64_t blocks = 1;

	/* A leaf is full when the next record, of any length, has no room;
	 * an index block lists more than one block for each 16 bytes. */
	if (bytes + DIRLEAF_DOTS > room) {
		blocks = div_round_up(bytes + DIRLEAF_DOTS, filled) + 1;
		blocks += div_round_up(blocks, fmt->block_size / 16) + 1;
	}
	return blocks > min_blocks ? blocks : min_blocks;
}

void dir_layout_release(struct dir_layout *l)
{
	free(l->slots);
	memset(l, 0, sizeof(*l));
}

static void linear_encode(const struct dir_layout *l, uint8_t *blocks,
			  const struct format *fmt, uint32_t ino,
			  uint32_t generation, uint32_t parent, const struct dir_name *names)
{
	struct dirleaf d = { .fmt = fmt,
			     .seed = format_inode_seed(fmt->csum_seed, ino,
						       generation) };
	uint8_t *next = blocks, *end = blocks + l->blocks * fmt->block_size;
	uint32_t i;

	dirleaf_begin(&d, next);
	dirleaf_add_dots(&d, ino, parent);
	for (i = 0; i < l->n; i++) {
		if (!dirleaf_fits(&d, &names[i])) {
			dirleaf_end(&d);
			next += fmt->block_size;
			dirleaf_begin(&d, next);
		}
		dirleaf_add(&d, &names[i]);
	}
	dirleaf_end(&d);
	for (next += fmt->block_size; next < end; next += fmt->block_size) {
		dirleaf_begin(&d, next);
		dirleaf_end(&d);
	}
}

void dir_encode(const struct dir_layout *l, uint8_t *blocks,
		const struct format *fmt, uint32_t ino,
		  uint32_t generation, uint32_t parent,
		const struct dir_name *names)
{
	if (l->indexed)
		htree_encode(l, blocks, fmt, ino, generation, parent, names);
	else
		linear_encode(l, blocks, fmt, ino, generation, parent, names);
}
