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
#include <stdbool.h>
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
		size_t n = is_named(get_le16(acl + at)) ? ENTRY_LEN :
							  SHORT_ENTRY_LEN;

		memcpy(p, acl + at, n);
		p += n;
	}
	*len_ret = p - out;
	*ret = out;
	return 0;
}
