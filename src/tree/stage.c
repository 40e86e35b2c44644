// SPDX-License-Identifier: GPL-2.0-or-later
/* From entries to inodes: checks, content, copies. */
#include "tree/stage.h"

#include <errno.h>
#include <string.h>

#include "base/errors.h"
#include "base/number.h"
#include "tree/node.h"

enum {
	SYMLINK_MAX = 4095,		/* what readlink(2) can give back */
	MAJOR_MAX = 0xfff,
	MINOR_MAX = 0xfffff,
};

size_t stage_target_max(const struct tree *t)
{
	uint32_t block_size = t->options.block_size;

	return block_size > SYMLINK_MAX ? SYMLINK_MAX : block_size - 1;
}

bool stage_device_fits(uint32_t major, uint32_t minor)
{
	return major <= MAJOR_MAX && minor <= MINOR_MAX;
}

bool stage_owner_fits(uint32_t uid, uint32_t gid)
{
	/* -1 means "leave as it is" to every system call. */
	return uid != UINT32_MAX && gid != UINT32_MAX;
}

static errcode_t check_target(const struct tree *t, const struct entry *e)
{
	size_t len = e->target ? strlen(e->target) : 0;

	if (!len)
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_ENTRY,
				  "a symbolic link without a target");
	if (len > stage_target_max(t))
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_TOO_BIG,
				  "the target of the symbolic link has %zu "
				  "bytes, %zu is the most", len,
				  stage_target_max(t));
	return 0;
}

static errcode_t check_device(const struct tree *t, const struct entry *e)
{
	if (stage_device_fits(e->dev_major, e->dev_minor))
		return 0;
	return diag_error(t->options.diag, e->path, E4PACK_ET_BAD_ENTRY,
			  "device number %u:%u is out of range", e->dev_major,
			  e->dev_minor);
}

errcode_t stage_check(const struct tree *t, const struct entry *e)
{
	if (!stage_owner_fits(e->uid, e->gid))
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_ENTRY,
				  "owner %u:%u is out of range", e->uid,
				  e->gid);
	switch (e->mode & S_IFMT) {
	case S_IFLNK:
		return check_target(t, e);
	case S_IFCHR:
	case S_IFBLK:
		return check_device(t, e);
	case S_IFREG:
	case S_IFDIR:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	default:
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_ENTRY,
				  "of no known type (mode %o)", e->mode);
	}
}

static uint64_t data_bytes(const struct entry *e)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < e->n_data; i++)
		bytes += e->data[i].len;
	return bytes;
}

static errcode_t report_full(const struct tree *t, const char *subject,
			     uint64_t bytes)
{
	const struct delay *d = t->delay;
	const char *remedy = d->reserve.unbounded ? "use --max-size" :
						    "use --size";
	uint64_t left = reserve_available(&d->reserve);
	char need[NUMBER_HUMAN_LEN], have[NUMBER_HUMAN_LEN];
	unsigned int bits = d->block_bits + d->cluster_bits;

	if (t->options.image)
		remedy = "enlarge it with resize2fs";
	left = left > UINT64_MAX >> bits ? UINT64_MAX : left << bits;
	return diag_error(t->options.diag, subject, E4PACK_ET_NO_SPACE,
			  "needs %s, the image has %s left: %s",
			  number_human(need, bytes), number_human(have, left),
			  remedy);
}

/* Tell why @bytes of data could not be staged. */
static errcode_t report(const struct tree *t, const char *subject,
			errcode_t err, uint64_t bytes)
{
	struct diag *diag = t->options.diag;

	switch (err) {
	case ENOMEM:
		return diag_nomem(diag);
	case E4PACK_ET_NO_SPACE:
		return report_full(t, subject, bytes);
	default:
		return diag_error(diag, subject, err, err == EFBIG ?
				  "is larger than ext4 allows with this "
				  "block size" : "cannot be staged");
	}
}

errcode_t stage_fill(struct tree *t, struct tree_inode *inode,
		     const struct entry *e)
{
	struct delayed_file *f = &inode->file;
	errcode_t err;
	size_t i;

	tree_note_change(t, inode);
	err = da_truncate(t->delay, f, 0);
	for (i = 0; i < e->n_data && !err; i++)
		err = da_write(t->delay, f, e->data[i].offset, e->data[i].len,
			       e->origin, e->data[i].origin_offset);
	return err ? err : da_truncate(t->delay, f, e->size);
}

errcode_t stage_content(struct tree *t, struct tree_inode *inode,
			const struct entry *e)
{
	errcode_t err = stage_fill(t, inode, e);

	return err ? report(t, e->path, err, data_bytes(e)) : 0;
}

errcode_t stage_target(struct tree *t, struct tree_inode *inode,
		       const char *target)
{
	size_t len = strlen(target);

	inode->link.target = arena_dup(&t->arena, target, len + 1);
	if (!inode->link.target)
		return ENOMEM;
	inode->link.len = len;
	return 0;
}

errcode_t stage_inode(struct tree *t, const struct node *dir,
		      const struct entry *e,
		      const struct stage_attributes *attrs,
		      struct tree_inode **ret)
{
	struct tree_inode *inode = inode_new(t, dir, e->mode);
	errcode_t err = 0;

	if (!inode)
		return diag_nomem(t->options.diag);
	stage_apply(t, inode, e, attrs);
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		err = stage_content(t, inode, e);
		break;
	case S_IFLNK:
		err = stage_target(t, inode, e->target);
		if (err)
			diag_nomem(t->options.diag);
		break;
	case S_IFCHR:
	case S_IFBLK:
		inode->dev.major = e->dev_major;
		inode->dev.minor = e->dev_minor;
		break;
	}
	if (err)
		inode_drop(t, inode);
	else
		*ret = inode;
	return err;
}

static errcode_t copy_content(struct tree *t, const char *subject,
			      const struct delayed_file *from,
			      struct delayed_file *to)
{
	struct content_range r = { 0 };
	errcode_t err = 0;

	while (!err && content_next(&from->content, r.offset + r.len, &r))
		err = da_write(t->delay, to, r.offset, r.len, r.origin,
			       r.origin_offset);
	if (!err)
		err = da_truncate(t->delay, to, from->size);
	return err ? report(t, subject, err, from->size) : 0;
}

errcode_t stage_copy(struct tree *t, const struct node *dir,
		     const char *subject, const struct tree_inode *from,
		     struct tree_inode **ret)
{
	struct tree_inode *inode = inode_new(t, dir, from->mode);
	struct tree_inode fresh;
	errcode_t err = 0;
	int i;

	if (!inode)
		return diag_nomem(t->options.diag);
	fresh = *inode;
	*inode = *from;
	inode->changed = fresh.changed;
	inode->own_times = fresh.own_times;
	inode->times = fresh.times;
	for (i = 0; i < INODE_TIMES; i++)
		tree_set_time(inode, i, tree_time(from, i));
	inode->serial = fresh.serial;
	inode->ino = fresh.ino;
	if (S_ISREG(from->mode)) {
		inode->file = fresh.file;
		err = copy_content(t, subject, &from->file, &inode->file);
	}
	inode->links = 0;
	if (err)
		inode_drop(t, inode);
	else
		*ret = inode;
	return err;
}
