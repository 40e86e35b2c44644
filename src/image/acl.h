/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POSIX ACLs: from the form of getxattr(2) to the shorter one that ext4
 * keeps, and from that to text. */
#ifndef E4PACK_IMAGE_ACL_H
#define E4PACK_IMAGE_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/buf.h"

/* Repack the @len bytes at @acl.  Return: 0 with *@ret to free() and its
 * length; E4PACK_ET_BAD_ENTRY for what the kernel would refuse; ENOMEM. */
errcode_t acl_to_disk(const uint8_t *acl, size_t len, uint8_t **ret,
		      size_t *len_ret);

/* Unpack the @len bytes at @acl again, appending them to @out.
 * Return: 0; E4PACK_ET_BAD_ENTRY when they are no ACL; ENOMEM. */
errcode_t acl_from_disk(struct buf *out, const uint8_t *acl, size_t len);

/* Give the owner, the group (or the mask, where there is one) and the others
 * of an ACL in ext4's form the permissions in @mode, as chmod(2) does. */
void acl_chmod(uint8_t *acl, size_t len, uint32_t mode);

/* Take the permission bits of *@mode from an ACL in ext4's form.
 * Return: whether the ACL says more than they do. */
bool acl_get_mode(const uint8_t *acl, size_t len, uint32_t *mode);

/* Append the short text form of an ACL in ext4's form, as of getfacl(1):
 * "u::rw-,u:1000:r--,g::r--,m::r--,o::---".
 * Return: 0; E4PACK_ET_BAD_ENTRY when it is none; ENOMEM. */
errcode_t acl_to_text(struct buf *out, const uint8_t *acl, size_t len);

#endif
