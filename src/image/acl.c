// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POSIX ACLs in their two forms, both little-endian.
 *
 *	getxattr(2)			ext4
 *	0  version, 2			0  version, 1
 *	4  entries of 8 bytes:		4  entries of 4 or 8 bytes:
 *	   0  tag (16 bits)		   0  tag (16 bits)
 *	   2  permissions (16)		   2  permissions (16)
 *	   4  uid or gid (32)		   4  uid or gid (32), only where the
 *					      tag is a named user or group
 *
 * An ACL is its owner, named users, the owning group, named groups, a mask
 * (there must be one if anybody is named) and the others, in this order.
 */
#include "image/acl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/endian.h"
#include "base/errors.h"

enum {
	HOST_VERSION = 2,
	DISK_VERSION = 1,
	VERSION_LEN = 4,
	ENTRY_LEN = 8,
	SHORT_ENTRY_LEN = 4,
};

enum acl_tag {
	ACL_USER_OBJ = 0x01,
	ACL_USER = 0x02,
	ACL_GROUP_OBJ = 0x04,
	ACL_GROUP = 0x08,
	ACL_MASK = 0x10,
	ACL_OTHER = 0x20,
};

static bool is_named(unsigned int tag)
{
	return tag == ACL_USER || tag == ACL_GROUP;
}

/* Bytes of an entry in ext4's form. */
static size_t disk_entry_len(unsigned int tag)
{
	return is_named(tag) ? ENTRY_LEN : SHORT_ENTRY_LEN;
}

/* Tags that may stand before an entry of @tag; 0: none at all. */
static unsigned int tags_before(unsigned int tag)
{
	switch (tag) {
	case ACL_USER:
		return ACL_USER_OBJ | ACL_USER;
	case ACL_GROUP_OBJ:
		return ACL_USER_OBJ | ACL_USER;
	case ACL_GROUP:
		return ACL_GROUP_OBJ | ACL_GROUP;
	case ACL_MASK:
		return ACL_GROUP_OBJ | ACL_GROUP;
	case ACL_OTHER:
		return ACL_GROUP_OBJ | ACL_MASK;
	default:
		return 0;
	}
}

/* Whether the order, tags, permissions and ids are those of an ACL. */
static bool is_valid(const uint8_t *acl, size_t len)
{
	unsigned int last = 0, tag = 0;
	size_t at;

	if (len <= VERSION_LEN || (len - VERSION_LEN) % ENTRY_LEN ||
	    get_le32(acl) != HOST_VERSION)
		return false;
	for (at = VERSION_LEN; at < len; at += ENTRY_LEN) {
		tag = get_le16(acl + at);
		if (at == VERSION_LEN ? tag != ACL_USER_OBJ :
		    !(tags_before(tag) & last))
			return false;
		if (get_le16(acl + at + 2) & ~7u)
			return false;
		if (is_named(tag) && get_le32(acl + at + 4) == UINT32_MAX)
			return false;
		last = tag;
	}
	return tag == ACL_OTHER;
}

/* An ACL that names somebody limits them by a mask. */
static bool lacks_mask(const uint8_t *acl, size_t len)
{
	bool named = false, mask = false;
	size_t at;

	for (at = VERSION_LEN; at < len; at += ENTRY_LEN) {
		unsigned int tag = get_le16(acl + at);

		named |= is_named(tag);
		mask |= tag == ACL_MASK;
	}
	return named && !mask;
}

errcode_t acl_to_disk(const uint8_t *acl, size_t len, uint8_t **ret,
		      size_t *len_ret)
{
	uint8_t *out, *p;
	size_t at;

	if (!is_valid(acl, len) || lacks_mask(acl, len))
		return E4PACK_ET_BAD_ENTRY;
	out = malloc(len);
	if (!out)
		return ENOMEM;
	put_le32(out, DISK_VERSION);
	p = out + VERSION_LEN;
	for (at = VERSION_LEN; at < len; at += ENTRY_LEN) {
		size_t n = disk_entry_len(get_le16(acl + at));

		memcpy(p, acl + at, n);
		p += n;
	}
	*len_ret = p - out;
	*ret = out;
	return 0;
}

static errcode_t unpack_entry(struct buf *out, const uint8_t *acl, size_t n)
{
	uint8_t entry[ENTRY_LEN];

	put_le32(entry + 4, UINT32_MAX);
	memcpy(entry, acl, n);
	return buf_add(out, entry, sizeof(entry));
}

errcode_t acl_from_disk(struct buf *out, const uint8_t *acl, size_t len)
{
	const size_t start = out->len;
	uint8_t version[VERSION_LEN];
	errcode_t err;
	size_t at, n;

	if (len < VERSION_LEN || get_le32(acl) != DISK_VERSION)
		return E4PACK_ET_BAD_ENTRY;
	put_le32(version, HOST_VERSION);
	err = buf_add(out, version, sizeof(version));
	for (at = VERSION_LEN; !err && at < len; at += n) {
		n = ENTRY_LEN;
		if (len - at >= SHORT_ENTRY_LEN)
			n = disk_entry_len(get_le16(acl + at));
		if (n > len - at)
			return E4PACK_ET_BAD_ENTRY;
		err = unpack_entry(out, acl + at, n);
	}
	if (!err && !is_valid(out->data + start, out->len - start))
		err = E4PACK_ET_BAD_ENTRY;
	return err;
}

/* Return: how far left in a mode the permissions of @tag are, or -1 for an
 * entry that a mode has no place for. */
static int mode_shift(unsigned int tag, bool has_mask)
{
	switch (tag) {
	case ACL_USER_OBJ:
		return 6;
	case ACL_GROUP_OBJ:
		return has_mask ? -1 : 3;
	case ACL_MASK:
		return 3;
	case ACL_OTHER:
		return 0;
	default:
		return -1;
	}
}

static bool has_mask(const uint8_t *acl, size_t len)
{
	size_t at;
	unsigned int tag;

	for (at = VERSION_LEN; at + SHORT_ENTRY_LEN <= len;
	     at += disk_entry_len(tag)) {
		tag = get_le16(acl + at);
		if (tag == ACL_MASK)
			return true;
	}
	return false;
}

void acl_chmod(uint8_t *acl, size_t len, uint32_t mode)
{
	bool masked = has_mask(acl, len);
	unsigned int tag;
	size_t at;

	for (at = VERSION_LEN; at + SHORT_ENTRY_LEN <= len;
	     at += disk_entry_len(tag)) {
		int shift;

		tag = get_le16(acl + at);
		shift = mode_shift(tag, masked);
		if (shift >= 0)
			put_le16(acl + at + 2, mode >> shift & 7);
	}
}

bool acl_get_mode(const uint8_t *acl, size_t len, uint32_t *mode)
{
	bool masked = has_mask(acl, len);
	uint32_t bits = 0;
	unsigned int tag;
	size_t at;

	for (at = VERSION_LEN; at + SHORT_ENTRY_LEN <= len;
	     at += disk_entry_len(tag)) {
		int shift;

		tag = get_le16(acl + at);
		shift = mode_shift(tag, masked);
		if (shift >= 0)
			bits |= (uint32_t)get_le16(acl + at + 2) << shift;
	}
	*mode = (*mode & ~(uint32_t)0777) | bits;
	return masked;
}

/* Return: the letter of an entry in text, or 0 for a tag that is none. */
static char tag_letter(unsigned int tag)
{
	switch (tag) {
	case ACL_USER_OBJ:
	case ACL_USER:
		return 'u';
	case ACL_GROUP_OBJ:
	case ACL_GROUP:
		return 'g';
	case ACL_MASK:
		return 'm';
	case ACL_OTHER:
		return 'o';
	default:
		return 0;
	}
}

static errcode_t entry_to_text(struct buf *out, const uint8_t *entry)
{
	unsigned int tag = get_le16(entry), perm = get_le16(entry + 2);
	char text[32], id[16] = "";

	if (is_named(tag))
		snprintf(id, sizeof(id), "%u", get_le32(entry + 4));
	snprintf(text, sizeof(text), "%c:%s:%c%c%c", tag_letter(tag), id,
		 perm & 4 ? 'r' : '-', perm & 2 ? 'w' : '-',
		 perm & 1 ? 'x' : '-');
	return buf_add_str(out, text);
}

errcode_t acl_to_text(struct buf *out, const uint8_t *acl, size_t len)
{
	size_t at, n;
	errcode_t err = 0;

	if (len < VERSION_LEN || get_le32(acl) != DISK_VERSION)
		return E4PACK_ET_BAD_ENTRY;
	for (at = VERSION_LEN; !err && at < len; at += n) {
		if (len - at < SHORT_ENTRY_LEN)
			return E4PACK_ET_BAD_ENTRY;
		n = disk_entry_len(get_le16(acl + at));
		if (n > len - at || !tag_letter(get_le16(acl + at)) ||
		    get_le16(acl + at + 2) & ~7u)
			return E4PACK_ET_BAD_ENTRY;
		if (at > VERSION_LEN)
			err = buf_add(out, ",", 1);
		if (!err)
			err = entry_to_text(out, acl + at);
	}
	return err;
}
