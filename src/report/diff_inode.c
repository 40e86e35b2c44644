// SPDX-License-Identifier: GPL-2.0-or-later
/* Two inodes, attribute by attribute. */
#include "report/diff_inode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "image/read_link.h"

enum {
	/* The flags that are the user's, not the mapping's: s u c S i a d A,
	 * E (encrypted), j t D T, V (verity), x, P, F. */
	USER_FLAGS = 0x6213c8ff,
	/* Files may share blocks, but not each block so many times. */
	SHARED_MOST = 16,
};

void diff_pair_init(struct diff_pair *p, struct image *a, struct image *b,
		    const struct diff_blocks *blocks,
		    const struct progress *progress)
{
	const uint64_t blocks_a = image_geometry(a)->blocks;
	const uint64_t blocks_b = image_geometry(b)->blocks;

	memset(p, 0, sizeof(*p));
	p->a.img = a;
	p->b.img = b;
	p->a.budget = blocks_a;
	p->b.budget = blocks_b;
	p->blocks = blocks;
	p->progress = progress;
	if (__builtin_add_overflow(blocks_a, blocks_b, &p->to_read) ||
	    __builtin_mul_overflow(p->to_read, (uint64_t)SHARED_MOST,
				   &p->to_read))
		p->to_read = UINT64_MAX;
}

static void release_side(struct diff_side *s)
{
	file_extents_release(&s->extents);
	buf_release(&s->bytes);
	free(s->chunk);
	xattr_list_free(s->xattrs);
}

void diff_pair_release(struct diff_pair *p)
{
	release_side(&p->a);
	release_side(&p->b);
}

static void put_way(uint32_t *ways, enum diff_way way, bool differs)
{
	*ways |= (uint32_t)differs << way;
}

static bool same_time(struct timestamp t, struct timestamp u)
{
	return t.sec == u.sec && t.nsec == u.nsec;
}

static errcode_t link_target(struct diff_side *s)
{
	s->bytes.len = 0;
	return read_link(&s->bytes, s->img, s->inode);
}

static errcode_t diff_targets(uint32_t *ways, struct diff_pair *p)
{
	errcode_t err = link_target(&p->a);

	if (!err)
		err = link_target(&p->b);
	if (!err)
		put_way(ways, DIFF_CONTENT, p->a.bytes.len != p->b.bytes.len ||
			memcmp(p->a.bytes.data, p->b.bytes.data,
			       p->a.bytes.len));
	return err;
}

static void diff_devices(uint32_t *ways, const struct inode_info *i,
			 const struct inode_info *j)
{
	uint32_t major[2], minor[2];

	inode_get_device(i->i_block, &major[0], &minor[0]);
	inode_get_device(j->i_block, &major[1], &minor[1]);
	put_way(ways, DIFF_DEVICE, major[0] != major[1] ||
		minor[0] != minor[1]);
}

/* What an inode holds. */
static errcode_t diff_data(uint32_t *ways, struct diff_pair *p)
{
	const struct inode_info *i = p->a.inode;

	switch (i->mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
		return diff_content(ways, p);
	case S_IFLNK:
		/* An encrypted target is compared as it lies. */
		if ((i->flags | p->b.inode->flags) & INODE_FLAG_ENCRYPT)
			return diff_content(ways, p);
		return diff_targets(ways, p);
	case S_IFCHR:
	case S_IFBLK:
		diff_devices(ways, i, p->b.inode);
		return 0;
	default:
		return 0;
	}
}

errcode_t diff_inodes(uint32_t *ways, struct diff_pair *p,
		      const struct inode_info *i, const struct inode_info *j)
{
	errcode_t err;

	*ways = 0;
	if ((i->mode ^ j->mode) & S_IFMT) {
		put_way(ways, DIFF_TYPE, true);
		return 0;
	}
	p->a.inode = i;
	p->b.inode = j;
	put_way(ways, DIFF_MODE, i->mode != j->mode);
	put_way(ways, DIFF_UID, i->uid != j->uid);
	put_way(ways, DIFF_GID, i->gid != j->gid);
	put_way(ways, DIFF_MTIME, !same_time(i->times[INODE_MTIME],
					     j->times[INODE_MTIME]));
	put_way(ways, DIFF_FLAGS, (i->flags ^ j->flags) & USER_FLAGS);
	/* A folder's links are the folders in it. */
	put_way(ways, DIFF_LINKS, !S_ISDIR(i->mode) && i->links != j->links);
	err = diff_data(ways, p);
	return err ? err : diff_xattrs(ways, p);
}
