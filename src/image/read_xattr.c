// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extended attributes, read without trust; xattr_encode.c has the picture of
 * both areas.  A value is bound by its area, one in an inode of its own by
 * what setxattr(2) takes, and all mappings of such inodes by one budget.
 */
#include "image/read_xattr.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "image/read_file.h"
#include "image/read_image.h"

enum {
	XATTR_MAGIC = 0xea020000,
	ENTRY_LEN = 16,
	BLOCK_HEADER_LEN = 32,
	AT_BLOCK_COUNT = 8,
	AT_BLOCK_CSUM = 16,
	INDEX_SYSTEM = 7,	/* "system." */
	OLD_INODE_SIZE = 128,
	VALUE_MAX = 65536,
};

struct xattr_reader {
	struct image *img;
	const struct inode_info *inode;
	xattr_visit *visit;
	void *arg;
	struct buf value;	/* of an inode of its own */
	uint64_t budget;	/* mapping blocks of those inodes */
	bool damaged;
};

enum xattr_next xattr_area_next(struct xattr_area *a, struct xattr_entry *ret)
{
	const uint8_t *e = a->bytes + a->at;
	size_t left = a->size - a->at, offset;
	struct xattr x;

	if (left < 4 || get_le32(e) == 0)
		return XATTR_NEXT_END;
	if (left < ENTRY_LEN || left - ENTRY_LEN < e[0])
		return XATTR_NEXT_BAD;
	x.name_len = e[0];
	x.index = e[1];
	x.name = (const char *)e + ENTRY_LEN;
	x.value_len = get_le32(e + 8);
	x.value = NULL;
	ret->value_ino = get_le32(e + 4);
	if (!ret->value_ino) {
		offset = a->values + get_le16(e + 2);
		if (x.value_len && (offset > a->size ||
				    x.value_len > a->size - offset))
			return XATTR_NEXT_BAD;
		x.value = x.value_len ? a->bytes + offset : e;
	}
	left = ((size_t)ENTRY_LEN + x.name_len + 3) & ~(size_t)3;
	a->at = left > a->size - a->at ? a->size : a->at + left;
	ret->x = x;
	return XATTR_NEXT_ENTRY;
}

bool xattr_area_of_inode(struct xattr_area *a, const uint8_t *raw,
			 size_t inode_size)
{
	size_t start = OLD_INODE_SIZE + 4;

	if (inode_size > OLD_INODE_SIZE)
		start += get_le16(raw + OLD_INODE_SIZE);
	if (start >= inode_size || get_le32(raw + start - 4) != XATTR_MAGIC)
		return false;
	a->bytes = raw + start;
	a->size = inode_size - start;
	a->at = 0;
	a->values = 0;
	return true;
}

/* Tell of damage and remember it, so that the rest is still read. */
static void skip(struct xattr_reader *r, const char *what)
{
	image_bad(r->img, "inode %u: %s", r->inode->ino, what);
	r->damaged = true;
}

static errcode_t keep_data(void *arg, const uint8_t *data, size_t len)
{
	struct xattr_reader *r = arg;

	return buf_add(&r->value, data, len) ? diag_nomem(r->img->diag) : 0;
}

static errcode_t keep_zero(void *arg, uint64_t len)
{
	struct xattr_reader *r = arg;

	return buf_add_zero(&r->value, len) ? diag_nomem(r->img->diag) : 0;
}

/* The hash of a value stands for its inode's atime.  Lustre's inodes, which
 * name their owner in place of it, have none. */
static errcode_t check_hash(struct xattr_reader *r,
			    const struct inode_info *i)
{
	uint32_t crc = format_crc32c(r->img->geo.csum_seed, r->value.data,
				     r->value.len);

	if (crc == (uint32_t)i->times[INODE_ATIME].sec ||
	    ((uint32_t)i->times[INODE_MTIME].sec == r->inode->ino &&
	     i->generation == r->inode->generation))
		return 0;
	return image_wrong_csum(r->img, IMAGE_CSUM_XATTR,
				"inode %u, value of an attribute of inode %u",
				i->ino, r->inode->ino);
}

/* Read the value that has an inode of its own. */
static errcode_t read_value(struct xattr_reader *r, struct xattr_entry *e)
{
	const struct file_visitor v = {
		.data = keep_data, .zero = keep_zero, .arg = r,
		.budget = &r->budget,
	};
	struct inode_info i;
	errcode_t err = read_inode(&i, r->img, e->value_ino);

	if (err)
		return err;
	if (!S_ISREG(i.mode) || !(i.flags & INODE_FLAG_EA_INODE) ||
	    i.size != e->x.value_len || i.size > VALUE_MAX)
		return image_bad(r->img, "inode %u: the value of an attribute "
				 "should be in inode %u, which holds none",
				 r->inode->ino, e->value_ino);
	r->value.len = 0;
	err = read_file(r->img, &i, &v);
	if (!err)
		err = check_hash(r, &i);
	e->x.value = r->value.data;
	return err;
}

bool xattr_is_inline_data(const struct xattr *x)
{
	return x->index == INDEX_SYSTEM && x->name_len == 4 &&
	       !memcmp(x->name, "data", 4);
}

static errcode_t take_area(struct xattr_reader *r, struct xattr_area *a,
			   bool in_block)
{
	struct xattr_entry e;
	enum xattr_next next;
	errcode_t err = 0;

	while (!err && (next = xattr_area_next(a, &e)) != XATTR_NEXT_END) {
		if (next == XATTR_NEXT_BAD) {
			skip(r, "an attribute reaches past its area");
			break;
		}
		if (xattr_is_inline_data(&e.x))
			continue;
		if (e.value_ino)
			err = read_value(r, &e);
		if (err == E4PACK_ET_BAD_IMAGE) {
			r->damaged = true;
			err = 0;
			continue;
		}
		if (!err)
			err = r->visit(r->arg, &e, in_block);
	}
	return err;
}

/* Over the block's place and its bytes, its own field taken as zero. */
static errcode_t check_csum(struct xattr_reader *r, const uint8_t *block)
{
	static const uint8_t zero[4] = { 0, 0, 0, 0 };
	const uint32_t behind = AT_BLOCK_CSUM + 4;
	uint8_t place[8];
	uint32_t crc;

	if (!r->img->geo.metadata_csum)
		return 0;
	put_le64(place, r->inode->file_acl);
	crc = format_crc32c(r->img->geo.csum_seed, place, sizeof(place));
	crc = format_crc32c(crc, block, AT_BLOCK_CSUM);
	crc = format_crc32c(crc, zero, sizeof(zero));
	crc = format_crc32c(crc, block + behind,
			    r->img->geo.block_size - behind);
	if (crc == get_le32(block + AT_BLOCK_CSUM))
		return 0;
	return image_wrong_csum(r->img, IMAGE_CSUM_XATTR,
				"inode %u: attribute block", r->inode->ino);
}

static errcode_t take_block(struct xattr_reader *r, const uint8_t *block)
{
	struct xattr_area a = {
		.bytes = block, .size = r->img->geo.block_size,
		.at = BLOCK_HEADER_LEN,
	};
	errcode_t err;

	if (get_le32(block) != XATTR_MAGIC ||
	    get_le32(block + AT_BLOCK_COUNT) != 1) {
		skip(r, "its attribute block is none");
		return 0;
	}
	err = check_csum(r, block);
	return err ? err : take_area(r, &a, true);
}

/* Visitors may use the image: the bytes are copied before. */
static errcode_t copy(uint8_t **ret, const struct image *img,
		      const uint8_t *bytes, size_t len)
{
	*ret = malloc(len);
	if (!*ret)
		return diag_nomem(img->diag);
	memcpy(*ret, bytes, len);
	return 0;
}

static errcode_t read_in_inode(struct xattr_reader *r)
{
	const size_t size = r->img->geo.inode_size;
	struct xattr_area a;
	const uint8_t *raw;
	uint8_t *bytes = NULL;
	errcode_t err = read_inode_raw(&raw, r->img, r->inode->ino);

	if (!err)
		err = copy(&bytes, r->img, raw, size);
	if (!err && xattr_area_of_inode(&a, bytes, size))
		err = take_area(r, &a, false);
	free(bytes);
	return err;
}

static errcode_t read_in_block(struct xattr_reader *r)
{
	const struct image_geometry *geo = &r->img->geo;
	const uint8_t *block;
	uint8_t *bytes = NULL;
	errcode_t err;

	if (r->inode->file_acl <= geo->first_data_block ||
	    r->inode->file_acl >= geo->blocks) {
		skip(r, "its attribute block is outside of the image");
		return 0;
	}
	err = image_peek(r->img, &block, r->inode->file_acl);
	if (!err)
		err = copy(&bytes, r->img, block, geo->block_size);
	if (!err)
		err = take_block(r, bytes);
	free(bytes);
	return err;
}

errcode_t read_xattrs(struct image *img, const struct inode_info *i,
		      xattr_visit *visit, void *arg)
{
	struct xattr_reader r = {
		.img = img, .inode = i, .visit = visit, .arg = arg,
		.budget = img->geo.blocks,
	};
	errcode_t err = read_in_inode(&r);

	if (!err && i->file_acl)
		err = read_in_block(&r);
	buf_release(&r.value);
	return !err && r.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
