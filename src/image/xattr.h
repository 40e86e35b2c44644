/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes: from names and values to the entries in the inode, in
 * a block that identical sets share, or in inodes of their own (ea_inode).
 */
#ifndef E4PACK_IMAGE_XATTR_H
#define E4PACK_IMAGE_XATTR_H

#include <et/com_err.h>

#include "image/format.h"

/* One attribute in ext4's form: the prefix as a number, an ACL repacked. */
struct xattr {
	uint8_t index;		/* EXT4_XATTR_INDEX_* */
	uint8_t name_len;	/* bytes of the name without its prefix */
	uint32_t value_len;	/* bytes */
	const char *name;	/* not NUL-ended */
	const uint8_t *value;
};

/* A canonical set: sorted as the kernel sorts a block (index, name length,
 * name), none twice, all in one piece of memory.  Two equal sets compare
 * equal byte by byte through xattr_set_cmp(). */
struct xattr_set {
	uint32_t n;
	struct xattr entries[];
};

/* Collects attributes for a set.  Zero it, or xattr_builder_release(). */
struct xattr_builder {
	struct xattr_pending *list;
	size_t n, cap;
};

/* Add "user.name" with @len bytes, copied; a later one replaces an earlier
 * of the same name.  system.posix_acl_* is repacked from the kernel's form.
 * Return: 0; ENOMEM; E4PACK_ET_UNSUPPORTED for a prefix that ext4 has no
 * number for; E4PACK_ET_BAD_ENTRY for an empty or over-long name (255) or a
 * malformed ACL; E4PACK_ET_TOO_BIG for a value over 64 KiB. */
errcode_t xattr_builder_add(struct xattr_builder *b, const char *name,
			    const void *value, size_t len);

/* Add every attribute of @set (NULL: none).  Return: 0 or ENOMEM. */
errcode_t xattr_builder_add_set(struct xattr_builder *b,
				const struct xattr_set *set);

/* Take "user.name" out again.  Return: 0; ENODATA when it is not there;
 * E4PACK_ET_UNSUPPORTED or E4PACK_ET_BAD_ENTRY as xattr_builder_add(). */
errcode_t xattr_builder_remove(struct xattr_builder *b, const char *name);

/* Bring the access ACL, if there is one, in line with the permission bits
 * of @mode, as chmod(2) does. */
void xattr_builder_chmod(struct xattr_builder *b, uint32_t mode);

/* Bring the permission bits of *@mode in line with the access ACL, if there
 * is one, as setxattr(2) does: an ACL that says no more than they is taken
 * out. */
void xattr_builder_settle(struct xattr_builder *b, uint32_t *mode);

/* Make the canonical set of what was added and empty the builder; *@ret is
 * NULL when nothing was.  Return: 0 with *@ret to free(), or ENOMEM. */
errcode_t xattr_builder_finish(struct xattr_builder *b,
			       struct xattr_set **ret);
void xattr_builder_release(struct xattr_builder *b);

/* Order two sets: negative, 0 (equal) or positive. */
int xattr_set_cmp(const struct xattr_set *a, const struct xattr_set *b);

enum xattr_place { XATTR_IN_INODE, XATTR_IN_BLOCK, XATTR_IN_EA_INODE };

/* Where each attribute of a set goes; in the order of the set. */
struct xattr_layout {
	bool has_ibody, has_block;
	uint32_t n_ea_inodes;	/* values that need an inode of their own */
	uint8_t *entry_in_block;	/* per attribute: its entry lies in
					 * the block (1) or the inode (0) */
	uint8_t *value_in_inode;	/* per attribute: the value has an
					 * inode of its own (1) */
};

/* Decide where the attributes of @set go, given @room bytes in the inode
 * (0: none): as much as fits in the inode, the rest in one block, values
 * that fit neither in inodes of their own where the feature is on.
 * Return: 0 with @l to xattr_layout_release(); ENOMEM; E4PACK_ET_NO_SPACE
 * when they do not fit. */
errcode_t xattr_layout_init(struct xattr_layout *l, const struct format *fmt,
			    const struct xattr_set *set, size_t room);
void xattr_layout_release(struct xattr_layout *l);

/* Return: system.data, under which the inode keeps what of its inline data
 * i_block does not hold; borrows @value. */
struct xattr xattr_data(const uint8_t *value, uint32_t len);

/* Return: the most bytes that system.data can have in @room bytes in the
 * inode where it is alone. */
size_t xattr_data_max(size_t room);

/* Whether system.data with @len bytes and all of @set (NULL: nothing) have
 * place in @room bytes in the inode. */
bool xattr_fits_beside_data(const struct xattr_set *set, size_t room,
			    size_t len);

/* Write the in-inode area: magic and entries, @room bytes in all.
 * @data: system.data, which comes first; NULL: no inline data.  @set with its
 * layout: what else, NULL: nothing.  @ea_ino has one inode number per
 * attribute of the set, 0 where the value has no inode of its own; NULL when
 * none has. */
void xattr_encode_ibody(uint8_t *out, size_t room, const struct format *fmt,
			const struct xattr *data, const struct xattr_set *set,
			const struct xattr_layout *l, const uint32_t *ea_ino);

/* Write the xattr block that lies at @pblk and is shared by @refs inodes. */
void xattr_encode_block(uint8_t *block, const struct format *fmt,
			const struct xattr_set *set,
			const struct xattr_layout *l, const uint32_t *ea_ino,
			uint64_t pblk, uint32_t refs);

/* How many inodes share the xattr block at @pblk, and another number of them,
 * with the checksum that goes with it. */
uint32_t xattr_block_refs(const uint8_t *block);
void xattr_block_set_refs(uint8_t *block, const struct format *fmt,
			  uint64_t pblk, uint32_t refs);

/* Blocks that each owner of a value with an inode of its own counts. */
uint64_t xattr_value_blocks(const struct format *fmt, uint32_t len);

/* The hash that an EA inode carries (in its atime) for its value. */
uint32_t xattr_value_hash(const struct format *fmt, const uint8_t *value,
			  size_t len);

/* Return: what stands before the stored name of an attribute with @index
 * ("user."), or NULL for a number that has none. */
const char *xattr_prefix(uint8_t index);

/* The hash in an entry, over its name and the @len bytes, a multiple of 4,
 * of its padded value.  Kernels before 6.2 took the bytes of names as they
 * take char: @is_signed is that form. */
uint32_t xattr_entry_hash(const uint8_t *name, uint8_t name_len,
			  const uint8_t *value, size_t len, bool is_signed);

enum { XATTR_REFS_MAX = 1024 };	/* inodes that may share a block */

#endif
