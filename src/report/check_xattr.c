// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lies behind the first 128 bytes of an inode: extra fields, whose
 * length comes first, and attributes in the rest.
 */
#include "report/check.h"

enum {
	OLD_SIZE = 128, MAGIC = 0xea020000, MAGIC_LEN = 4,
	ISIZE_LEAST = 4,	/* with a checksum */
};

/* Attributes in the inode itself. */
static errcode_t check_body(struct check *c, struct check_inode *i)
{
	const uint32_t max = c->geo->inode_size - OLD_SIZE;
	uint32_t extra;
	errcode_t err;

	if (!max)
		return 0;
	extra = get_le16(i->raw + OLD_SIZE);
	if (extra && (extra < ISIZE_LEAST || extra > max || extra % 4)) {
		fault_inode(c->faults, i->info.ino, "its extra fields are to "
			    "have %u bytes", extra);
		return 0;
	}
	if (extra + MAGIC_LEN < max &&
	    get_le32(i->raw + OLD_SIZE + extra) == MAGIC) {
		struct xattr_check x = {
			.check = c, .ino = i->info.ino,
			.area = i->raw + OLD_SIZE + extra,
			.size = max - extra,
			.header = MAGIC_LEN, .base = MAGIC_LEN,
		};

		err = check_xattr_area(&x);
		i->clusters += x.value_clusters;
		i->values += x.values;
		i->has_policy = x.has_policy;
		i->has_data = x.has_data;
		i->data_len = x.data_len;
		return err;
	}
	return 0;
}

errcode_t check_xattrs(struct check *c, struct check_inode *i)
{
	errcode_t err = 0;

	if (check_has_name(c, i->info.ino))
		err = check_body(c, i);
	if (!err && i->info.file_acl)
		err = check_xattr_block(c, i);
	if (!err && (i->info.flags & FL_ENCRYPT) && !i->has_policy &&
	    check_has_name(c, i->info.ino))
		fault_inode(c->faults, i->info.ino, "it is encrypted and no "
			    "attribute says how");
	return err;
}
